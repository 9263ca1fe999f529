"""To the dead nothing is written: no letter, no reminder; what lies in the post comes back; colleagues are told on."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from alerts import subscribers
from alerts.actions import send_reminder, tell_patient, withdraw_letters_to_the_dead
from alerts.models import Notice
from healthcare.messaging.models import Message
from patients.events import PatientDied
from patients.models import Patient
from prescriptions.events import PrescriptionNotCollected
from records.events import MessageSent
from scheduling.events import AppointmentBooked, AppointmentCancelled
from tests.alerts.conftest import Clinic, as_system, reread
from tests.events.draining import as_worker
from tests.factories import AppointmentFactory, MessageFactory, PrescriptionFactory, ReminderFactory, ThreadFactory
from tests.roles import as_the_system
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db


def die(patient: Patient, deceased: bool | None = True) -> None:
    with as_the_system():
        found = Patient.objects.get(pk=patient.pk)
        found.deceased = deceased
        found.save(update_fields=["deceased"])


def messages() -> list[tuple[str, str]]:
    rows = Message.objects.order_by("created_at")
    return as_worker(lambda: list(rows.values_list("template", "status")))


def reasons() -> list[tuple[str, str]]:
    return as_worker(lambda: list(Notice.objects.order_by("pk").values_list("letter", "reason")))


def write(clinic: Clinic, letter: str = "result_released") -> None:
    source = f"records.entry:{clinic.patient.pk}"
    as_system(tell_patient, letter=letter, patient_id=clinic.patient.pk, source=source)


@pytest.mark.parametrize("letter", ["result_released", "invoice_issued", "prescription_ready", "privacy_answer"])
def test_no_letter_goes_and_a_row_says_why(clinic: Clinic, letter: str) -> None:
    die(clinic.patient)
    write(clinic, letter)
    assert reasons() == [(letter, "patient_died")]
    assert messages() == []


@pytest.mark.parametrize(("fact", "kept"), [(AppointmentBooked, {}), (AppointmentCancelled, {"status": "cancelled"})])
def test_nor_one_about_a_visit_neither_to_account_nor_address(clinic: Clinic, fact: Any, kept: dict[str, Any]) -> None:
    done = {**kept, "cancelled_at": timezone.now(), "cancel_reason": "The patient has died."} if kept else {}
    visit = AppointmentFactory(patient=clinic.patient, provider=clinic.provider, **done)
    die(clinic.patient)
    subscriber = subscribers.confirm_cancellation if kept else subscribers.confirm_booking
    with as_the_system():
        subscriber(fact(visit.pk, clinic.patient.pk, 0))
    assert [why for _letter, why in reasons()] == ["patient_died"]
    assert messages() == []


def test_a_reminder_that_is_due_meanwhile_is_not_sent(clinic: Clinic) -> None:
    visit = AppointmentFactory(patient=clinic.patient, provider=clinic.provider)
    reminder = ReminderFactory(appointment=visit)
    die(clinic.patient)
    as_system(send_reminder, reminder_id=reminder.pk, now=visit.starts_at - timedelta(hours=1))
    assert (reread(reminder).state, reread(reminder).reason) == ("skipped", "patient_died")
    assert messages() == []


def test_what_lies_in_the_post_comes_back_also_when_delivered_twice(clinic: Clinic) -> None:
    write(clinic)
    assert messages() == [("alerts/result_released", "queued")]
    die(clinic.patient)
    deliver_twice(
        subscribers.withdraw_letters_to_the_dead,
        PatientDied(clinic.patient.pk),
        lambda: list(Message.objects.values_list("template", "status")),
    )
    assert messages() == [("alerts/result_released", "failed")]


def test_letters_to_colleagues_stay_in_the_post(clinic: Clinic) -> None:
    message = MessageFactory(thread=ThreadFactory(patient=clinic.patient, started_by=clinic.account))
    with as_the_system():
        subscribers.tell_of_message(MessageSent(message.pk, message.thread_id, clinic.patient.pk, to_patient=False))
    before = messages()
    assert {template for template, _status in before} == {"alerts/message_to_answer"}
    die(clinic.patient)
    assert as_system(withdraw_letters_to_the_dead, patient_id=clinic.patient.pk, now=timezone.now()) == 0
    assert messages() == before


@pytest.mark.parametrize("deceased", [None, False])
def test_of_who_lives_nothing_comes_back(clinic: Clinic, deceased: bool | None) -> None:
    write(clinic)
    die(clinic.patient, deceased)
    assert as_system(withdraw_letters_to_the_dead, patient_id=clinic.patient.pk, now=timezone.now()) == 0
    assert messages() == [("alerts/result_released", "queued")]


def test_a_prescriber_is_not_asked_why_nobody_came(clinic: Clinic) -> None:
    waits = PrescriptionFactory(patient=clinic.patient, prescriber=clinic.provider, status="not_collected")
    die(clinic.patient)
    with as_the_system():
        subscribers.tell_prescriber_not_collected(
            PrescriptionNotCollected(waits.pk, clinic.patient.pk, clinic.provider.pk)
        )
    assert messages() == []
