"""Who may do what with visits and providers' time. Which visits one sees is `Appointment.objects.visible_to`."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, can, check_can
from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Permission, Scope
from patients.access import NotInScope
from patients.models import Patient
from scheduling.models import Appointment


def is_patient(user: User | None) -> bool:
    return user is not None and can(user, Permission.OWN_RECORD)


def check_can_book(user: User, patient: Patient) -> None:
    """Patients book for whom they see. Raises NotAllowed without the permission, NotInScope for one out of reach."""
    if not is_patient(user):
        check_can(user, Permission.BOOK_APPOINTMENT)
    if not Patient.objects.visible_to(user, Scope.SCHEDULE).filter(pk=patient.pk).exists():
        raise NotInScope(_("This patient is not in your scope."))


def can_book(user: User, patient: Patient) -> bool:
    return _holds(check_can_book, user, patient)


def check_can_change(user: User, appointment: Appointment) -> None:
    """Move, confirm, cancel. Raises NotAllowed, and NotInScope for a visit out of reach."""
    if not is_patient(user):
        check_can(user, Permission.BOOK_APPOINTMENT)
    _check_sees(user, appointment)


def can_change(user: User, appointment: Appointment) -> bool:
    return _holds(check_can_change, user, appointment)


def check_can_check_in(user: User, appointment: Appointment) -> None:
    """Raises NotAllowed, NotInScope."""
    check_can(user, Permission.CHECK_IN)
    _check_sees(user, appointment)


def can_check_in(user: User, appointment: Appointment) -> bool:
    return _holds(check_can_check_in, user, appointment)


def check_can_room(user: User, appointment: Appointment) -> None:
    """Take to a room, begin and end the visit. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.ROOM_PATIENT)
    _check_sees(user, appointment)


def can_room(user: User, appointment: Appointment) -> bool:
    return _holds(check_can_room, user, appointment)


def check_can_block(user: User, provider: Provider) -> None:
    """Raises NotAllowed unless it is one's own time, or that of a provider at a site where one keeps the desk."""
    check_can(user, Permission.BLOCK_TIME)
    if provider.user_id == user.pk:
        return
    shared = user.memberships.current().filter(role=user.acting_role, site__in=provider.sites.all())
    if user.acting_role == "doctor" or not shared.exists():
        raise NotAllowed(_("You can block your own time, or that of providers whose desk you keep."))


def can_block(user: User, provider: Provider) -> bool:
    return _holds(check_can_block, user, provider)


def _check_sees(user: User, appointment: Appointment) -> None:
    if not Appointment.objects.visible_to(user).filter(pk=appointment.pk).exists():
        raise NotInScope(_("This visit is not in your scope."))


def _holds(check: Callable[..., None], *arguments: Any) -> bool:
    try:
        check(*arguments)
    except PermissionDenied:
        return False
    return True
