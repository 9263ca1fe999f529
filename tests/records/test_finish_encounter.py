"""The verb `finish_encounter`."""

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from patients.access import NotInScope
from records.access.encounters import can_finish
from records.actions.encounters import NotFinished, finish_encounter, start_encounter
from records.events import EncounterFinished
from records.models import Encounter
from records.models.encounters import ENCOUNTER_MOVES
from scheduling.models import Appointment
from tests.factories import AppointmentFactory, EncounterFactory
from tests.records.visits import NOW, doctor_of, events_of
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


def finish(running, by=None, encounter=None):
    user = by or running.doctor
    with acting_as(user):
        return finish_encounter(by=user, encounter=encounter or running.encounter, now=NOW)


def test_it_says_when_and_who_and_announces_it(running, announced) -> None:
    finish(running)
    row = running.now_is()
    assert (row.status, row.finished_at, row.finished_by_id) == ("finished", NOW, running.doctor.pk)
    assert announced(EncounterFinished) == [
        EncounterFinished(encounter_id=row.pk, patient_id=running.patient.pk, appointment_id=None)
    ]
    assert events_of(running.doctor) == ["records.start_encounter", "records.finish_encounter"]


def test_its_appointment_ends_with_it(announced) -> None:
    appointment = AppointmentFactory()
    doctor, provider = doctor_of(appointment.site)
    with acting_as(doctor):
        encounter = start_encounter(
            by=doctor,
            patient=appointment.patient,
            provider=provider,
            site=appointment.site,
            appointment=appointment,
            now=NOW,
        )
        finish_encounter(by=doctor, encounter=encounter, now=NOW)
    with as_the_system():
        assert Appointment.objects.get(pk=appointment.pk).status == "checked_out"
    assert announced(EncounterFinished)[0].appointment_id == appointment.pk


def test_the_desk_may_have_checked_the_patient_out_before() -> None:
    appointment = AppointmentFactory(status="checked_out", arrived_at=NOW, started_at=NOW, finished_at=NOW)
    doctor, provider = doctor_of(appointment.site)
    encounter = EncounterFactory(
        patient=appointment.patient, provider=provider, site=appointment.site, appointment=appointment
    )
    with acting_as(doctor):
        assert finish_encounter(by=doctor, encounter=encounter, now=NOW).status == "finished"


def test_a_second_press_changes_nothing(running, announced) -> None:
    finish(running)
    assert finish(running).finished_at == NOW
    assert len(announced(EncounterFinished)) == 1


def test_the_note_may_be_signed_later(running) -> None:
    finish(running)
    running.saves()
    running.signs(version=1)
    assert running.now_is().note_signed_at == NOW


@pytest.mark.parametrize("status", ["planned", "entered_in_error"])
def test_what_is_not_going_on_does_not_end(running, status) -> None:
    other = EncounterFactory(patient=running.patient, provider=running.provider, status=status)
    with pytest.raises(NotFinished, match="cannot be finished"):
        finish(running, encounter=other)


def test_who_does_not_hold_it_does_not_end_it(running) -> None:
    for user in (running.colleague, running.nurse):
        with pytest.raises(NotAllowed):
            finish(running, by=user)
        with acting_as(user):
            assert not can_finish(user, running.encounter)
    with acting_as(running.doctor):
        assert can_finish(running.doctor, running.encounter)


def test_who_no_longer_reaches_the_patient_does_not_end_it(running) -> None:
    elsewhere = EncounterFactory(provider=running.provider)
    with pytest.raises(NotInScope):
        finish(running, encounter=elsewhere)


def test_every_status_stands_in_the_table_of_moves() -> None:
    assert set(ENCOUNTER_MOVES) == set(Encounter.Status.values)
    assert set().union(*ENCOUNTER_MOVES.values()) <= set(Encounter.Status.values)
