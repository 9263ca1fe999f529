"""Versions of single objects: 304 for what is known already, 412 for a change of something older (RFC 9110, 13)."""

import hashlib
from typing import Any, TypeVar

from django.http import HttpRequest
from django.utils.http import parse_etags

from healthcare.api.problems import CHANGED, Problem
from healthcare.api.schemas import Shown

Body = TypeVar("Body", bound=Shown)


def etag_of(row: Any) -> str:
    """Weak, from the row's id and its version, else the time of its last change."""
    version = getattr(row, "version", None) or row.updated_at.timestamp()
    return f'W/"{hashlib.blake2b(f"{row.pk}.{version}".encode(), digest_size=12).hexdigest()}"'


def tagged(shown: Body, row: Any) -> Body:
    """The answer with the row's tag; the door makes the header of it, and the 304."""
    shown._etag = etag_of(row)
    return shown


def check_match(request: HttpRequest, row: Any) -> None:
    """Before a change: raises Problem 412 when If-Match names another version. Without the header all may pass.

    Weakly compared: there is one form of each object. Lock the row first where two may come at once.
    """
    given = request.headers.get("If-Match")
    if given is not None and given.strip() != "*" and etag_of(row) not in parse_etags(given):
        raise Problem(CHANGED)


def is_known(request: HttpRequest, etag: str) -> bool:
    given = request.META.get("HTTP_IF_NONE_MATCH")
    return bool(etag and given and (given.strip() == "*" or etag in parse_etags(given)))
