"""What of the chart waits for somebody: results to read, messages to answer, notes to sign. For `accounts.Inbox`."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Pile, Waiting
from healthcare.accounts.permissions import Permission
from records.actions.messages import list_waiting
from records.actions.notes import list_notes_to_sign
from records.actions.results import list_unread_results
from records.models import Entry, Thread
from records.queries.lines import line_of
from records.queries.messages import MOST
from records.queries.messages import line_of as line_of_thread
from records.queries.results import UNREAD, is_critical
from records.queries.signing import SHOWN, ToSign


def results(user: User, now: datetime) -> Pile | None:
    if not can(user, Permission.RELEASE_RESULT):
        return None
    rows = [_result(entry) for entry in list_unread_results(by=user)]
    return Pile("results", _("Results"), reverse("records:results_to_read"), rows, cut=len(rows) == UNREAD)


def _result(entry: Entry) -> Waiting:
    line = line_of(entry)
    return Waiting(
        source=f"records.entry:{entry.pk}",
        patient=entry.patient,
        title=line.title,
        value=line.value,
        since=entry.created_at,
        url=reverse("records:release_result", args=[entry.patient_id, entry.pk]),
        rank=0 if is_critical(entry) else 2,
        tag=line.flag,
        role=line.flag_role,
    )


def messages(user: User, now: datetime) -> Pile | None:
    """Theirs, of their pools, and nobody's."""
    if not can(user, Permission.MESSAGE_PATIENTS):
        return None
    rows = [_message(thread, now) for thread in list_waiting(by=user)]
    return Pile("messages", _("Messages"), reverse("records:inbox"), rows, cut=len(rows) == MOST)


def _message(thread: Thread, now: datetime) -> Waiting:
    late = line_of_thread(thread, now).late
    pressing = _("Urgent") if thread.urgent else _("Overdue") if late else ""
    return Waiting(
        source=f"records.thread:{thread.pk}",
        patient=thread.patient,
        title=thread.get_category_display(),
        since=thread.waiting_since or thread.last_at,
        url=reverse("records:thread", args=[thread.patient_id, thread.pk]),
        rank=0 if thread.urgent else 1 if late else 2,
        tag=pressing,
        role="bad" if thread.urgent else "warn",
        hand_on=reverse("records:hand_on_thread", args=[thread.patient_id, thread.pk]),
    )


def notes(user: User, now: datetime) -> Pile | None:
    if not can(user, Permission.WRITE_NOTE):
        return None
    rows = [_note(item) for item in list_notes_to_sign(by=user, now=now)]
    return Pile("notes", _("Notes to sign"), reverse("records:notes_to_sign"), rows, cut=len(rows) == SHOWN)


def _note(item: ToSign) -> Waiting:
    visit = item.encounter
    tag, role = (_("Draft"), "wait") if item.has_draft else (_("Not begun"), "off")
    return Waiting(
        source=f"records.encounter:{visit.pk}",
        patient=visit.patient,
        title=_("Note to co-sign") if item.to_cosign else _("Note to sign"),
        value=visit.reason,
        since=visit.started_at or visit.created_at,
        url=reverse("records:encounter" if item.to_cosign else "records:note", args=[visit.patient_id, visit.pk]),
        rank=1 if item.late else 2,
        tag=_("Late") if item.late else _("Co-signature") if item.to_cosign else tag,
        role="warn" if item.late else "wait" if item.to_cosign else role,
    )
