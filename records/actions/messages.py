"""The verbs of secure messages: start a thread, send, read. Who has a thread, and its state, are in `threads.py`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from healthcare.accounts.access import check_can
from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Permission
from healthcare.accounts.roles import PATIENT
from healthcare.audit import record, record_now
from healthcare.events import publish
from patients.models import Patient
from patients.queries import own_patient
from records.access.messages import check_can_write
from records.actions.attachments import attach_files
from records.actions.threads import CHANGED, locked_thread, no_longer_waits, own_it
from records.events import MessageSent
from records.models import Message, Pool, Thread
from records.queries.messages import Inbox, Shown, has_portal_reader, inbox_of, waiting_for
from records.queries.pools import providers_of
from records.queries.subjects import subject_of
from records.rules.attachments import Upload
from records.rules.messages import ANSWER_HOURS, LONGEST, UrgentWords, answer_due, urgent_words
from records.rules.templates import left_open

NOT_HERE = gettext_lazy("This is not here to ask about. You can write without it; nothing of yours is lost.")


class NotSendable(Exception):
    """Empty, too long, or with something left open. The message is a sentence for whoever typed it."""


class SoundsUrgent(Exception):
    """Words of an emergency stand in a patient's message, and nobody pressed twice. `found` says which."""

    def __init__(self, found: UrgentWords) -> None:
        super().__init__(_("This sounds urgent. Messages are not read right away."))
        self.found = found


class NotAddressed(Exception):
    """Nobody of this name or pool answers this patient's messages any more."""


class NotOpen(Exception):
    """What the conversation is to be about is not there, or not open to whoever writes."""


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
    to: Pool | Provider | None = None,
    source: str = "",
    files: Sequence[Upload] = (),
    idempotency_key: UUID | None = None,
    confirmed: str = "",
) -> Thread:
    """Begin a matter with its first message, between the patient and the care team of the patient's site.

    Without `to` it goes to the pool that takes what is written about this, else to the care team as a whole. What a
    patient starts waits, for anybody there; what one of the team starts is theirs. `source` says what it is about
    (`records.parts.Subjects`). The same key again gives the thread of the first time. Raises NotAllowed, NotInScope,
    NotSendable, NotAddressed, NotOpen, SoundsUrgent, NotAttached (see `send_message`), NoPortalAccount.
    """
    check_can_write(by, patient)
    sent = _sent_before(by, idempotency_key)
    if sent:
        return sent.thread
    if not (from_patient := by.acting_role == PATIENT):
        _check_has_reader(patient)
    _check_addressed(patient, to)
    _check_open(by, patient, source)
    found = _check_sendable(body, from_patient=from_patient, confirmed=confirmed)
    routed = to or Pool.objects.taking(patient.site, str(category.value)).first()
    thread = Thread(
        patient=patient,
        site=patient.site,
        pool=routed if isinstance(routed, Pool) else None,
        provider=to if isinstance(to, Provider) else None,
        category=category,
        source=source,
        status=Thread.Status.NEW if from_patient else Thread.Status.OPEN,
        started_by=by,
        taken_by=None if from_patient else by,
        taken_at=None if from_patient else now,
        last_at=now,
        urgent=bool(found),
    )
    if from_patient:
        _begin_to_wait(thread, now)
    thread.save(force_insert=True)
    said = {"category": str(category.value)}
    record("records.start_thread", by=by, patient_id=patient.pk, target=thread, detail=said)
    return _send(by, thread, body, files, now, idempotency_key).thread


