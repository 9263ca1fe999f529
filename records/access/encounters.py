"""Who may begin and end a visit, and write, sign and add to its note. Which rows one sees is `visible_to`."""

from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, can, check_can, passes
from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Permission, Scope
from patients.access import NotInScope
from patients.models import Patient
from records.models import Encounter, Entry


def check_can_start(user: User, patient: Patient, provider: Provider) -> None:
    """Raises NotAllowed without the permission or for another provider's visit, NotInScope out of reach."""
    check_can(user, Permission.WRITE_NOTE)
    if provider.user_id != user.pk:
        raise NotAllowed(_("A visit is begun by the provider who holds it."))
    if not Patient.objects.visible_to(user, Scope.CLINICAL).filter(pk=patient.pk).exists():
        raise NotInScope(_("This patient is not in your scope."))


def can_start(user: User, patient: Patient, provider: Provider) -> bool:
    return passes(check_can_start, user, patient, provider)


def check_can_finish(user: User, encounter: Encounter) -> None:
    """Raises NotAllowed for anybody but the provider of the visit, NotInScope out of reach."""
    check_can(user, Permission.WRITE_NOTE)
    if not encounter.is_held_by(user):
        raise NotAllowed(_("A visit is finished by the provider who holds it."))
    _check_sees(user, encounter)


def can_finish(user: User, encounter: Encounter) -> bool:
    return passes(check_can_finish, user, encounter)


def check_can_close(user: User, encounter: Encounter) -> None:
    """Close its record or open it again: the provider of the visit. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.WRITE_NOTE)
    if not encounter.is_held_by(user):
        raise NotAllowed(_("The record of a visit is closed and opened again by the provider who holds it."))
    _check_sees(user, encounter)


def can_close(user: User, encounter: Encounter) -> bool:
    return passes(check_can_close, user, encounter)


def check_can_void(user: User, encounter: Encounter) -> None:
    """Say that a visit was entered in error: the provider who holds it. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.WRITE_NOTE)
    if not encounter.is_held_by(user):
        raise NotAllowed(_("That a visit was entered in error is said by the provider who holds it."))
    _check_sees(user, encounter)


def can_void(user: User, encounter: Encounter) -> bool:
    return passes(check_can_void, user, encounter)


def check_can_write(user: User, encounter: Encounter) -> None:
    """Write its note: the provider of the visit. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.WRITE_NOTE)
    if not encounter.is_held_by(user):
        raise NotAllowed(_("The note is written by the provider who holds the visit."))
    _check_sees(user, encounter)


def can_write(user: User, encounter: Encounter) -> bool:
    return passes(check_can_write, user, encounter)


def holds(user: User, encounter: Encounter) -> bool:
    """Whether the visit is this person's, who found it through `visible_to`; asks nothing of the database."""
    return can(user, Permission.WRITE_NOTE) and encounter.is_held_by(user)


def check_can_sign(user: User, encounter: Encounter) -> None:
    """Nobody signs for another: the author alone, who is the provider of the visit. Raises NotAllowed, NotInScope."""
    check_can_write(user, encounter)


def can_sign(user: User, encounter: Encounter) -> bool:
    return passes(check_can_sign, user, encounter)


def check_can_add(user: User, note: Entry) -> None:
    """Add to a signed note: whoever may write notes and sees this one. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.WRITE_NOTE)
    if not Entry.objects.visible_to(user).filter(pk=note.pk, patient_id=note.patient_id).exists():
        raise NotInScope(_("This note is not in your scope."))


def can_add(user: User, note: Entry) -> bool:
    return passes(check_can_add, user, note)


def _check_sees(user: User, encounter: Encounter) -> None:
    if not Encounter.objects.visible_to(user).filter(pk=encounter.pk).exists():
        raise NotInScope(_("This visit is not in your scope."))
