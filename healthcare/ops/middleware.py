"""The two ends of the middleware list: the reference by which a request is found again, and its one transaction."""

import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from inspect import iscoroutinefunction
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError, transaction
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase

from healthcare.audit import AuditUnavailable
from healthcare.audit.request import RequestFacts, request_facts
from healthcare.db.context import NOBODY, acting_as, current_actor, replace_actor
from healthcare.ops import errors, metrics
from healthcare.ops.logs import log_request
from healthcare.ops.reading import Unreadable, check_readable, client_address

GetResponse = Callable[[HttpRequest], Any]
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# They must answer when the database does not, or open what they need themselves.
UNSCOPED_PATHS = frozenset({"/livez", "/readyz", "/metrics", "/robots.txt", "/favicon.ico"})
# No letters or digits that look alike when read out on the telephone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_reference() -> str:
    """Ten random signs in two groups, such as `K7QFP-2M9DX`: about 49 bits, short enough to say on the telephone."""
    signs = "".join(secrets.choice(ALPHABET) for _ in range(10))
    return f"{signs[:5]}-{signs[5:]}"


class RequestReference:
    """First in the list: names the request for logs and audit, measures it, refuses what cannot be read."""

    sync_capable, async_capable = True, False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        request.id = new_reference()  # type: ignore[attr-defined]
        request.actor = NOBODY  # type: ignore[attr-defined]
        if request.path in UNSCOPED_PATHS:
            request.COOKIES = {}  # no session is looked up for them
        # From here on one address: sign-in throttling, the audit and the logs must agree on it.
        request.META["REMOTE_ADDR"] = client_address(request.META, behind_proxy=settings.BEHIND_PROXY) or ""
        facts = RequestFacts(request.id, request.META["REMOTE_ADDR"] or None)  # type: ignore[attr-defined]
        token = request_facts.set(facts)
        try:
            response = self._answer(request)
            response["X-Request-Id"] = request.id  # type: ignore[attr-defined]
            seconds = time.perf_counter() - started
            metrics.observe(request, response.status_code, seconds)
            log_request(request, response.status_code, seconds)
            return response
        finally:
            request_facts.reset(token)

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            check_readable(request)
        except Unreadable:
            return errors.bad_request(request)
        return self.get_response(request)


class RequestTransaction:
    """Last in the list: one transaction and one signed context round the view and the drawing of its answer.

    Reading requests get a READ ONLY one. What was raised, and every 5xx, rolls back; a returned 4xx commits, because
    counters of failed sign-ins and audit lines of denials must stand. Audit events of reads go out on a connection of
    their own. No database, no audit, or a lock waited for in vain: 503, and nothing of a patient is shown.
    """

    sync_capable, async_capable = True, False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path in UNSCOPED_PATHS or request.path.startswith(settings.STATIC_URL):
            return self.get_response(request)
        try:
            return self._in_transaction(request)
        except (OperationalError, InterfaceError, AuditUnavailable) as problem:
            return errors.unavailable(request, problem)
        finally:
            request.in_scope = False  # type: ignore[attr-defined]

    def _in_transaction(self, request: HttpRequest) -> HttpResponseBase:
        user = _actor_of(request)  # session and user are read before the transaction begins
        request.in_scope, request.view_raised = True, False  # type: ignore[attr-defined]
        with acting_as(user, read_only=request.method in SAFE_METHODS):
            request.actor = current_actor()  # type: ignore[attr-defined]
            response = self.get_response(request)
            if response.status_code >= 500 or request.view_raised:  # type: ignore[attr-defined]
                transaction.set_rollback(True)
        if response.streaming and not isinstance(response, FileResponse):
            response.streaming_content = _scoped(user, response.streaming_content)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if iscoroutinefunction(view) or getattr(getattr(view, "view_class", None), "view_is_async", False):
            raise ImproperlyConfigured("Async views run outside the request's transaction; write the view as def.")

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        """Http404 and PermissionDenied come by here too, on their way to becoming answers."""
        request.view_raised = True  # type: ignore[attr-defined]
        if isinstance(problem, OperationalError | InterfaceError | AuditUnavailable):
            return errors.unavailable(request, problem)
        return None


def follow_sign_in(*, request: HttpRequest | None, user: Any, **_: Any) -> None:
    """Who acts changes in mid-request. Not for `force_login` in tests, which has no request of its own in scope."""
    if getattr(request, "in_scope", False):
        role = getattr(user, "acting_role", None)
        replace_actor(user if role else None, role)


def follow_sign_out(*, request: HttpRequest | None, **_: Any) -> None:
    if getattr(request, "in_scope", False):
        replace_actor(None, None)


def _actor_of(request: HttpRequest) -> Any:
    """The signed-in user with the role they act in, or None: who has no role yet (between two factors) sees nothing."""
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated and getattr(user, "acting_role", None)
    return user if signed_in else None


def _scoped(user: Any, parts: Iterable[Any]) -> Iterator[Any]:
    """A streamed answer is made after the request's transaction ended: enter the context anew for it."""
    with acting_as(user, read_only=True):
        yield from parts
