"""The orders and texts of the sample clinic: told once, in each state, with work for the doctor."""

import pytest

from records.demo import orders as demo
from records.demo import texts
from records.models import Entry, Macro, MessageTemplate, ServiceRequest
from records.rules.orders import WAITING
from tests.factories import PatientFactory, staff
from tests.records.visits import doctor_of
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


def told() -> list[ServiceRequest]:
    with taking_role("worker"):
        demo.tell()
    with as_the_system():
        return list(ServiceRequest.objects.order_by("id"))


@pytest.mark.parametrize("number", [8, 3])
def test_orders_stand_in_every_state_that_calls_for_work(number) -> None:
    first = PatientFactory(birth_date="1960-01-10")
    staff("nurse", first.site)
    _doctor, provider = doctor_of(first.site, email="maren.okafor@clinic.example")
    for _each in range(number - 1):
        PatientFactory(site=first.site, birth_date="1961-02-11")
    rows = told()
    assert len(told()) == len(rows), "once"
    states = {row.status for row in rows}
    assert {"draft", "active", "specimen_collected", "preliminary", "final", "revoked"} <= states
    assert {row.provider_id for row in rows} == {provider.pk}
    with as_the_system():
        assert Entry.objects.unread().filter(provider=provider).count() == len(demo.LIPID_ANSWER) + 1
        overdue = [row for row in rows if row.status in WAITING and row.expected_by < row.created_at.date()]
    assert [row.code for row in overdue] == [demo.THYROID]


def test_without_a_nurse_or_patients_nothing_is_ordered() -> None:
    assert told() == []
    patient = PatientFactory(birth_date="1960-01-10")
    doctor_of(patient.site, email="maren.okafor@clinic.example")
    assert told() == []


def test_texts_are_kept_once_by_an_administrator() -> None:
    with taking_role("worker"):
        texts.tell()
        with as_the_system():
            assert not Macro.objects.exists()
    staff("administrator", PatientFactory().site)
    with taking_role("worker"):
        texts.tell()
        texts.tell()
    with as_the_system():
        assert Macro.objects.count() == len(texts.PHRASES) + len(texts.TEMPLATES)
        assert MessageTemplate.objects.count() == len(texts.LETTERS)
