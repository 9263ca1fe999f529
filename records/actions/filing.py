"""The verb that files a conversation to the chart: a copy, whole, as it stands at that moment."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from healthcare.accounts.models import User
from healthcare.audit import record
from records.access.messages import check_can_file
from records.actions.entries import record_entry
from records.actions.threads import locked_thread
from records.actions.writing import Content
from records.kinds.conversation import SLUG
from records.models import Entry, Message, Thread
from records.queries.attachments import names_by_message
from records.queries.filing import filed_as, is_whole
from records.rules.conversations import Turn, sealed


@transaction.atomic
def file_thread(*, by: User, thread: Thread, now: datetime) -> Entry:
    """Copy what was written so far into the chart, true of the patient from its last message on.

    Filed already as it stands: that entry, and nothing happens. With more messages since: its next version. Raises
    NotAllowed and NotInScope.
    """
    check_can_file(by, thread.patient)
    thread = locked_thread(by, thread)
    rows = Message.objects.visible_to(by).filter(thread=thread).select_related("author")
    messages = list(rows.order_by("sent_at", "id"))
    last = messages[-1]
    names = names_by_message(by, thread)
    before = filed_as(by, thread)
    if before is not None and is_whole(before, last):
        return before
    entry = record_entry(
        by=by,
        patient=thread.patient,
        content=Content(
            kind=SLUG,
            display=str(thread.get_category_display()),
            data={"thread": str(thread.pk), "last": str(last.pk), "messages": len(messages)},
            sealed=sealed([_turn(message, names.get(message.pk, ())) for message in messages]),
        ),
        effective_at=last.sent_at,
        now=now,
        replaces=before,
        record_status="amended" if before else "final",
    )
    detail = {"messages": len(messages), "entry": str(entry.pk)}
    record("records.file_thread", by=by, patient_id=thread.patient_id, target=thread, detail=detail)
    return entry


# == Steps ==
def _turn(message: Message, files: Sequence[str]) -> Turn:
    author = message.author
    return Turn(author.full_name, message.author_role, message.as_proxy, message.sent_at, message.body, tuple(files))
