"""The way of a request with a token: past everything that only pages need, into the same transaction and context."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.utils import timezone, translation

from healthcare.api import problems, throttles
from healthcare.api.tokens import InvalidToken, authenticate
from healthcare.audit import record_now
from healthcare.audit.request import say_session

GetResponse = Callable[[HttpRequest], HttpResponseBase]
READING = frozenset({"GET", "HEAD", "OPTIONS"})
OF_PAGES = ("GET", "HEAD", "POST")  # a page that asks only "was it posted?" takes no other method for reading
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def is_token_path(path: str) -> bool:
    """Paths whose askers show a token and whose every answer is JSON; the pages of the documentation are pages."""
    return path.startswith(settings.TOKEN_PATHS) and not path.startswith(settings.TOKEN_PAGES)


class TokenPath:
    """Behind what every answer needs and before what only pages need: sessions, cookies, CSRF, sign-in, messages.

    A request with a valid token goes straight on to the last middleware of the list, the request's transaction. No
    cookie is read, so no other site can act through somebody's browser.
    """

    sync_capable, async_capable = True, False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.straight_on = _last_of(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_token_path(request.path):
            return self.get_response(request) if request.method in OF_PAGES else HttpResponseNotAllowed(OF_PAGES)
        request.COOKIES = {}
        request.csrf_processing_done = True  # type: ignore[attr-defined]
        request.user, request.token = AnonymousUser(), None  # type: ignore[attr-defined]
        translation.activate(settings.LANGUAGE_CODE)  # a page may have left another one on this thread
        response = self._admitted(request)
        if response.status_code == 405:
            allow = {"Allow": response.headers.get("Allow", "")}
            response = problems.answer(request, problems.NOT_ALLOWED, headers=allow)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    def _admitted(self, request: HttpRequest) -> HttpResponseBase:
        request.get_host()  # raises DisallowedHost
        try:
            user, token = authenticate(_bearer_of(request), now=timezone.now())
            throttles.spend("read" if request.method in READING else "write", token.token_id)
        except InvalidToken as problem:
            return _refused(request, str(problem))
        except problems.Problem as problem:
            return problems.answer_raised(request, problem)
        if request.content_type == "multipart/form-data":  # read as a form already: its body is gone
            return problems.answer(request, problems.BAD_REQUEST)
        request.user, request.token = user, token  # type: ignore[attr-defined]
        say_session(UUID(token.token_id))
        return self.straight_on(request)


def _bearer_of(request: HttpRequest) -> str:
    """RFC 6750, 2.1; a token in an address or a form would be kept in logs, and is not looked for."""
    scheme, _space, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return ""
    return token.strip()


def _refused(request: HttpRequest, sentence: str) -> HttpResponseBase:
    """RFC 6750, 3: what was wrong is said only where a token was shown, and only that is an event for the audit."""
    try:
        throttles.spend("address", request.META["REMOTE_ADDR"])
    except problems.Problem as problem:
        return problems.answer_raised(request, problem)
    shown = bool(_bearer_of(request))
    if shown:
        record_now("api.token_refused", by=None, outcome="denied")
    error = ', error="invalid_token"' if shown else ""
    headers = {"WWW-Authenticate": f'Bearer realm="api"{error}'}
    return problems.answer(request, problems.UNAUTHORIZED, sentence if shown else "", headers)


def _last_of(get_response: Any) -> GetResponse:
    """Django wraps each middleware once (`__wrapped__`), and each knows the next: go along to the last one."""
    found = None
    while hasattr(getattr(get_response, "__wrapped__", None), "get_response"):
        found, get_response = get_response, get_response.__wrapped__.get_response
    if found is None:
        raise ImproperlyConfigured("TokenPath stands before the request's transaction, which is last in MIDDLEWARE.")
    return found
