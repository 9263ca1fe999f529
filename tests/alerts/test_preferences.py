"""Letters keep to what the patient said: the refusal, the quiet hours, and where nothing arrives."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine

from alerts import subscribers
from alerts.actions import tell_patient
from alerts.actions.letters import Envelope, write_letter
from alerts.models import Notice
from alerts.queries.people import addressee_of
from alerts.rules import LETTERS, is_bounce
from healthcare.messaging.events import MessageFailed
from healthcare.messaging.models import Message
from patients.models import ContactPoint, Patient
from records.events import MessageSent
from scheduling.events import AppointmentBooked
from tests.alerts.conftest import Clinic, as_system
from tests.events.draining import as_worker
from tests.factories import (
    AppointmentFactory,
    ContactPointFactory,
    ContactPreferenceFactory,
    MessageFactory,
    PatientFactory,
    ThreadFactory,
)
from tests.roles import as_the_system
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
TEN_AT_NIGHT = datetime(2026, 5, 7, 2, tzinfo=UTC)  # in New York
EIGHT = datetime(2026, 5, 7, 12, tzinfo=UTC)


def write(clinic: Clinic, letter: str = "result_released") -> tuple[str, str]:
    source = f"records.entry:{clinic.patient.pk}"
    as_system(tell_patient, letter=letter, patient_id=clinic.patient.pk, source=source)
    return as_worker(lambda: Notice.objects.values_list("state", "reason").get(letter=letter))


def quiet(clinic: Clinic, begins: time = time(21), ends: time = time(8)) -> None:
    with as_the_system():
        patient = Patient.objects.get(pk=clinic.patient.pk)
        patient.quiet_from, patient.quiet_until = begins, ends
        patient.save(update_fields=["quiet_from", "quiet_until"])


def leaves() -> list[datetime]:
    return as_worker(lambda: list(Message.objects.order_by("created_at").values_list("next_at", flat=True)))


# == Refused ==
@pytest.mark.parametrize(
    ("letter", "purpose"),
    [("result_released", "health"), ("prescription_ready", "health"), ("invoice_issued", "bills")],
)
def test_what_was_refused_is_not_sent_and_a_row_says_so(clinic: Clinic, letter: str, purpose: str) -> None:
    ContactPreferenceFactory(patient=clinic.patient, channel="email", purpose=purpose, allowed=False)
    assert write(clinic, letter) == ("skipped", "refused")
    assert leaves() == []


@pytest.mark.parametrize(("channel", "purpose"), [("email", "bills"), ("sms", "health"), ("letter", "health")])
def test_a_no_to_something_else_stops_nothing(clinic: Clinic, channel: str, purpose: str) -> None:
    ContactPreferenceFactory(patient=clinic.patient, channel=channel, purpose=purpose, allowed=False)
    assert write(clinic) == ("queued", "")


def test_a_no_that_was_taken_back_stops_nothing(clinic: Clinic) -> None:
    ended = {"ended_at": TEN_AT_NIGHT, "ended_by": clinic.desk}
    ContactPreferenceFactory(patient=clinic.patient, purpose="health", allowed=False, **ended)
    assert write(clinic) == ("queued", "")


def test_every_letter_has_a_purpose_that_patients_are_asked_about() -> None:
    assert {rule.purpose for rule in LETTERS.values()} == {"visits", "health", "bills"}


# == Quiet hours ==
def test_in_quiet_hours_a_letter_waits_for_their_end(clinic: Clinic) -> None:
    quiet(clinic)
    with time_machine.travel(TEN_AT_NIGHT, tick=False):
        write(clinic)
    assert leaves() == [EIGHT]


def test_outside_them_it_leaves_at_once(clinic: Clinic) -> None:
    quiet(clinic)
    with time_machine.travel(EIGHT, tick=False):
        write(clinic)
    assert leaves() == [EIGHT]


def test_what_would_come_too_late_leaves_at_once(clinic: Clinic) -> None:
    quiet(clinic)
    visit = AppointmentFactory(patient=clinic.patient, provider=clinic.provider, start=EIGHT - HOUR)
    with time_machine.travel(TEN_AT_NIGHT, tick=False), as_the_system():
        subscribers.confirm_booking(AppointmentBooked(visit.pk, clinic.patient.pk, 0))
    assert leaves() == [TEN_AT_NIGHT]


@pytest.mark.parametrize(
    ("mail", "told"), [("rosa@mail.example", ("email", "queued", "")), ("", ("sms", "skipped", "quiet_hours"))]
)
def test_an_sms_that_would_come_too_late_goes_by_mail_or_not_at_all(
    clinic: Clinic, mail: str, told: tuple[str, str, str]
) -> None:
    with as_the_system():
        patient = PatientFactory(site=clinic.site, phone="+15085550123", email=mail)
        ContactPreferenceFactory(patient=patient, channel="sms", purpose="visits", allowed=True)
        to = addressee_of(patient, LETTERS["wait_offered"])
    assert to.channel == "sms"
    envelope = Envelope(
        letter="wait_offered", patient=patient, to=to, source="", occasion="an offer", expires_at=EIGHT - HOUR
    )
    with time_machine.travel(TEN_AT_NIGHT, tick=False):
        as_system(write_letter, envelope=envelope)
    told_of = Notice.objects.filter(letter="wait_offered").values_list("channel", "state", "reason")
    assert as_worker(told_of.get) == told


def test_a_letter_to_a_colleague_does_not_wait_for_the_patients_night(clinic: Clinic) -> None:
    quiet(clinic)
    message = MessageFactory(thread=ThreadFactory(patient=clinic.patient, started_by=clinic.account))
    with time_machine.travel(TEN_AT_NIGHT, tick=False), as_the_system():
        subscribers.tell_of_message(MessageSent(message.pk, message.thread_id, clinic.patient.pk, to_patient=False))
    assert set(leaves()) == {TEN_AT_NIGHT}


# == What came back ==
def bounce(clinic: Clinic, error: str = "smtp-550", status: str = "failed", channel: str = "email") -> MessageFailed:
    message_id: Any = as_worker(lambda: Notice.objects.get(letter="result_released").message_id)
    return MessageFailed(message_id=message_id, channel=channel, status=status, error=error)


def marks() -> list[tuple[str, str]]:
    return as_worker(lambda: list(ContactPoint.objects.values_list("value", "bad")))


def test_an_address_that_nobody_has_is_marked_also_when_delivered_twice(clinic: Clinic) -> None:
    write(clinic)
    fact = bounce(clinic)
    deliver_twice(
        subscribers.mark_bounced_address, fact, lambda: list(ContactPoint.objects.values_list("value", "bad"))
    )
    assert marks() == [("wilhelmina@portal.example", "bounced")]


def test_and_nothing_more_is_sent_there_in_whatever_capitals(clinic: Clinic) -> None:
    ContactPointFactory(
        patient=clinic.patient, system="email", value="Wilhelmina@Portal.example", bad="bounced", bad_at=EIGHT
    )
    assert write(clinic) == ("skipped", "bad_address")


@pytest.mark.parametrize(
    "why", [{"error": "smtp-554"}, {"error": "expired"}, {"status": "unknown"}, {"error": "twilio-30006"}]
)
def test_other_failures_mark_nothing(clinic: Clinic, why: dict[str, str]) -> None:
    write(clinic)
    with as_the_system():
        subscribers.mark_bounced_address(bounce(clinic, **why))
    assert marks() == []


def test_a_letter_to_a_colleague_that_came_back_marks_no_patient(clinic: Clinic) -> None:
    message = MessageFactory(thread=ThreadFactory(patient=clinic.patient, started_by=clinic.account))
    with as_the_system():
        subscribers.tell_of_message(MessageSent(message.pk, message.thread_id, clinic.patient.pk, to_patient=False))
        sent = Message.objects.order_by("pk").first()
        assert sent is not None
        subscribers.mark_bounced_address(MessageFailed(sent.pk, "email", "failed", "smtp-550"))
    assert marks() == []


@pytest.mark.parametrize("error", ["smtp-550", "smtp-551", "smtp-553"])
def test_these_replies_name_the_address(error: str) -> None:
    assert is_bounce("failed", error)
    assert not is_bounce("dead", error)
