"""One shape for everything that goes wrong: a problem document (RFC 9457), with a type that can be looked up.

An app says beside its router which sentence of its verbs becomes which problem:

    problem_for(TimeTaken, status=409, title=_("The time is taken"), extra=lambda problem: {"alternatives": …})
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from ninja.errors import HttpError, ValidationError
from pydantic_core import to_json

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = {429: "60", 503: "10"}  # seconds, where nothing better is known
Text = str | Promise


@dataclass(frozen=True)
class Kind:
    """A type of problem: what its page under /v1/problems/ says. `detail` is said where nothing better is known."""

    slug: str
    status: int
    title: Text
    detail: Text

    @property
    def type(self) -> str:
        return f"/v1/problems/{self.slug}"


def kind_of(slug: str, status: int, title: Text, detail: Text) -> Kind:
    """The type of this name; it has a page of its own from now on."""
    return KINDS.setdefault(slug, Kind(slug, status, title, detail))


KINDS: dict[str, Kind] = {}
BAD_REQUEST = kind_of("bad-request", 400, _lazy("Unreadable"), _lazy("This request could not be read."))
UNAUTHORIZED = kind_of(
    "unauthorized", 401, _lazy("No valid token"), _lazy("Send a valid access token: Authorization: Bearer.")
)
FORBIDDEN = kind_of("forbidden", 403, _lazy("Not open to you"), _lazy("This is not open to you."))
NOT_FOUND = kind_of("not-found", 404, _lazy("Not found"), _lazy("There is nothing here that is open to you."))
NOT_ALLOWED = kind_of(
    "method-not-allowed", 405, _lazy("Method not allowed"), _lazy("This address does not take this method.")
)
CONFLICT = kind_of("conflict", 409, _lazy("Conflict"), _lazy("What is there now does not allow this."))
CHANGED = kind_of("changed-meanwhile", 412, _lazy("Changed meanwhile"), _lazy("Somebody changed it: read it again."))
TOO_LARGE = kind_of("too-large", 413, _lazy("Too large"), _lazy("The body is larger than is taken here."))
INVALID = kind_of("invalid", 422, _lazy("Not valid"), _lazy("Some of what was sent is not valid: see errors."))
TOO_MANY = kind_of("too-many-requests", 429, _lazy("Too many requests"), _lazy("Wait, then go on: see Retry-After."))
INTERNAL = kind_of("internal", 500, _lazy("Our fault"), _lazy("Something went wrong on our side. It was not saved."))
UNAVAILABLE = kind_of(
    "unavailable", 503, _lazy("Away for a moment"), _lazy("Nothing can be shown safely. Try again in a minute.")
)
BY_STATUS = {kind.status: kind for kind in KINDS.values()}


class Problem(Exception):
    """Raised by the machinery itself: a kind, a sentence of its own where there is one, headers and extra members."""

    def __init__(self, kind: Kind, detail: str = "", headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.headers, self.extra = kind, detail, headers or {}, extra


@dataclass(frozen=True)
class Translation:
    kind: Kind
    members: Callable[[Any], Mapping[str, Any]] | None
    says: bool = True


TRANSLATIONS: dict[type[BaseException], Translation] = {
    Http404: Translation(NOT_FOUND, None, says=False),
    PermissionDenied: Translation(FORBIDDEN, None),
}


def problem_for(
    raised: type[Exception],
    *,
    status: int,
    title: Text = "",
    slug: str = "",
    extra: Callable[[Any], Mapping[str, Any]] | None = None,
) -> None:
    """From now on this exception becomes a problem document; its message is the `detail`, a sentence for people.

    With a title it is a type of its own, named after the class (`TimeTaken` → /v1/problems/time-taken); without one,
    the general type of the status. `extra` gives extension members (RFC 9457, 3.2) as plain JSON values.
    """
    kind = BY_STATUS[status]
    if title:
        kind = kind_of(slug or _slug_of(raised), status, title, kind.detail)
    TRANSLATIONS[raised] = Translation(kind, extra)


def answer(
    request: HttpRequest, kind: Kind, detail: str = "", headers: Mapping[str, str] | None = None, **extra: Any
) -> HttpResponse:
    """The document itself; nothing of the request's values is in it, and nobody keeps it."""
    content = {
        "type": kind.type,
        "title": str(kind.title),
        "status": kind.status,
        "detail": detail or str(kind.detail),
        "request_id": getattr(request, "id", ""),
    }
    response = HttpResponse(to_json(content | extra), status=kind.status, content_type=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    for name, value in (headers or {}).items():
        response.headers[name] = value
    if kind.status in RETRY_AFTER:
        response.headers.setdefault("Retry-After", RETRY_AFTER[kind.status])
    return response


def answer_status(request: HttpRequest, status: int, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """For errors that have nothing but a status."""
    phrase = HTTPStatus(status).phrase
    return answer(request, BY_STATUS.get(status) or Kind("other", status, phrase, phrase), headers=headers)


def answer_raised(request: HttpRequest, raised: Any) -> HttpResponse:
    """What an operation raised, as a document; what nobody translates is raised again, for the request's middleware."""
    if isinstance(raised, Problem):
        return answer(request, raised.kind, raised.detail, raised.headers, **raised.extra)
    if isinstance(raised, ValidationError):
        return answer(request, INVALID, errors=[_field_error(found) for found in raised.errors])
    if isinstance(raised, HttpError):
        return answer_status(request, raised.status_code)
    found = next((TRANSLATIONS[kind] for kind in type(raised).__mro__ if kind in TRANSLATIONS), None)
    if found is None:
        raise raised
    members = found.members(raised) if found.members else {}
    return answer(request, found.kind, str(raised) if found.says else "", **members)


def invalid(field: str, message: str) -> Problem:
    """What no schema could know: 422 with the one field named."""
    return Problem(INVALID, errors=[{"field": field, "message": message}])


def _field_error(found: Mapping[str, Any]) -> dict[str, str]:
    """Where and why, in pydantic's words for the rule; never the value, which may be a patient's."""
    place = [str(part) for part in found["loc"]]
    field = ".".join(place[2:] or place[1:]) if place[:1] == ["body"] else ".".join(place[1:])
    return {"field": field, "message": _words(found)}


def _words(found: Mapping[str, Any]) -> str:
    """Messages of own validators are sentences of ours; of the others some would quote what was sent."""
    if found["type"] == "missing":
        return _("This is required.")
    if found["type"] == "extra_forbidden":
        return _("There is no such field.")
    return re.sub(r"(, found|, got|input was|, invalid) .*", "", str(found["msg"])).removeprefix("Value error, ")


def _slug_of(raised: type[Exception]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", raised.__name__).lower()
