"""Medicines as they leave in a download, and as another clinic reads them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from healthcare.db.context import acting_as
from healthcare.fhir.resources import resources
from prescriptions.telling import resources_of
from tests.factories import MedicationStatementFactory, PatientFactory, PrescriptionFactory, UserFactory, portal_user
from tests.records.arriving import incoming, take
from tests.records.r4 import problems_of

pytestmark = pytest.mark.django_db


def told(patient: Any) -> list[dict[str, Any]]:
    user = portal_user(patient)
    with acting_as(user, read_only=True):
        found = list(resources_of(patient, user, timezone.now()))
    assert [problem for one in found for problem in problems_of(one)] == []
    return found


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "active"),
        ({"status": "picked_up"}, "active"),
        ({"status": "picked_up", "ends_at": timezone.now() - timedelta(days=1)}, "completed"),
        ({"status": "cancelled"}, "cancelled"),
    ],
)
def test_what_was_signed_here_is_a_request(fields, status) -> None:
    row = PrescriptionFactory(reason="Blood pressure", **fields)
    PrescriptionFactory(patient=row.patient, status="draft")
    (found,) = told(row.patient)
    assert (found["resourceType"], found["status"], found["intent"]) == ("MedicationRequest", status, "order")
    assert found["medicationCodeableConcept"]["text"] == row.medicine
    assert found["dosageInstruction"] == [{"text": row.sig_text}]
    assert found["requester"] == {"display": row.prescriber.name}
    if status != "cancelled":
        (outcome,) = take(resources()["MedicationRequest"], incoming(PatientFactory(), found))
        assert outcome.state == "imported"


def test_what_is_written_by_hand_has_no_code() -> None:
    (found,) = told(PrescriptionFactory(medication=None, medicine="Zinc paste", quantity=None).patient)
    assert found["medicationCodeableConcept"] == {"text": "Zinc paste"}
    assert "quantity" not in found.get("dispenseRequest", {})


def test_what_others_say_stays_a_statement() -> None:
    row = MedicationStatementFactory(code="312961", code_system="rxnorm", ends_at=timezone.now())
    MedicationStatementFactory(patient=row.patient, status="entered-in-error")
    ended = {"ended_at": timezone.now(), "ended_by": UserFactory()}
    MedicationStatementFactory(patient=row.patient, data={"precision": "year"}, **ended)
    by_status = {one["status"]: one for one in told(row.patient)}
    assert by_status.keys() == {"active", "stopped"}
    assert by_status["active"]["medicationCodeableConcept"]["coding"][0]["code"] == "312961"
    assert by_status["active"]["meta"]["source"] == "https://other.example/fhir"
    assert len(by_status["stopped"]["effectivePeriod"]["start"]) == 4
