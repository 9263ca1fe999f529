"""Who asks, in which role: login is the default, and a staff role needs a proven second factor."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from healthcare.accounts.models import Session, User
from healthcare.accounts.permissions import Permission
from healthcare.accounts.roles import PATIENT
from healthcare.accounts.sessions import note_action, seconds_left
from healthcare.audit.request import say_session

GetResponse = Callable[[HttpRequest], HttpResponseBase]
WITHOUT_CODE = Permission.SIGN_IN_WITHOUT_CODE.value
BACKGROUND = "X-Background"  # sent by parts of a page that refresh by themselves; they keep no session alive


class ActingRole:
    """Puts the session's role on `request.user`, and notes that somebody acted.

    The role holds only while a membership brings it, and a staff role only once the second factor is proven.
    """

    sync_capable, async_capable = True, False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user: Any = request.user
        row: Session | None = request.session.row if user.is_authenticated else None  # type: ignore[attr-defined]
        if row is None:
            return self.get_response(request)
        say_session(row.pk)
        seat(user, row)
        _note_time(request, row)
        with timezone.override(row.time_zone or None):
            response = self.get_response(request)
        # The back button on a shared computer must not show a page of whoever signed out.
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def _note_time(request: HttpRequest, row: Session) -> None:
    now = timezone.now()
    if request.headers.get(BACKGROUND) is None and not request.path.startswith(reverse("accounts:session")):
        note_action(row, now)
    idle, absolute = seconds_left(row, now)
    request.session_idle_left = idle  # type: ignore[attr-defined]
    request.session_ends_at = int(now.timestamp()) + absolute  # type: ignore[attr-defined]


def seat(user: User, row: Session) -> None:
    """The role in which this session's user acts now; None while the sign-in is not complete."""
    role = row.acting_role
    verified = row.verified_at is not None
    holds = (verified or row.role_edits.get(WITHOUT_CODE, True)) if role == PATIENT else row.role_held and verified
    user.acting_role = role if role and holds else None
    user.role_edits = row.role_edits


class SignInRequired:
    """Every view asks for a sign-in that is complete, unless it says `@public` or `@while_signing_in`."""

    sync_capable, async_capable = True, False

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if getattr(view, "is_public", False) or hasattr(request, "token"):
            return None  # whoever came with a token was asked at the door
        user: Any = request.user
        if not user.is_authenticated:
            return to_sign_in(request)
        if user.acting_role is None and not getattr(view, "is_while_signing_in", False):
            return redirect("accounts:continue")
        return None


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in and back; what htmx asked for is refused, and the page reloads as a whole."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401)
    back = request.get_full_path() if request.method in {"GET", "HEAD"} else "/"
    query = "" if back == "/" else "?" + urlencode({"next": back})
    return redirect(reverse("accounts:sign_in") + query)
