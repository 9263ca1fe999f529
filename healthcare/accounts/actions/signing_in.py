"""Signing in, in up to three steps: password, second factor, role. These verbs take the request: it has the session."""

from datetime import datetime, timedelta
from math import ceil

from django.contrib.auth import authenticate, login, logout
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from healthcare.accounts.access import NotAllowed, check_can_take, may_sign_in_without_code, roles_of
from healthcare.accounts.actions.auditing import note, note_now
from healthcare.accounts.models import FailureCount, Membership, RecoveryCode, Site, TOTPDevice, User
from healthcare.accounts.models.people import has_address
from healthcare.accounts.rules import LONGEST_PASSWORD, Step, next_step
from healthcare.db.context import acting_as

WINDOW = timedelta(minutes=15)
ADDRESS_CEILING = 100  # refused sign-ins from one network address within the window
ACCOUNT_CEILING = 10  # wrong passwords or recovery codes for one account that is signed in already


class SignInRefused(Exception):
    """The e-mail and the password do not fit; whether the account exists is not said."""


class TooManyAttempts(Exception):
    """Try again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        minutes = ceil(seconds / 60)
        super().__init__(
            ngettext("Too many tries. Wait %(n)d minute.", "Too many tries. Wait %(n)d minutes.", minutes)
            % {"n": minutes}
        )


class WrongAnswer(Exception):
    """The code, the recovery code or the password is not right. The message says what fits."""


# == Step one ==
def sign_in(*, by: None = None, request: HttpRequest, email: str, password: str) -> User:
    """Check the password and begin a session in which nothing is open yet but the next step.

    Raises SignInRefused, and TooManyAttempts by the ceiling of the network address or by django-axes. Accounts that do
    not exist take as long: a hash is made for them, too.
    """
    now = timezone.now()
    address = request.META.get("REMOTE_ADDR") or ""
    if FailureCount.get_count("sign_in", address, now, WINDOW) >= ADDRESS_CEILING:
        raise TooManyAttempts(int(WINDOW.total_seconds()))
    user = None
    if len(password) <= LONGEST_PASSWORD:
        user = authenticate(request, username=email.strip().lower(), password=password)
    if not isinstance(user, User):
        FailureCount.add("sign_in", address, now, WINDOW)
        meant = User.objects.filter(has_address(email)).first()
        note_now("accounts.sign_in", by=None, about=meant, outcome="failed", detail={"step": "password"})
        if getattr(request, "axes_locked_out", False):
            raise TooManyAttempts(int(WINDOW.total_seconds()))
        raise SignInRefused(_("The e-mail and the password do not fit together."))
    note_now("accounts.sign_in", by=None, about=user, detail={"step": "password"})
    begin_session(request, user, now)
    return user


def begin_session(request: HttpRequest, user: User, now: datetime) -> None:
    """A session of this user with a key of its own. Nothing may raise after it in the same request."""
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session.change(  # type: ignore[attr-defined]
        started_at=now,
        last_action_at=now,
        verified_at=None,
        stepped_up_at=now,
        acting_role="",
        address=request.META.get("REMOTE_ADDR") or None,
        agent=request.headers.get("User-Agent", "")[:200],
    )
    continue_sign_in(by=user, request=request)


def get_next_step(request: HttpRequest, user: User) -> Step:
    row = request.session.row  # type: ignore[attr-defined]
    return next_step(
        roles=roles_of(user),
        has_device=TOTPDevice.objects.filter(user=user, confirmed=True).exists(),
        verified=row.verified_at is not None,
        acting_role=row.acting_role,
        without_code=may_sign_in_without_code(),
    )


def continue_sign_in(*, by: User, request: HttpRequest) -> Step:
    """Where there is one role alone, take it. Returns what is still to do."""
    step = get_next_step(request, by)
    if step is Step.ROLE:
        roles = roles_of(by)
        if len(roles) == 1:
            take_role(by=by, request=request, role=roles[0])
            return Step.DONE
    return step


# == Step two ==
def prove_second_factor(*, by: User, request: HttpRequest, code: str) -> Step:
    """The six digits of the authenticator app, each taken once. Raises WrongAnswer, TooManyAttempts after misses."""
    _check_code(by, code)
    return _proven(by, request, "totp")


def use_recovery_code(*, by: User, request: HttpRequest, code: str) -> Step:
    """One of the ten codes in place of the app. Raises WrongAnswer and TooManyAttempts."""
    now = timezone.now()
    _check_account_ceiling(by, "recovery", now)
    with transaction.atomic():
        spent = RecoveryCode.objects.filter(user=by, digest=RecoveryCode.digest_of(code), used_at=None)
        if spent.update(used_at=now, updated_at=now):
            note("accounts.use_recovery_code", by=by, about=by)
            return _proven(by, request, "recovery_code")
    FailureCount.add("recovery", str(by.pk), now, WINDOW)
    note_now("accounts.sign_in", by=by, about=by, outcome="failed", detail={"step": "recovery_code"})
    raise WrongAnswer(_("This recovery code is not right, or was used before."))


def _proven(by: User, request: HttpRequest, means: str) -> Step:
    note_now("accounts.sign_in", by=by, about=by, detail={"step": means})
    now = timezone.now()
    request.session.cycle_key()
    request.session.change(verified_at=now, stepped_up_at=now)  # type: ignore[attr-defined]
    return continue_sign_in(by=by, request=request)


def _check_code(user: User, code: str) -> None:
    """Counts a miss whatever becomes of the request. Raises WrongAnswer and TooManyAttempts."""
    now = timezone.now()
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
        allowed, why = device.verify_is_allowed() if device else (True, None)
        right = device is not None and allowed and device.spend(_signs(code), now)
    if right:
        return
    note_now("accounts.sign_in", by=user, about=user, outcome="failed", detail={"step": "totp"})
    if not allowed and why:
        raise TooManyAttempts(ceil((why["locked_until"] - now).total_seconds()))
    raise WrongAnswer(_("That code is not right, or was used before. Enter the newest one."))


def _signs(code: str) -> str:
    return "".join(code.split())


# == Step three ==
def take_role(*, by: User, request: HttpRequest, role: str) -> None:
    """Act in this role from now on in this session.

    Raises NotAllowed for a role that is not held, and while the second factor is not proven.
    """
    check_can_take(by, role)
    if get_next_step(request, by) not in {Step.ROLE, Step.DONE}:
        raise NotAllowed(_("Prove the second factor first."))
    with acting_as(by, role):
        note_now("accounts.sign_in", by=by, about=by, detail={"step": "role", "role": role})
    act_in(by, request, role)


def switch_role(*, by: User, request: HttpRequest, role: str, answer: str) -> None:
    """Act in another role, having proven again who one is. Raises NotAllowed, WrongAnswer and TooManyAttempts."""
    check_can_take(by, role)
    step_up(by=by, request=request, answer=answer)
    before = by.acting_role
    note_now("accounts.switch_role", by=by, about=by, detail={"from": before, "to": role})
    request.session.cycle_key()
    act_in(by, request, role)


def act_in(user: User, request: HttpRequest, role: str) -> None:
    """Put the role on the session, with the time zone of the site that it is held at."""
    held = Membership.objects.current().filter(user=user, role=role).order_by("created_at")
    open_sites = Site.objects.filter(closed_at=None).order_by("created_at")
    zone = (
        held.values_list("site__time_zone", flat=True).first() or open_sites.values_list("time_zone", flat=True).first()
    )
    request.session.change(acting_role=role, time_zone=zone or "")  # type: ignore[attr-defined]
    user.in_role(role)


def step_up(*, by: User, request: HttpRequest, answer: str) -> None:
    """Prove again who one is: by a code where there is an authenticator, else by the password.

    Raises WrongAnswer and TooManyAttempts.
    """
    if has_second_factor(by):
        _check_code(by, answer)
    else:
        check_password(by, answer)
    note_now("accounts.step_up", by=by, about=by)
    request.session.change(stepped_up_at=timezone.now())  # type: ignore[attr-defined]


def has_second_factor(user: User) -> bool:
    return TOTPDevice.objects.filter(user=user, confirmed=True).exists()


def check_password(user: User, password: str) -> None:
    """Raises WrongAnswer and, after ten misses in a quarter of an hour, TooManyAttempts."""
    now = timezone.now()
    _check_account_ceiling(user, "password", now)
    if len(password) > LONGEST_PASSWORD or not user.check_password(password):
        FailureCount.add("password", str(user.pk), now, WINDOW)
        note_now("accounts.step_up", by=user, about=user, outcome="failed")
        raise WrongAnswer(_("The password is not right."))


def _check_account_ceiling(user: User, kind: str, now: datetime) -> None:
    if FailureCount.get_count(kind, str(user.pk), now, WINDOW) >= ACCOUNT_CEILING:
        raise TooManyAttempts(int(WINDOW.total_seconds()))


def sign_out(*, by: User, request: HttpRequest) -> None:
    """End this session. Its key opens nothing from now on."""
    note_now("accounts.sign_out", by=by, about=by)
    logout(request)
