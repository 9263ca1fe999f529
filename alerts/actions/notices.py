"""Tell people that something has happened, without saying what: when, where, with whom, and the way to read more."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from alerts import queries
from alerts.actions.letters import Envelope, write_letter
from alerts.actions.visits import calendar_of, words_of
from alerts.models import Notice
from alerts.queries import Addressee
from alerts.rules import EMAIL, LETTERS, STAFF, why_not_tell
from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.db.prepared import prepared
from healthcare.messaging.actions import withdraw_messages
from healthcare.messaging.models import Message as Posted
from patients.actions.profile import mark_contact
from patients.models import ContactPoint, Patient
from prescriptions.models import Prescription
from records.models import Message, Thread
from scheduling.models import Appointment
from scheduling.rules import source_of

ANSWERERS = ("patient", "taken_by", "pool", "provider__user", "site")


@transaction.atomic
def tell_of_appointment(*, by: User | None, letter: str, appointment_id: UUID, sequence: int, now: datetime) -> None:
    """Confirm to the patient that a visit was booked, moved or cancelled, with a calendar file; or what became of a
    time that was asked for, which is in no calendar.

    What was changed again meanwhile is not told, and a row says so: a later fact brings its own letter.
    """
    visit = next(iter(_visit(appointment_id)), None)
    if visit is None:
        return
    why_not = why_not_tell(
        letter, status=visit.status, sequence=visit.sequence, told=sequence, starts_at=visit.starts_at, now=now
    )
    to = Addressee(why_not=why_not) if why_not else _addressee(visit.patient, letter)
    write_letter(
        by=by,
        envelope=Envelope(
            letter=letter,
            patient=visit.patient,
            to=to,
            source=source_of(visit.pk),
            occasion=f"{letter}:{visit.pk}:{sequence}",
            parameters=words_of(visit),
            attachments=[calendar_of(visit, now, to.address)] if LETTERS[letter].calendar and not to.why_not else [],
            expires_at=visit.starts_at if visit.starts_at > now else None,
        ),
    )


@prepared
def _visit(appointment_id: UUID) -> "QuerySet[Appointment]":
    return Appointment.objects.select_related("patient", "provider", "site").filter(pk=appointment_id)


def _addressee(patient: Patient, letter: str) -> Addressee:
    return queries.addressee_of(patient, LETTERS[letter])


@transaction.atomic
def tell_patient(*, by: User | None, letter: str, patient_id: UUID, source: str, occasion: str = "") -> None:
    """Tell the patient that there is something to read or to collect; what it is stands behind the sign-in.

    `occasion` tells apart what happens to the same source more than once.
    """
    patient = Patient.objects.filter(pk=patient_id).first()
    if patient is None:
        return
    to = _addressee(patient, letter)
    write_letter(
        by=by,
        envelope=Envelope(
            letter=letter,
            patient=patient,
            to=to,
            source=source,
            occasion=f"{letter}:{source}:{occasion}" if occasion else f"{letter}:{source}",
        ),
    )


@transaction.atomic
def tell_of_medicine(*, by: User | None, prescription_id: UUID) -> None:
    """Tell the patient that a medicine waits at the dispensary; once for each time that it was put there.

    Cancelled or collected meanwhile: nothing.
    """
    prescription = Prescription.objects.filter(pk=prescription_id, status=Prescription.Status.READY).first()
    if prescription is None:
        return
    until = int(prescription.collect_by.timestamp()) if prescription.collect_by else 0
    tell_patient(
        by=by,
        letter="prescription_ready",
        patient_id=prescription.patient_id,
        source=f"prescriptions.prescription:{prescription.pk}",
        occasion=str(until),
    )


@transaction.atomic
def tell_of_message(*, by: User | None, message_id: UUID) -> None:
    """Tell the other side that a secure message waits: the patient; or who is to answer (`queries.answering`), at once
    where words of an emergency wait there. Never a word of it."""
    messages = Message.objects.select_related("patient", *(f"thread__{name}" for name in ANSWERERS))
    message = messages.filter(pk=message_id).first()
    if message is None:
        return
    source = f"records.thread:{message.thread_id}"
    if message.to_patient:
        tell_patient(
            by=by, letter="new_message", patient_id=message.patient_id, source=source, occasion=str(message.pk)
        )
    else:
        letter = "urgent_message" if message.thread.urgent else "message_to_answer"
        _tell_answerers(by, letter, message.thread, str(message.pk))


@transaction.atomic
def tell_of_thread(*, by: User | None, letter: str, thread_id: UUID, occasion: str) -> None:
    """Tell who is to answer a conversation now that it came to them, or that its time has passed. Nobody, where the
    patient does not wait any more."""
    threads = Thread.objects.select_related(*ANSWERERS)
    thread = threads.filter(pk=thread_id, waiting_since__isnull=False).first()
    if thread is not None:
        _tell_answerers(by, letter, thread, occasion)


def _tell_answerers(by: User | None, letter: str, thread: Thread, occasion: str) -> None:
    for person in queries.answering(thread):
        write_letter(
            by=by,
            envelope=Envelope(
                letter=letter,
                patient=thread.patient,
                to=Addressee(person, person.email),
                source=f"records.thread:{thread.pk}",
                occasion=f"{letter}:{occasion}:{person.pk}",
            ),
        )


@transaction.atomic
def withdraw_letters_to_the_dead(*, by: User | None, patient_id: UUID, now: datetime) -> int:
    """Take back what is still in the post to a patient who has died; returns how many letters.

    What colleagues are told about the patient goes on. Taken back meanwhile: nothing.
    """
    if not Patient.objects.filter(pk=patient_id, deceased=True).exists():
        return 0
    to_them = [name for name, letter in LETTERS.items() if letter.to != STAFF]
    notices = Notice.objects.filter(patient_id=patient_id, letter__in=to_them, message_id__isnull=False)
    withdrawn = withdraw_messages(by=by, message_ids=list(notices.values_list("message_id", flat=True)), now=now)
    if withdrawn:
        record("alerts.withdraw_after_death", by=by, patient_id=patient_id, detail={"letters": withdrawn})
    return withdrawn


@transaction.atomic
def mark_bounced_address(*, by: User | None, message_id: UUID, now: datetime) -> None:
    """A letter to a patient came back: their address or number is marked, and the desk asks at the next visit."""
    to_them = [name for name, letter in LETTERS.items() if letter.to != STAFF]
    notice = Notice.objects.filter(message_id=message_id, letter__in=to_them).first()
    message = Posted.objects.filter(pk=message_id).first()
    if notice is not None and message is not None:
        system = ContactPoint.System.EMAIL if message.channel == EMAIL else ContactPoint.System.PHONE
        bounced: dict[str, Any] = {"system": system, "value": message.address, "bad": ContactPoint.Bad.BOUNCED}
        mark_contact(by=by, patient_id=notice.patient_id, now=now, **bounced)
