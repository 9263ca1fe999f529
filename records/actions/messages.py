"""The verbs of secure messages: start a thread, send, take, close, read. Sending and closing are two acts."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.accounts.roles import PATIENT
from healthcare.audit import record, record_now
from healthcare.events import publish
from patients.models import Patient
from records.access.messages import check_can_write
from records.events import MessageSent, ThreadClosed
from records.models import Message, Thread
from records.queries.messages import Inbox, Shown, has_portal_reader, inbox_of
from records.rules.messages import LONGEST, UrgentWords, urgent_words


class NotSendable(Exception):
    """Empty, or too long. The message is a sentence for whoever typed it."""


class SoundsUrgent(Exception):
    """Words of an emergency stand in a patient's message, and nobody pressed twice. `found` says which."""

    def __init__(self, found: UrgentWords) -> None:
        super().__init__(_("This sounds urgent. Messages are not read right away."))
        self.found = found


class ThreadIsClosed(Exception):
    """The other side closed it meanwhile."""


class TakenMeanwhile(Exception):
    """Somebody else took the thread since the page was opened."""


class NoPortalAccount(Exception):
    """Nobody would read it: the patient has no portal account."""


@transaction.atomic
def start_thread(
    *,
    by: User,
    patient: Patient,
    category: Thread.Category,
    body: str,
    now: datetime,
    idempotency_key: UUID | None = None,
    confirmed: str = "",
) -> Thread:
    """Begin a matter with its first message, between the patient and the care team of the patient's site.

    What a patient starts waits, for anybody of the team; what one of the team starts is theirs. The same key again
    gives the thread of the first time. Raises NotAllowed, NotInScope, NotSendable, SoundsUrgent (see `send_message`),
    and NoPortalAccount.
    """
    check_can_write(by, patient)
    sent = _sent_before(by, idempotency_key)
    if sent:
        return sent.thread
    from_patient = by.acting_role == PATIENT
    if not from_patient:
        _check_has_reader(patient)
    found = _check_sendable(body, from_patient=from_patient, confirmed=confirmed)
    thread = Thread(
        patient=patient,
        site=patient.site,
        category=category,
        started_by=by,
        taken_by=None if from_patient else by,
        taken_at=None if from_patient else now,
        last_at=now,
        waiting_since=now if from_patient else None,
        urgent=bool(found),
    )
    thread.save(force_insert=True)
    record(
        "records.start_thread", by=by, patient_id=patient.pk, target=thread, detail={"category": str(category.value)}
    )
    _send(by, thread, body, now, idempotency_key)
    return thread


@transaction.atomic
def send_message(
    *,
    by: User,
    thread: Thread,
    body: str,
    now: datetime,
    idempotency_key: UUID | None = None,
    confirmed: str = "",
) -> Message:
    """Add a message; the other side hears of it without its words. The state of the thread is not asked for here.

    A patient's message starts the clock, unless it runs; an answer of the team stops it, and whoever answers what was
    nobody's has taken it. `confirmed` is the mark of the urgent words that the patient was shown before. The same key
    again gives the message of the first time. Raises NotAllowed, NotInScope, NotSendable, SoundsUrgent, ThreadIsClosed.
    """
    check_can_write(by, thread.patient)
    sent = _sent_before(by, idempotency_key)
    if sent:
        return sent
    from_patient = by.acting_role == PATIENT
    found = _check_sendable(body, from_patient=from_patient, confirmed=confirmed)
    thread = _locked(by, thread)
    thread.last_at = now
    if from_patient:
        thread.waiting_since = thread.waiting_since or now
        thread.urgent = thread.urgent or bool(found)
    else:
        thread.waiting_since, thread.urgent = None, False
        if thread.taken_by_id is None:
            thread.taken_by, thread.taken_at = by, now
    thread.save(update_fields=["last_at", "waiting_since", "urgent", "taken_by", "taken_at", "updated_at"])
    return _send(by, thread, body, now, idempotency_key)


@transaction.atomic
def take_thread(*, by: User, thread: Thread, instead_of: UUID | None, now: datetime) -> Thread:
    """Make it one's own to answer. `instead_of` is the id of who had it when the page was opened, None for nobody.

    Raises NotAllowed, NotInScope, ThreadIsClosed, and TakenMeanwhile with the name of who was quicker.
    """
    check_can(by, Permission.MESSAGE_PATIENTS)
    check_can_write(by, thread.patient)
    thread = _locked(by, thread)
    if thread.taken_by_id == by.pk:
        return thread
    if thread.taken_by and thread.taken_by_id != instead_of:
        raise TakenMeanwhile(_("%(name)s took this meanwhile.") % {"name": thread.taken_by.full_name})
    before = thread.taken_by_id
    thread.taken_by, thread.taken_at = by, now
    thread.save(update_fields=["taken_by", "taken_at", "updated_at"])
    detail = {"from": str(before)} if before else {}
    record("records.take_thread", by=by, patient_id=thread.patient_id, target=thread, detail=detail)
    return thread


