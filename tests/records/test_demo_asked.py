"""What a patient of the sample clinic asked for, and recalls: told once, and nothing where somebody is missing."""

import pytest

from healthcare.accounts.demo import SECOND_PATIENT_EMAIL
from records.demo import asked as demo
from records.models import AmendmentRequest, Recall
from tests.factories import EntryFactory, PatientFactory, VisitTypeFactory, portal_user
from tests.records.visits import doctor_of
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


def told() -> tuple[list[AmendmentRequest], list[Recall]]:
    with taking_role("worker"):
        demo.tell()
    with as_the_system():
        return list(AmendmentRequest.objects.all()), list(Recall.objects.order_by("due_on"))


def test_one_request_waits_and_recalls_lie_ahead() -> None:
    june = PatientFactory(birth_date="1971-04-02")
    portal_user(june, email=SECOND_PATIENT_EMAIL)
    doctor, _provider = doctor_of(june.site, email="maren.okafor@clinic.example")
    EntryFactory(patient=june, author=doctor, enterer=doctor, released_at="2026-01-02T10:00Z")
    for _each in range(4):
        PatientFactory(site=june.site, birth_date="1961-02-11")
    VisitTypeFactory()
    (request,), recalls = told()
    assert (request.patient_id, request.state, request.entry_id is not None) == (june.pk, "waiting", True)
    assert len(recalls) == len(demo.RECALLS)
    assert {recall.state for recall in recalls} == {"planned"}
    assert told() == ([request], recalls), "once"


def test_without_people_nothing_is_told() -> None:
    assert told() == ([], [])
