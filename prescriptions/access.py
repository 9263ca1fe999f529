"""Who may prescribe, hand out and cancel. Which rows they reach is `Prescription.objects.visible_to`."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, can, check_can
from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Permission
from prescriptions.models import Prescription


def prescriber_of(user: User) -> Provider | None:
    """The provider whose account this is; None for whoever treats nobody."""
    return Provider.objects.filter(user_id=user.pk, ended_at=None).first()


def check_can_prescribe(user: User) -> Provider:
    """Raises NotAllowed without the permission, or without a provider's own entry to sign as; returns that entry."""
    check_can(user, Permission.PRESCRIBE)
    provider = prescriber_of(user)
    if provider is None:
        raise NotAllowed(_("Your account belongs to no provider, so you cannot sign prescriptions."))
    return provider


def can_prescribe(user: User) -> bool:
    return _holds(check_can_prescribe, user)


def check_can_sign(user: User, prescription: Prescription) -> None:
    """Raises NotAllowed. A draft is changed and signed by whoever wrote it."""
    check_can(user, Permission.PRESCRIBE)
    if prescription.prescriber.user_id != user.pk:
        raise NotAllowed(_("Only who wrote this draft can change or sign it."))


def can_sign(user: User, prescription: Prescription) -> bool:
    return _holds(check_can_sign, user, prescription)


def check_can_cancel(user: User, prescription: Prescription) -> None:
    """Raises NotAllowed. What is signed is cancelled by any prescriber of the patient, a draft by its author."""
    check_can(user, Permission.PRESCRIBE)
    if prescription.status == Prescription.Status.DRAFT:
        check_can_sign(user, prescription)


def can_cancel(user: User, prescription: Prescription) -> bool:
    return _holds(check_can_cancel, user, prescription)


def check_can_keep_ready(user: User) -> None:
    """Raises NotAllowed. Whoever reached the patient says that it waits on: the prescriber, or the dispensary."""
    if not can(user, Permission.PRESCRIBE):
        check_can(user, Permission.DISPENSE)


def can_keep_ready(user: User) -> bool:
    return _holds(check_can_keep_ready, user)


def _holds(check: Callable[..., object], *arguments: object) -> bool:
    try:
        check(*arguments)
    except PermissionDenied:
        return False
    return True
