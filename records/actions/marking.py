"""Mark an entry as sensitive, mark it otherwise, or take the mark off: the entry whole, with all that belongs to it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.audit.changes import bulk_verb
from records.access.marking import check_can_mark
from records.actions.writing import NotRecorded
from records.models import AmendmentRequest, Entry
from records.models.entries import mark_of
from records.queries.entries import family_of


@transaction.atomic
def mark_entry(*, by: User, entry: Entry, label: str, now: datetime) -> int:
    """Put this label on every version of the entry, on all that stands under it, and on what patients asked about it;
    "" takes the mark off.

    It counts from the next statement on, on every page, in the interface for programs and in the portal; what is signed
    stays as it was signed. Returns how many rows changed. Raises NotRecorded for a mark that it has, NotAllowed,
    NotInScope, and ValueError for a label that is none.
    """
    label = mark_of(label)
    now_held = Entry.objects.visible_to(by).filter(pk=entry.pk, patient_id=entry.patient_id)
    entry = now_held.select_for_update(of=("self",)).first() or entry  # whoever does not see it is refused below
    rows = family_of(by, entry)
    check_can_mark(by, rows, label)
    changed = [row.pk for row in rows if row.sensitivity != label]
    if not changed:
        raise NotRecorded(_("It is marked so already."))
    before = entry.sensitivity
    with bulk_verb():
        marked = Entry.objects.visible_to(by).filter(patient_id=entry.patient_id, pk__in=changed)
        marked.update(sensitivity=label, updated_at=now)
        asked = AmendmentRequest.objects.visible_to(by).filter(patient_id=entry.patient_id)
        asked.filter(entry_id__in=[row.pk for row in rows]).update(sensitivity=label, updated_at=now)
    record(
        "records.mark_entry",
        by=by,
        patient_id=entry.patient_id,
        target=entry,
        detail={"kind": entry.kind, "from": before, "to": label},
    )
    return len(changed)
