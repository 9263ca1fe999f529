"""Who prescribed it is told that a patient asks for more; the patient, that there is an answer. Never of what."""

from typing import Any

import pytest

from alerts import subscribers
from alerts.models import Alert, Notice
from alerts.queries.subjects import about
from healthcare.db.context import acting_as
from healthcare.messaging.models import Message
from prescriptions.events import RefillAnswered, RefillRequested, RefillWithdrawn
from prescriptions.models import RefillRequest
from tests.factories import (
    PatientFactory,
    PrescriptionFactory,
    ProviderFactory,
    RefillRequestFactory,
    portal_user,
    staff,
)
from tests.roles import as_the_system
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked() -> RefillRequest:
    patient = PatientFactory()
    doctor = staff("doctor", patient.site)
    prescription = PrescriptionFactory(patient=patient, prescriber=ProviderFactory(user=doctor), status="picked_up")
    return RefillRequestFactory(prescription=prescription, asked_by=portal_user(patient))


def of(request: RefillRequest) -> dict[str, Any]:
    return {"request_id": request.pk, "patient_id": request.patient_id}


def alerts() -> list[Any]:
    return list(Alert.objects.order_by("pk").values_list("kind", "severity", "owner", "state"))


def letters() -> list[Any]:
    return list(Notice.objects.order_by("pk").values_list("letter", "state"))


def test_delivered_twice_the_prescriber_has_one_alert_that_says_what_it_is_about(asked) -> None:
    told = deliver_twice(subscribers.refills.alert_of_refill, RefillRequested(**of(asked)), alerts)
    doctor = asked.prescription.prescriber.user
    assert told == [("refill_request", "info", doctor.pk, "open")]
    doctor = doctor.in_role("doctor")
    with acting_as(doctor):
        (alert,) = Alert.objects.visible_to(doctor)
        told = about(doctor, [alert])[alert.pk]
    assert told.said[0].title == asked.prescription.medicine
    assert str(asked.pk) in told.url


@pytest.mark.parametrize(
    ("subscriber", "fact"),
    [
        (subscribers.refills.close_alerts_of_refill, RefillAnswered),
        (subscribers.refills.close_alerts_of_withdrawn_refill, RefillWithdrawn),
    ],
)
def test_delivered_twice_what_is_answered_or_taken_back_calls_nobody(asked, subscriber, fact) -> None:
    with as_the_system():
        subscribers.refills.alert_of_refill(RefillRequested(**of(asked)))
    told = deliver_twice(subscriber, fact(**of(asked)), alerts)
    assert [row[3] for row in told] == ["closed"]


def test_delivered_twice_the_answer_is_one_letter_without_a_word_of_it(asked) -> None:
    told = deliver_twice(subscribers.refills.tell_of_refill, RefillAnswered(**of(asked)), letters)
    assert told == [("refill_answer", "queued")]
    with as_the_system():
        (letter,) = Message.objects.filter(template="alerts/refill_answer")
    assert letter.address == asked.asked_by.email
    assert asked.prescription.medicine not in str(letter.parameters)


def test_of_the_dead_and_of_what_is_gone_nobody_hears(asked) -> None:
    with as_the_system():
        asked.patient.deceased = True
        asked.patient.save(update_fields=["deceased"])
        subscribers.refills.alert_of_refill(RefillRequested(**of(asked)))
        assert alerts() == []


def test_where_the_prescriber_does_not_sign_in_the_team_has_it() -> None:
    patient = PatientFactory()
    staff("doctor", patient.site)
    asked = RefillRequestFactory(
        prescription=PrescriptionFactory(
            patient=patient,
            prescriber=ProviderFactory(user=None),
            status="picked_up",
            signed_by=staff("doctor", patient.site),
        )
    )
    with as_the_system():
        subscribers.refills.alert_of_refill(RefillRequested(**of(asked)))
        assert [row[:3] for row in alerts()] == [("refill_request", "info", None)]