@transaction.atomic
def close_thread(*, by: User, thread: Thread, now: datetime) -> None:
    """The matter is settled, with or without a last answer; closed already, nothing happens. It stays readable.

    Who wants to write again starts another. Raises NotAllowed and NotInScope.
    """
    check_can(by, Permission.MESSAGE_PATIENTS)
    check_can_write(by, thread.patient)
    try:
        thread = _locked(by, thread)
    except ThreadIsClosed:
        return
    thread.status, thread.closed_at, thread.closed_by = Thread.Status.CLOSED, now, by
    thread.waiting_since, thread.urgent = None, False
    thread.save(update_fields=["status", "closed_at", "closed_by", "waiting_since", "urgent", "updated_at"])
    record("records.close_thread", by=by, patient_id=thread.patient_id, target=thread)
    publish(ThreadClosed(thread_id=thread.pk, patient_id=thread.patient_id))


@transaction.atomic
def read_thread(*, by: User, thread: Thread, now: datetime) -> int:
    """Note for each message of the other side that it was read, by whom first; returns how many were new.

    Raises NotAllowed and NotInScope.
    """
    check_can_write(by, thread.patient)
    unread = Message.objects.visible_to(by).filter(thread=thread).unread()
    unread = unread.to_patients() if by.acting_role == PATIENT else unread.to_clinic()
    found = list(unread.select_for_update(of=("self",)).order_by("id"))
    for message in found:
        message.read_at, message.read_by = now, by
        message.save(update_fields=["read_at", "read_by", "updated_at"])
    if found:
        detail = {"messages": len(found)}
        record("records.read_thread", by=by, patient_id=thread.patient_id, target=thread, detail=detail)
    return len(found)


def open_thread(*, by: User, thread: Thread) -> Sequence[Message]:
    """The messages, oldest first; that they are looked at is said before. Raises AuditUnavailable: show nothing."""
    record_now("records.open_thread", by=by, patient_id=thread.patient_id, target=thread)
    messages = Message.objects.visible_to(by).filter(thread=thread).select_related("author", "read_by")
    return list(messages.order_by("sent_at", "id"))


def list_inbox(*, by: User, shown: Shown, now: datetime) -> Inbox:
    """The threads of one's sites and one's own. Raises NotAllowed and AuditUnavailable."""
    check_can(by, Permission.MESSAGE_PATIENTS)
    record_now("records.list_inbox", by=by, detail={"shown": shown.value})
    return inbox_of(by, shown, now)


# == Steps ==
def _locked(by: User, thread: Thread) -> Thread:
    """The row as it is now, held until the end. Raises ThreadIsClosed."""
    rows = Thread.objects.visible_to(by).select_related("patient", "site", "taken_by")
    found = rows.select_for_update(of=("self",)).get(pk=thread.pk)
    if found.status == Thread.Status.CLOSED:
        raise ThreadIsClosed(_("This conversation was closed. Start a new one; what you wrote is kept."))
    return found


def _send(by: User, thread: Thread, body: str, now: datetime, key: UUID | None) -> Message:
    message = Message(
        thread=thread,
        patient_id=thread.patient_id,
        author=by,
        author_role=by.acting_role or "",
        to_patient=by.acting_role != PATIENT,
        body=body.strip(),
        sent_at=now,
        idempotency_key=key,
    )
    message.save(force_insert=True)
    record("records.send_message", by=by, patient_id=thread.patient_id, target=message)
    publish(MessageSent(message.pk, thread.pk, thread.patient_id, message.to_patient))
    return message


def _sent_before(by: User, key: UUID | None) -> Message | None:
    """What this person sent under this key. Two presses at once wait for one another here."""
    if key is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"records.message:{key}"])
    mine = Message.objects.visible_to(by).filter(author=by, idempotency_key=key)
    return mine.select_related("thread").first()


def _check_sendable(body: str, *, from_patient: bool, confirmed: str) -> UrgentWords:
    """Raises NotSendable, and SoundsUrgent for a patient's words that were not shown to them before."""
    text = body.strip()
    if not text:
        raise NotSendable(_("Write something before you send it."))
    if len(text) > LONGEST:
        raise NotSendable(_("%(limit)d characters fit.") % {"limit": LONGEST})
    found = urgent_words(text) if from_patient else UrgentWords()
    if found and confirmed != found.mark:
        raise SoundsUrgent(found)
    return found


def _check_has_reader(patient: Patient) -> None:
    """Raises NoPortalAccount."""
    if not has_portal_reader(patient):
        raise NoPortalAccount(_("This patient has no portal account, so nobody would read it. Call, or make a code."))
