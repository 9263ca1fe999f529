"""Who may mark an entry as sensitive, and take a mark off. Which marked rows one sees is `visible_to`."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, check_can, passes
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Sensitivity
from patients.access import NotInScope, find_visible
from records.kinds import kind_of
from records.models import Entry
from records.models.entries import UNMARKED


def check_can_mark(user: User, rows: Sequence[Entry], label: str) -> None:
    """Whoever may record the kind, and goes on seeing all of these rows of one entry under the new mark.

    A mark that hid a row from whoever put it there could not be taken back by them, and might hide it from everybody:
    so it takes the label, or to have written the row oneself. Raises NotAllowed, NotInScope.
    """
    entry = rows[0]
    check_can(user, kind_of(entry.kind).permission)
    if not Entry.objects.visible_to(user).filter(pk=entry.pk, patient_id=entry.patient_id).exists():
        raise NotInScope(_("This patient is not in your scope."))
    if label and entry.kind in UNMARKED:
        raise NotAllowed(_("An allergy is never hidden: whoever treats the patient has to know of it."))
    if label and any(row.author_id != user.pk for row in rows) and not holds_label(user, entry, label):
        raise NotAllowed(_("You would no longer see it yourself. Ask somebody who may see items of this kind."))


def can_mark(user: User, rows: Sequence[Entry], label: str = "") -> bool:
    return passes(check_can_mark, user, rows, label)


def holds_label(user: User, entry: Entry, label: str) -> bool:
    """Whether this person sees what is marked so, of this patient, also where somebody else wrote it."""
    return find_visible(user, entry.patient_id, Sensitivity(label)) is not None
