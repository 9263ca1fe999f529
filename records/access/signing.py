"""Who may sign what besides the doctor's first note. Which rows one sees is `visible_to`."""

from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, check_can, passes
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from patients.access import NotInScope
from records.models import Encounter, Entry, Supervision

COSIGNED = ("note", "addendum")


def is_in_training(user: User) -> bool:
    """Whether what this person signs waits for a co-signature."""
    return Supervision.objects.standing().of(user).exists()


def check_can_amend(user: User, note: Entry) -> None:
    """Who signed it, and who holds its visit; in training until it is co-signed. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.WRITE_NOTE)
    _check_sees(user, note)
    if note.kind != "note" or note.signed_at is None:
        raise NotAllowed(_("Only a signed note is amended."))
    holds = note.encounter is not None and note.encounter.is_held_by(user)
    if not holds and note.signed_by_id != user.pk and not _supervises(user, note):
        raise NotAllowed(_("A note is amended by who signed it. Write an addendum instead."))
    if note.record_status != "preliminary" and is_in_training(user):
        raise NotAllowed(_("This note is co-signed. Write an addendum, or ask your supervisor to amend it."))


def can_amend(user: User, note: Entry) -> bool:
    return passes(check_can_amend, user, note)


def check_can_cosign(user: User, entry: Entry) -> None:
    """A supervisor of who signed it, then or now; nobody for themselves. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.WRITE_NOTE)
    _check_sees(user, entry)
    if entry.kind not in COSIGNED or not _supervises(user, entry):
        raise NotAllowed(_("It is co-signed by a supervisor of who signed it."))


def can_cosign(user: User, entry: Entry) -> bool:
    return passes(check_can_cosign, user, entry)


def check_can_write_nursing_note(user: User, encounter: Encounter) -> None:
    """Raises NotAllowed, NotInScope."""
    check_can(user, Permission.WRITE_NURSING_NOTE)
    if not Encounter.objects.visible_to(user).filter(pk=encounter.pk).exists():
        raise NotInScope(_("This visit is not in your scope."))


def can_write_nursing_note(user: User, encounter: Encounter) -> bool:
    return passes(check_can_write_nursing_note, user, encounter)


def _supervises(user: User, entry: Entry) -> bool:
    if entry.signed_by_id in (None, user.pk):
        return False
    return Supervision.objects.filter(supervisor__user=user, trainee__user=entry.signed_by_id).exists()


def _check_sees(user: User, entry: Entry) -> None:
    if not Entry.objects.visible_to(user).filter(pk=entry.pk, patient_id=entry.patient_id).exists():
        raise NotInScope(_("This note is not in your scope."))