@transaction.atomic
def send_message(
    *,
    by: User,
    thread: Thread,
    body: str,
    now: datetime,
    files: Sequence[Upload] = (),
    idempotency_key: UUID | None = None,
    confirmed: str = "",
) -> Message:
    """Add a message; the other side hears of it without its words. What is closed, or waits for the patient, is open
    again by what they write; the team's answer leaves the state as it is, but for what was new or closed.

    A patient's message starts the clock, unless it runs; an answer of the team stops it, and whoever answers what was
    nobody's has taken it. `confirmed` is the mark of the urgent words that the patient was shown before. The same key
    again gives the message of the first time. Raises NotAllowed, NotInScope, NotSendable, SoundsUrgent, and NotAttached
    for files that are not taken.
    """
    check_can_write(by, thread.patient)
    sent = _sent_before(by, idempotency_key)
    if sent:
        return sent
    from_patient = by.acting_role == PATIENT
    found = _check_sendable(body, from_patient=from_patient, confirmed=confirmed)
    thread = locked_thread(by, thread)
    thread.last_at = now
    if thread.status == Thread.Status.CLOSED:
        thread.closed_at, thread.closed_by, thread.reopened_at = None, None, now
        thread.status = Thread.Status.OPEN
        record("records.reopen_thread", by=by, patient_id=thread.patient_id, target=thread)
    if from_patient:
        _begin_to_wait(thread, now)
        thread.urgent = thread.urgent or bool(found)
        if thread.status == Thread.Status.ASKED:
            thread.status = Thread.Status.OPEN
    else:
        no_longer_waits(thread)
        if thread.taken_by_id is None:
            own_it(thread, by, now)
    thread.save(update_fields=CHANGED)
    return _send(by, thread, body, files, now, idempotency_key)


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


def list_waiting(*, by: User) -> list[Thread]:
    """Who waits for an answer of the actor or of their pools, and for nobody's yet; urgent ones first.

    Raises NotAllowed and AuditUnavailable.
    """
    check_can(by, Permission.MESSAGE_PATIENTS)
    record_now("records.list_inbox", by=by, detail={"shown": "for_me"})
    return list(waiting_for(by))


# == Steps ==
def _begin_to_wait(thread: Thread, now: datetime) -> None:
    """The clock runs from the first message that nobody answered; the promise of that moment stands."""
    if thread.waiting_since is None:
        hours = thread.pool.answer_hours if thread.pool else ANSWER_HOURS
        thread.waiting_since, thread.due_at = now, answer_due(now, thread.site.time_zone, hours)
        thread.next_at = thread.due_at


def _check_addressed(patient: Patient, to: Pool | Provider | None) -> None:
    """Raises NotAddressed."""
    if isinstance(to, Pool) and (to.site_id != patient.site_id or not to.active):
        raise NotAddressed(_("Nobody answers there any more. Choose again; what you wrote is kept."))
    if isinstance(to, Provider) and to not in providers_of(patient):
        raise NotAddressed(_("They do not answer your messages any more. Choose again; what you wrote is kept."))


def _check_open(by: User, patient: Patient, source: str) -> None:
    """Raises NotOpen."""
    if source and subject_of(by, patient, source) is None:
        raise NotOpen(NOT_HERE)


def _send(by: User, thread: Thread, body: str, files: Sequence[Upload], now: datetime, key: UUID | None) -> Message:
    message = Message(
        thread=thread,
        patient_id=thread.patient_id,
        author=by,
        author_role=by.acting_role or "",
        as_proxy=by.acting_role == PATIENT and own_patient(by) != thread.patient,
        to_patient=by.acting_role != PATIENT,
        body=body.strip(),
        sent_at=now,
        idempotency_key=key,
    )
    message.save(force_insert=True)
    record("records.send_message", by=by, patient_id=thread.patient_id, target=message)
    attach_files(by=by, message=message, files=files, now=now)
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
    if not from_patient and (places := left_open(text)):
        told = {"places": ", ".join(places)}
        raise NotSendable(_("Not sent: %(places)s is still open. Write what belongs there, or take it out.") % told)
    found = urgent_words(text) if from_patient else UrgentWords()
    if found and confirmed != found.mark:
        raise SoundsUrgent(found)
    return found


def _check_has_reader(patient: Patient) -> None:
    """Raises NoPortalAccount."""
    if not has_portal_reader(patient):
        raise NoPortalAccount(_("This patient has no portal account, so nobody would read it. Call, or make a code."))
