"""Who may do what with visits and providers' time. Which visits one sees is `Appointment.objects.visible_to`."""

from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, can, check_can, passes
from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Permission, Scope
from patients.access import NotInScope, find_visible
from patients.models import Patient
from scheduling.models import Appointment


def is_patient(user: User | None) -> bool:
    return user is not None and can(user, Permission.OWN_RECORD)


def check_can_book(user: User, patient: Patient) -> None:
    """Patients book for whom they see. Raises NotAllowed without the permission, NotInScope for one out of reach."""
    if not is_patient(user):
        check_can(user, Permission.BOOK_APPOINTMENT)
    if find_visible(user, patient.pk, Scope.SCHEDULE) is None:
        raise NotInScope(_("This patient is not in your scope."))


def can_book(user: User, patient: Patient) -> bool:
    return passes(check_can_book, user, patient)


def check_can_change(user: User, appointment: Appointment) -> None:
    """Move, confirm, cancel. Raises NotAllowed, and NotInScope for a visit out of reach."""
    if not is_patient(user):
        check_can(user, Permission.BOOK_APPOINTMENT)
    _check_sees(user, appointment)


def can_change(user: User, appointment: Appointment) -> bool:
    return passes(check_can_change, user, appointment)


def check_can_check_in(user: User, appointment: Appointment) -> None:
    """Raises NotAllowed, NotInScope."""
    check_can(user, Permission.CHECK_IN)
    _check_sees(user, appointment)


def can_check_in(user: User, appointment: Appointment) -> bool:
    return passes(check_can_check_in, user, appointment)


def check_can_room(user: User, appointment: Appointment) -> None:
    """Take to a room, begin and end the visit. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.ROOM_PATIENT)
    _check_sees(user, appointment)


def can_room(user: User, appointment: Appointment) -> bool:
    return passes(check_can_room, user, appointment)


def check_can_show(user: User, provider: Provider) -> None:
    """Say what a provider looks like. Raises NotAllowed."""
    if provider.user_id != user.pk:
        check_can(user, Permission.MANAGE_ACCOUNTS)


def check_can_block(user: User, provider: Provider) -> None:
    """Raises NotAllowed unless it is one's own time, or that of a provider at a site where one keeps the desk."""
    check_can(user, Permission.BLOCK_TIME)
    if provider.user_id == user.pk:
        return
    shared = user.memberships.current().filter(role=user.acting_role, site__in=provider.sites.all())
    if user.acting_role == "doctor" or not shared.exists():
        raise NotAllowed(_("You can block your own time, or that of providers whose desk you keep."))


def can_block(user: User, provider: Provider) -> bool:
    return passes(check_can_block, user, provider)


def check_can_go_away(user: User, provider: Provider) -> None:
    """Raises NotAllowed. Who goes says so; for others the desk blocks time, and administrators name who stands in."""
    check_can(user, Permission.BLOCK_TIME)
    if provider.user_id != user.pk:
        raise NotAllowed(_("These are not your own days."))


def can_go_away(user: User, provider: Provider) -> bool:
    return passes(check_can_go_away, user, provider)


def _check_sees(user: User, appointment: Appointment) -> None:
    if not Appointment.objects.visible_to(user).filter(pk=appointment.pk).exists():
        raise NotInScope(_("This visit is not in your scope."))
