"""From the page of an appointment into the visit: who begins it, goes on with it, or measures first."""

from datetime import timedelta

import pytest
from django.utils import timezone

from healthcare.db.context import acting_as
from healthcare.events.parts import parts_of
from records.actions.encounters import finish_encounter
from records.models import Encounter
from records.panels.encounters import visit_step
from records.panels.entries import vitals_step
from tests.factories import AppointmentFactory, PatientFactory, staff
from tests.patients.conftest import sign_in
from tests.records.visits import doctor_of
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
BEGIN, GO_ON, MEASURE = "Begin the visit", "Go on with the visit", "Record vital signs"


@pytest.fixture
def patient():
    return PatientFactory()


@pytest.fixture
def okafor(patient):
    return doctor_of(patient.site)


def appointment(patient, provider, status="arrived", **fields):
    arrived = {} if status == "booked" else {"arrived_at": timezone.now()}
    start = timezone.now() + timedelta(minutes=20)
    given = {"patient": patient, "provider": provider, "site": patient.site, "start": start, "status": status}
    return AppointmentFactory(**given | arrived | fields)


def page_of(user, visit) -> str:
    answer = sign_in(user).get(f"/scheduling/patients/{visit.patient_id}/visits/{visit.pk}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_steps_are_named() -> None:
    assert parts_of("scheduling.VisitStep") == (visit_step, vitals_step)


@pytest.mark.parametrize("status", ["booked", "arrived"])
def test_the_doctor_begins_the_visit_there_and_goes_on_with_it(patient, okafor, status) -> None:
    doctor, provider = okafor
    visit = appointment(patient, provider, status)
    start = f"/records/{patient.pk}/visits/start/{visit.pk}"
    page = page_of(doctor, visit)
    assert f'action="{start}"' in page
    assert BEGIN in page
    assert page.split('id="next"')[1].split('id="way"')[0].count("btn main") == 1
    answer = sign_in(doctor).post(start)
    with as_the_system():
        begun = Encounter.objects.get(appointment=visit)
    note = f"/records/{patient.pk}/visits/{begun.pk}/note"
    assert answer["Location"] == note
    page = page_of(doctor, visit)
    assert f'href="{note}"' in page
    assert GO_ON in page
    assert BEGIN not in page
    with acting_as(doctor):
        finish_encounter(by=doctor, encounter=begun, now=timezone.now())
    page = page_of(doctor, visit)
    assert GO_ON not in page
    assert "Nothing more is to be done" in page


def test_another_doctor_neither_begins_it_nor_goes_on(patient, okafor) -> None:
    doctor, provider = okafor
    colleague, _provider = doctor_of(patient.site)
    visit = appointment(patient, provider)
    assert BEGIN not in page_of(colleague, visit)
    sign_in(doctor).post(f"/records/{patient.pk}/visits/start/{visit.pk}")
    assert GO_ON not in page_of(colleague, visit)


def test_what_is_days_ahead_is_not_begun(patient, okafor) -> None:
    doctor, provider = okafor
    visit = appointment(patient, provider, "booked", start=timezone.now() + timedelta(days=3))
    assert BEGIN not in page_of(doctor, visit)


def test_a_nurse_measures_whoever_is_here(patient, okafor) -> None:
    nurse, (_doctor, provider) = staff("nurse", patient.site), okafor
    here = appointment(patient, provider)
    page = page_of(nurse, here)
    assert f'href="/records/{patient.pk}/vitals/record"' in page
    assert MEASURE in page
    assert BEGIN not in page
    to_come = appointment(
        PatientFactory(site=patient.site), provider, "booked", start=timezone.now() + timedelta(days=1)
    )
    assert MEASURE not in page_of(nurse, to_come)


def test_the_desk_has_no_clinical_step(patient, okafor) -> None:
    page = page_of(staff("front_desk", patient.site), appointment(patient, okafor[1]))
    assert MEASURE not in page
    assert BEGIN not in page
