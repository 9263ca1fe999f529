"""The authenticator app, the recovery codes, and what happens when both are lost."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from healthcare.accounts.access import (
    NotAllowed,
    check_can_approve_reset,
    check_can_manage,
    may_sign_in_without_code,
    roles_of,
)
from healthcare.accounts.actions.auditing import note
from healthcare.accounts.actions.letters import send_letter
from healthcare.accounts.actions.signing_in import WrongAnswer, has_second_factor
from healthcare.accounts.events import CredentialsChanged
from healthcare.accounts.models import RecoveryCode, SecondFactorReset, Session, TOTPDevice, User
from healthcare.accounts.models.factors import RECOVERY_CODES
from healthcare.accounts.roles import PATIENT
from healthcare.events import publish

RESET_OPEN_FOR = timedelta(days=3)


class ResetNotPossible(Exception):
    """There is nothing to take off, a request waits already, or it has run out."""


@transaction.atomic
def begin_enrolment(*, by: User) -> TOTPDevice:
    """A fresh key that waits for its first code; one that waited before is thrown away. An app in use stays in use."""
    TOTPDevice.objects.filter(user=by, confirmed=False).delete()
    device = TOTPDevice(user=by, name="app", confirmed=False)
    device.save(force_insert=True)
    note("accounts.begin_enrolment", by=by, about=device)
    return device


def enrol_totp(*, by: User, request: HttpRequest, code: str) -> list[str]:
    """Take the waiting app into use in place of the one before, and give ten recovery codes, shown this once.

    Raises WrongAnswer for a wrong code, or when nothing waits.
    """
    now = timezone.now()
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(user=by, confirmed=False).first()
        right = device is not None and device.spend("".join(code.split()), now)
        if device is not None and right:
            TOTPDevice.objects.filter(user=by, confirmed=True).delete()
            device.confirmed, device.confirmed_at = True, now
            device.save(update_fields=["confirmed", "confirmed_at", "updated_at"])
            codes = _new_codes(by)
            note("accounts.enrol_totp", by=by, about=device)
            publish(CredentialsChanged(user_id=by.pk))
    if not right:
        raise WrongAnswer(
            _("That code is not right. Check that your phone's clock is set by itself, and try the newest.")
        )
    request.session.cycle_key()
    request.session.change(verified_at=now, stepped_up_at=now)  # type: ignore[attr-defined]
    return codes


@transaction.atomic
def renew_recovery_codes(*, by: User) -> list[str]:
    """Ten new codes; the old ones are worth nothing from now on. Raises NotAllowed without an authenticator."""
    if not has_second_factor(by):
        raise NotAllowed(_("Recovery codes belong to an authenticator app. Set one up first."))
    codes = _new_codes(by)
    note("accounts.renew_recovery_codes", by=by, about=by)
    return codes


@transaction.atomic
def remove_second_factor(*, by: User) -> None:
    """Switch it off for oneself. Raises NotAllowed for whom the role asks for one: staff always, patients if so set."""
    if any(role != PATIENT for role in roles_of(by)) or not may_sign_in_without_code():
        raise NotAllowed(_("Your role signs in with a code. You can set up another phone, but not do without."))
    _take_off(by)
    note("accounts.remove_second_factor", by=by, about=by)


# == Both lost: two administrators ==
@transaction.atomic
def request_second_factor_reset(*, by: User, user: User, reason: str) -> SecondFactorReset:
    """Ask that a colleague may enrol anew. Nothing changes until another administrator agrees.

    Raises NotAllowed and ResetNotPossible.
    """
    check_can_manage(by, user)
    if not has_second_factor(user):
        raise ResetNotPossible(_("This person has no second factor to take off."))
    now = timezone.now()
    SecondFactorReset.objects.filter(user=user, closed_at=None, expires_at__lte=now).update(closed_at=now)
    reset = SecondFactorReset(user=user, requested_by=by, reason=reason, expires_at=now + RESET_OPEN_FOR)
    try:
        with transaction.atomic():
            reset.save(force_insert=True)
    except IntegrityError as problem:
        raise ResetNotPossible(_("A request for this person waits already.")) from problem
    note("accounts.request_second_factor_reset", by=by, about=reset, detail={"user": user.pk})
    return reset


@transaction.atomic
def approve_second_factor_reset(*, by: User, reset: SecondFactorReset) -> None:
    """Take the app and the codes off and end every session; the person enrols anew at the next sign-in, and is told.

    Raises NotAllowed, and ResetNotPossible for a request that is answered or has run out.
    """
    check_can_approve_reset(by, reset)
    now = timezone.now()
    waiting = SecondFactorReset.objects.filter(pk=reset.pk, closed_at=None, expires_at__gt=now)
    if not waiting.update(approved_by=by, approved_at=now, closed_at=now, updated_at=now):
        raise ResetNotPossible(_("This request was answered already, or has run out."))
    _take_off(reset.user)
    Session.objects.filter(user=reset.user).delete()
    note("accounts.approve_second_factor_reset", by=by, about=reset, detail={"user": reset.user_id})
    send_letter(by=by, user=reset.user, letter="second_factor_reset", about=reset)


def _take_off(user: User) -> None:
    publish(CredentialsChanged(user_id=user.pk))
    TOTPDevice.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()


def _new_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = [RecoveryCode.new_code() for _place in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=RecoveryCode.digest_of(code)) for code in codes])
    return codes
