"""The visits and notes of the sample clinic: told once, signed ones and two that wait."""

from datetime import timedelta

import pytest
from django.utils import timezone

from records.demo import notes as demo
from records.models import Draft, Encounter, Entry
from records.queries.encounters import is_intact
from tests.factories import (
    AppointmentFactory,
    DiagnosisCodeFactory,
    PatientFactory,
    ProviderFactory,
    portal_user,
    staff,
)
from tests.records.visits import doctor_of
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
REASONS = ("Ear pain", "Knee pain", "Something else", "Headaches", "Blood pressure review", "Diabetes review")


def told() -> list[Encounter]:
    with taking_role("worker"):
        demo.tell()
    with as_the_system():
        return list(Encounter.objects.select_related("provider__user").order_by("started_at", "pk"))


def past(number: int, patient, provider, **fields):
    """A visit that ended so many days ago."""
    start = timezone.now() - timedelta(days=number + 1)
    times = {"arrived_at": start, "started_at": start, "finished_at": start + timedelta(minutes=20)}
    given = {"status": "checked_out", "start": start, "minutes": 20} | times | fields
    return AppointmentFactory(patient=patient, provider=provider, **given)


@pytest.fixture
def clinic():
    """A doctor whom the story knows, six visits that are over, one that goes on, and a patient with an account."""
    patient = PatientFactory()
    portal_user(patient)
    _doctor, provider = doctor_of(patient.site, email="maren.okafor@clinic.example")
    for code in ("I10", "E11.9", "G44.209"):
        DiagnosisCodeFactory(code=code, display=f"Disease {code}")
    for number, reason in enumerate(REASONS):
        past(number, patient, provider, reason=reason)
    now = timezone.now()
    AppointmentFactory(
        patient=patient, provider=provider, status="with_provider", start=now, arrived_at=now, started_at=now
    )
    past(1, PatientFactory(), ProviderFactory())  # of a provider without an account
    past(9, patient, doctor_of(PatientFactory().site)[1])  # of one who does not work there
    return patient


def test_some_visits_are_written_two_wait_and_one_goes_on(clinic) -> None:
    visits = told()
    assert len(told()) == len(visits), "once"
    assert len(visits) == len(REASONS) + 1, "every visit that is over, and the one of the moment"
    assert all(visit.appointment_id for visit in visits)
    assert [visit.status for visit in visits][-1] == "in_progress"
    with as_the_system():
        notes = list(Entry.objects.filter(kind="note"))
        assert all(is_intact(note) for note in notes)
        assert Draft.objects.count() == 1
        assert Entry.objects.filter(kind="addendum").exists()
        assert Entry.objects.filter(kind="condition", encounter__isnull=False).exists()
    waiting = [visit for visit in visits if visit.note_signed_at is None and visit.status == "finished"]
    assert len(waiting) == 2
    assert len(notes) == len(visits) - 3


def test_what_somebody_in_training_signed_waits_for_a_colleague(clinic) -> None:
    staff("administrator", clinic.site)
    _trainee, provider = doctor_of(clinic.site, email="hanna.kowalczyk@clinic.example")
    for number in range(3):
        past(number + 20, clinic, provider, reason="Knee pain")
    told()
    with as_the_system():
        signed = Entry.objects.filter(kind="note", author__email__startswith="hanna").order_by("effective_at")
        assert [note.record_status for note in signed] == ["final", "preliminary", "preliminary"]


def test_the_patient_with_an_account_has_something_to_read(clinic) -> None:
    first = told()[0]
    assert first.patient_id == clinic.pk
    assert first.note_signed_at is not None
    with as_the_system():
        assert Entry.objects.get(kind="note", encounter=first).data["instructions"]


def test_without_doctors_nothing_is_told() -> None:
    portal_user(PatientFactory())
    assert told() == []


def test_every_code_is_one_of_icd_10_cm() -> None:
    for said in demo.WRITTEN.values():
        assert said.code
        assert said.take_home
