"""The verb `change_patient`."""

from dataclasses import replace
from datetime import date

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.actions import Demographics, change_patient
from patients.events import PatientChanged
from patients.models import Patient
from tests.factories import PatientFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
ROSA = Demographics(given_name="Rosa", family_name="Delgado", birth_date=date(1968, 3, 12), sex="female")


def test_only_what_differs_is_changed_audited_and_announced(announced) -> None:
    patient = PatientFactory(**vars(ROSA))
    nurse = staff("nurse", patient.site)
    with acting_as(nurse):
        details = replace(ROSA, preferred_name="Rosie", phone="+15085550142")
        assert change_patient(by=nurse, patient=patient, demographics=details) == ("preferred_name", "phone")
        event = AuditEvent.objects.get(action="patients.change")
    assert event.detail == {"fields": ["preferred_name", "phone"]}, "names of fields, never what they hold"
    assert announced() == [PatientChanged(patient_id=patient.pk, fields=("preferred_name", "phone"))]
    with as_the_system():
        assert Patient.objects.get(pk=patient.pk).preferred_name == "Rosie"


def test_the_same_again_changes_nothing(announced) -> None:
    patient = PatientFactory(**vars(ROSA))
    nurse = staff("nurse", patient.site)
    with acting_as(nurse):
        assert change_patient(by=nurse, patient=patient, demographics=ROSA) == ()
        assert not AuditEvent.objects.filter(action="patients.change").exists()
    assert announced() == []


def test_a_patient_out_of_reach_is_not_changed() -> None:
    patient, stranger = PatientFactory(), staff("nurse")
    with acting_as(stranger), pytest.raises(Patient.DoesNotExist):
        change_patient(by=stranger, patient=patient, demographics=ROSA)


def test_a_role_without_the_permission_changes_nothing() -> None:
    patient = PatientFactory()
    clerk = staff("billing", patient.site)
    with acting_as(clerk), pytest.raises(NotAllowed):
        change_patient(by=clerk, patient=patient, demographics=ROSA)
