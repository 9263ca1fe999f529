"""Can this request be read at all, and from where does it come?"""

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest, QueryDict

FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


class Unreadable(Exception):
    """The request holds bytes that PostgreSQL cannot store as text or that are no UTF-8."""


def check_readable(request: HttpRequest) -> None:
    """Raises Unreadable for NUL and for invalid UTF-8 in path, query or form, which would otherwise end in a 500."""
    query = request.META.get("QUERY_STRING", "")
    _check_text(_decoded(query.encode("latin-1", "surrogateescape")))
    _check_text(request.path)
    if request.content_type == "application/x-www-form-urlencoded":
        _check_text(_decoded(request.body))
    elif request.content_type == "multipart/form-data" and request.method == "POST":
        _check_fields(request.POST)


def client_address(meta: Mapping[str, Any], *, behind_proxy: bool) -> str | None:
    """The peer's address; behind the one trusted proxy, the address that this proxy saw, which it appends last.

    Whatever stands further left in X-Forwarded-For was written by the client and is believed by nobody.
    """
    given = str(meta.get("REMOTE_ADDR") or "")
    if behind_proxy and meta.get("HTTP_X_FORWARDED_FOR"):
        given = str(meta["HTTP_X_FORWARDED_FOR"]).rsplit(",", 1)[-1].strip()
    try:
        return str(ipaddress.ip_address(given))
    except ValueError:
        return None


def _check_fields(fields: QueryDict) -> None:
    for name, values in fields.lists():
        _check_text(name)
        for value in values:
            _check_text(str(value))


def _decoded(encoded: bytes) -> str:
    try:
        return unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError as problem:
        raise Unreadable("The request is not UTF-8.") from problem


def _check_text(text: str) -> None:
    if "\0" in text:
        raise Unreadable("The request holds a NUL sign.")
