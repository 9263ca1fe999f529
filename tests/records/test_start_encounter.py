"""The verb `start_encounter`."""

from datetime import timedelta

import pytest
from django.db import transaction

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from patients.access import NotInScope
from records.access.encounters import can_start
from records.actions.encounters import NotStarted, start_encounter
from records.events import EncounterStarted
from records.models import Encounter
from scheduling.actions import NotBookable
from scheduling.events import VisitStarted
from scheduling.models import Appointment
from tests.factories import AppointmentFactory, PatientFactory, SiteFactory
from tests.records.visits import NOW, doctor_of, events_of, visit
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
EARLIER = NOW - timedelta(minutes=30)


@pytest.fixture
def booked():
    """A visit that is booked with this doctor."""
    patient = PatientFactory()
    doctor, provider = doctor_of(patient.site)
    return AppointmentFactory(patient=patient, provider=provider, reason="Sore throat"), doctor


def start(appointment: Appointment, doctor, **fields):
    given = {"patient": appointment.patient, "provider": appointment.provider, "site": appointment.site}
    with acting_as(doctor):
        return start_encounter(by=doctor, **(given | {"appointment": appointment, "now": NOW} | fields))


def appointment_now(appointment: Appointment) -> Appointment:
    with as_the_system():
        return Appointment.objects.get(pk=appointment.pk)


# == With an appointment ==
def test_the_appointment_moves_on_in_the_same_transaction(booked, announced) -> None:
    appointment, doctor = booked
    encounter = start(appointment, doctor)
    assert (encounter.status, encounter.started_at, encounter.reason) == ("in_progress", NOW, "Sore throat")
    assert encounter.appointment_id == appointment.pk
    assert appointment_now(appointment).status == "with_provider"
    assert announced(VisitStarted, EncounterStarted) == [
        VisitStarted(appointment_id=appointment.pk, patient_id=appointment.patient_id),
        EncounterStarted(encounter_id=encounter.pk, patient_id=appointment.patient_id),
    ]
    assert events_of(doctor) == ["records.start_encounter"]


def test_a_second_press_gives_the_same_visit_back(booked, announced) -> None:
    appointment, doctor = booked
    first = start(appointment, doctor)
    assert start(appointment, doctor) == first
    assert len(announced(EncounterStarted)) == 1
    assert events_of(doctor) == ["records.start_encounter"]


def test_a_visit_that_the_nurse_sent_in_already_begins_as_well(booked) -> None:
    appointment, doctor = booked
    with as_the_system():
        appointment.status, appointment.arrived_at, appointment.started_at = "with_provider", NOW, NOW
        appointment.save()
    assert start(appointment, doctor).appointment_id == appointment.pk


def test_what_the_desk_ended_is_written_belatedly() -> None:
    times = {"arrived_at": EARLIER, "started_at": EARLIER, "finished_at": NOW}
    appointment = AppointmentFactory(status="checked_out", **times)
    doctor, provider = doctor_of(appointment.site)
    encounter = start(appointment, doctor, provider=provider)
    assert (encounter.status, encounter.started_at) == ("in_progress", EARLIER)
    assert appointment_now(appointment).status == "checked_out"


def test_a_cancelled_visit_does_not_begin_and_leaves_nothing(booked, announced) -> None:
    appointment, doctor = booked
    with as_the_system(), transaction.atomic():
        from scheduling.actions import cancel_appointment

        cancel_appointment(by=None, appointment=appointment, reason="", now=NOW)
    with pytest.raises(NotBookable, match="Cancelled"):
        start(appointment, doctor)
    assert announced(EncounterStarted) == []
    with as_the_system():
        assert not Encounter.objects.exists()


def test_the_appointment_of_somebody_else_is_refused(booked) -> None:
    appointment, doctor = booked
    other = PatientFactory(site=appointment.site)
    with pytest.raises(NotStarted, match="another patient"):
        start(appointment, doctor, patient=other)
    assert appointment_now(appointment).status == "booked"


def test_a_refusal_after_the_appointment_moved_takes_it_back(booked, monkeypatch) -> None:
    appointment, doctor = booked
    monkeypatch.setattr("records.actions.encounters.publish", lambda _fact: 1 / 0)
    with acting_as(doctor), pytest.raises(ZeroDivisionError), transaction.atomic():
        start_encounter(
            by=doctor,
            patient=appointment.patient,
            provider=appointment.provider,
            site=appointment.site,
            appointment=appointment,
            now=NOW,
        )
    assert appointment_now(appointment).status == "booked"


# == Without ==
def test_somebody_who_came_without_an_appointment_is_seen(announced) -> None:
    running = visit(reason="Fell off a ladder")
    assert running.encounter.appointment_id is None
    assert running.encounter.reason == "Fell off a ladder"
    assert announced(EncounterStarted) == [
        EncounterStarted(encounter_id=running.encounter.pk, patient_id=running.patient.pk)
    ]


# == Who may not ==
def begin(running, user, **fields):
    given = {"patient": running.patient, "provider": running.provider, "site": running.patient.site, "now": NOW}
    with acting_as(user):
        return start_encounter(by=user, **(given | fields))


def test_nobody_begins_the_visit_of_another_provider(running) -> None:
    with pytest.raises(NotAllowed, match="provider who holds it"):
        begin(running, running.colleague)


def test_a_nurse_begins_none(running) -> None:
    with pytest.raises(NotAllowed, match="does not include"):
        begin(running, running.nurse)
    assert not can_start(running.nurse, running.patient, running.provider)


def test_a_patient_out_of_reach_is_not_seen(running) -> None:
    own = running.stranger.provider
    with pytest.raises(NotInScope):
        begin(running, running.stranger, provider=own)


def test_only_where_one_works(running) -> None:
    with pytest.raises(NotStarted, match="do not work"):
        begin(running, running.doctor, site=SiteFactory())
    with acting_as(running.doctor):
        assert can_start(running.doctor, running.patient, running.provider)
