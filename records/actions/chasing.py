"""A result that nobody has read by its time: say so, and others are told."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.events import publish
from records.events import ResultLeftUnread
from records.models import Entry, ResultDue


@transaction.atomic
def chase_result(*, by: User | None, due_id: UUID, now: datetime) -> None:
    """Announce that a result is still unread, if it is, and its time has come; else nothing. Once for each result.

    The row is locked: of two workers one announces. One read, replaced or voided meanwhile is announced to nobody.
    """
    rows = ResultDue.objects.select_for_update(of=("self",))
    due = rows.filter(pk=due_id, next_at__lte=now).first()
    if due is None:
        return
    due.next_at, due.handed_until = None, None
    due.save(update_fields=["next_at", "handed_until", "updated_at"])
    waiting = Entry.objects.unread().filter(pk=due.entry_id, patient_id=due.patient_id)
    if not waiting.exists():
        return
    record("records.chase_result", by=by, patient_id=due.patient_id, target=("records.entry", due.entry_id))
    publish(ResultLeftUnread(entry_id=due.entry_id, patient_id=due.patient_id))
