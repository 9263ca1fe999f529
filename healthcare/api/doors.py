"""What each operation says of itself: which area of the record, and which permissions. The tests of the house read it.

@router.get("/patients/{uuid:patient_id}", response=PatientOut)
@operation(Scope.IDENTITY, Permission.OPEN_CHART, Permission.OWN_RECORD)
def get_patient(request: HttpRequest, patient_id: UUID) -> PatientOut: ...
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from ninja.operation import Operation as NinjaOperation

from healthcare.accounts.access import NotAllowed, check_can, permissions_of
from healthcare.accounts.guards import Missing, missing
from healthcare.accounts.permissions import Permission, Scope
from healthcare.api.etags import is_known
from healthcare.api.idempotency import once
from healthcare.api.problems import Problem, kind_of
from healthcare.api.schemas import Shown
from healthcare.audit import record_now

Function = Callable[..., Any]
SIGN_IN_AGAIN = kind_of(
    "sign-in-again",
    401,
    _lazy("Sign in again"),
    _lazy("Only after a sign-in of the last minutes: see WWW-Authenticate."),
)
IDEMPOTENCY_KEY = {"$ref": "#/components/parameters/IdempotencyKey"}
PROBLEM = {"$ref": "#/components/responses/Problem"}


def operation(
    area: Scope | tuple[Scope, ...] | None, *permissions: Permission, write: bool = False, fresh: bool = False
) -> Callable[[Function], Function]:
    """For tokens that reach the area, of a role that holds one of the permissions; else 403, and the audit a denial.

    `area=None` is for what is about the token itself; `fresh=True` for what wants a sign-in of the last minutes. The
    function returns a `Shown`, None, or an answer of its own. What a writing one did is undone when it raises.
    """
    scopes = scopes_for(area, write)

    def decorate(function: Function) -> Function:
        @wraps(function)
        def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            _check(request, scopes, permissions)
            if fresh:
                _check_signed_in_lately(request)

            def run() -> HttpResponseBase:
                with _denials_noted(request):
                    return answer(request, function(request, *args, **kwargs), mark.status)

            if not write:
                return run()
            if mark.is_idempotent:
                return once(request, run)
            with transaction.atomic():
                return run()

        mark: Any = door
        mark.area, mark.permissions, mark.write, mark.status = area, permissions, write, 200
        mark.is_idempotent = getattr(function, "is_idempotent", False)
        mark._ninja_contribute_to_operation = [_describe(mark, scopes)]
        return door

    return decorate


@contextmanager
def _denials_noted(request: HttpRequest) -> Iterator[None]:
    """What is refused, or not there for this token, the audit hears of, once."""
    try:
        yield
    except PermissionDenied:
        record_now("api.denied", by=request.user, outcome="denied")
        raise
    except Missing:
        raise
    except Http404 as nothing:
        raise missing(request.user) from nothing


def scopes_for(area: Scope | tuple[Scope, ...] | None, write: bool) -> tuple[str, ...]:
    """The scopes of which a token needs one; none for what is about the token itself."""
    act = "write" if write else "read"
    areas = (area,) if isinstance(area, Scope) else area or ()
    return (act, *(f"{one.value}.{act}" for one in areas)) if areas else ()


def answer(request: HttpRequest, result: Any, status: int) -> HttpResponseBase:
    """The JSON of what an operation returned, with its tag; 304 where the asker knows it already."""
    if isinstance(result, HttpResponseBase):
        return result
    if not isinstance(result, Shown):
        return HttpResponse(status=204 if result is None else status)
    if result._etag and request.method == "GET" and is_known(request, result._etag):
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(result.__pydantic_serializer__.to_json(result), "application/json", status)
    if result._etag:
        response.headers["ETag"] = result._etag
    return response


def _check(request: HttpRequest, scopes: tuple[str, ...], permissions: tuple[Permission, ...]) -> None:
    user: Any = request.user
    try:
        if scopes and request.token.scopes.isdisjoint(scopes):  # type: ignore[attr-defined]
            raise NotAllowed(_("This token does not reach that far. It needs the scope %s.") % scopes[-1])
        if permissions and permissions_of(user).isdisjoint(permissions):
            check_can(user, permissions[0])
    except NotAllowed:
        wanted = [str(permission) for permission in permissions]
        record_now("api.denied", by=user, outcome="denied", detail={"permissions": wanted, "scopes": list(scopes)})
        raise


def _check_signed_in_lately(request: HttpRequest) -> None:
    """Step-up by RFC 9470: the program lets the person sign in once more, and comes back with a new token."""
    limit = timedelta(seconds=settings.STEP_UP_SECONDS)
    signed_in_at = request.token.signed_in_at  # type: ignore[attr-defined]
    if signed_in_at is None or timezone.now() - signed_in_at >= limit:
        challenge = f'Bearer error="insufficient_user_authentication", max_age={settings.STEP_UP_SECONDS}'
        raise Problem(SIGN_IN_AGAIN, headers={"WWW-Authenticate": challenge})


def _describe(door: Any, scopes: tuple[str, ...]) -> Callable[[NinjaOperation], None]:
    """What the OpenAPI document says of the door, besides what ninja reads from the function."""

    def describe(operation: NinjaOperation) -> None:
        door.status = next(iter(operation.response_models))
        statuses = [
            401,
            403,
            422,
            429,
            503,
            *([404] if "{" in operation.path else []),
            *([409, 412] if door.write else []),
        ]
        extra: dict[str, Any] = {
            **({"parameters": [IDEMPOTENCY_KEY]} if door.is_idempotent else {}),
            "security": [{"oauth2": [scope]} for scope in scopes] or [{"oauth2": []}],
            "responses": {str(status): PROBLEM for status in [*sorted(statuses), "default"]},
        }
        operation.openapi_extra = extra | (operation.openapi_extra or {})

    return describe
