"""Who reads for somebody else who opened the record learns of no row that they may not see."""

import pytest
from django.utils import timezone

from healthcare.db.context import acting_as
from patients import queries
from prescriptions.actions import mark_prescription
from records.actions import mark_entry
from tests.factories import CareRelationshipFactory, EntryFactory, PatientFactory, PrescriptionFactory, proxy_of, staff
from tests.factories import portal_user as account_of

pytestmark = pytest.mark.django_db
TOLD = "Changed who may see something in the record"


def deeds(reader, patient, *, acting) -> list[str]:
    with acting_as(reader):
        return [line.what for line in queries.openings_of(patient, acting=reader if acting else None)]


@pytest.fixture
def rosa():
    """Whose entry and prescription were marked by a doctor of her care team."""
    patient, now = PatientFactory(), timezone.now()
    doctor = staff("doctor", patient.site)
    CareRelationshipFactory(patient=patient, user=doctor, role="doctor", labels=["adolescent"])
    entry, made = EntryFactory(patient=patient), PrescriptionFactory(patient=patient, status="picked_up")
    with acting_as(doctor):
        mark_entry(by=doctor, entry=entry, label="adolescent", now=now)
        mark_prescription(by=doctor, prescription=made, label="adolescent", now=now)
    return patient


def test_the_patient_reads_what_was_done(rosa) -> None:
    assert deeds(account_of(rosa), rosa, acting=False) == [TOLD]


def test_who_acts_for_the_patient_reads_that_the_record_was_used(rosa) -> None:
    mother = proxy_of(rosa)
    assert deeds(mother, rosa, acting=True) == ["Used the record"]


def test_of_what_they_may_see_they_read_the_deed() -> None:
    patient = PatientFactory()
    doctor = staff("doctor", patient.site)
    CareRelationshipFactory(patient=patient, user=doctor, role="doctor", labels=["adolescent"])
    entry = EntryFactory(patient=patient, sensitivity="adolescent")
    with acting_as(doctor):
        mark_entry(by=doctor, entry=entry, label="", now=timezone.now())
    assert deeds(proxy_of(patient), patient, acting=True) == [TOLD]
