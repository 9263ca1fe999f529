"""The way of a visit through the day."""

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from patients.access import NotInScope
from scheduling import actions
from scheduling.access import can_book, can_change, can_check_in, can_room
from scheduling.actions import NotBookable
from scheduling.events import (
    AppointmentMissed,
    PatientArrived,
    PatientRoomed,
    StartUndone,
    VisitFinished,
    VisitStarted,
)
from scheduling.models import HERE, HOLDING, MOVES, OPEN, Appointment, TimeClaim
from tests.factories import PatientFactory, portal_user, staff
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, NOW, later

pytestmark = pytest.mark.django_db


@pytest.fixture
def nurse(clinic):
    return staff("nurse", clinic.site)


def do(verb, visit, by, now=NINE, **more):
    with acting_as(by):
        return verb(by=by, appointment=visit, now=now, **more)


def test_the_table_of_moves_names_every_status():
    assert set(MOVES) == set(Appointment.Status)
    assert all(target in MOVES for targets in MOVES.values() for target in targets)
    assert set(OPEN) | set(HERE) < set(HOLDING)
    assert {status for status, targets in MOVES.items() if not targets} == {
        "checked_out",
        "no_show",
        "cancelled",
        "left",
    }


def test_from_the_door_to_the_door(clinic, nurse, announced):
    doctor, visit = clinic.provider.user, clinic.book()
    assert do(actions.check_in, visit, clinic.desk).arrived_at == NINE
    assert do(actions.room_patient, visit, nurse, later(5), room="3").room == "3"
    assert do(actions.room_patient, visit, nurse, later(6), room="4").roomed_at == later(5)
    assert do(actions.start_visit, visit, doctor, later(10)).started_at == later(10)
    visit = do(actions.finish_visit, visit, doctor, later(30))
    assert (visit.status, visit.finished_at, visit.room, visit.arrived_at) == ("checked_out", later(30), "4", NINE)
    assert TimeClaim.objects.filter(appointment_id=visit.pk).exists()
    ids = {"appointment_id": visit.pk, "patient_id": clinic.patient.pk}
    assert announced(PatientArrived, PatientRoomed, VisitStarted, VisitFinished) == [
        PatientArrived(**ids),
        PatientRoomed(**ids),
        VisitStarted(**ids),
        VisitFinished(**ids),
    ]


def test_each_step_twice_is_once(clinic, nurse, announced):
    visit = clinic.book()
    for step in (actions.check_in, actions.start_visit, actions.finish_visit):
        do(step, visit, nurse)
        do(step, visit, nurse, later(9))
    with acting_as(nurse):
        visit.refresh_from_db()
    assert (visit.arrived_at, visit.started_at, visit.finished_at) == (NINE, NINE, NINE)
    assert len(announced(PatientArrived, VisitStarted, VisitFinished)) == 3


def test_a_visit_may_begin_without_a_check_in(clinic, nurse):
    visit = do(actions.start_visit, clinic.book(), nurse, later(3))
    assert (visit.arrived_at, visit.started_at) == (later(3), later(3))


def test_steps_that_do_not_follow_are_refused(clinic, nurse):
    visit = clinic.book()
    with pytest.raises(NotBookable, match="“Booked”, so it cannot become “In a room”"):
        do(actions.room_patient, visit, nurse, room="3")
    with pytest.raises(NotBookable, match="cannot become “Finished”"):
        do(actions.finish_visit, visit, nurse)
    do(actions.start_visit, visit, nurse)
    with pytest.raises(NotBookable, match="cannot become “Arrived”"):
        do(actions.check_in, visit, clinic.desk)


def test_two_patients_are_not_put_into_one_room(clinic, nurse):
    visit = clinic.book()
    other = portal_user(patient := PatientFactory(site=clinic.site))
    second = clinic.book(by=other, patient=patient, start=later(40))
    for each in (visit, second):
        do(actions.check_in, each, clinic.desk)
    do(actions.room_patient, visit, nurse, room="3")
    with pytest.raises(NotBookable, match="Somebody else is in 3"):
        do(actions.room_patient, second, nurse, room="3")


def test_who_does_not_come_frees_the_time(clinic, announced):
    visit = clinic.book()
    with pytest.raises(NotBookable, match="not due yet"):
        do(actions.miss_appointment, visit, clinic.desk, later(-1))
    visit = do(actions.miss_appointment, visit, clinic.desk, later(15))
    assert (visit.status, visit.missed_at) == ("no_show", later(15))
    assert do(actions.miss_appointment, visit, clinic.desk, later(20)).missed_at == later(15)
    assert not TimeClaim.objects.exists()
    assert announced(AppointmentMissed) == [AppointmentMissed(visit.pk, clinic.patient.pk, left=False)]


def test_who_leaves_before_being_seen_has_left(clinic, announced):
    visit = do(actions.check_in, clinic.book(), clinic.desk)
    visit = do(actions.miss_appointment, visit, clinic.desk, later(50))
    assert visit.status == "left"
    assert announced(AppointmentMissed)[0].left


def test_the_system_takes_every_step(clinic):
    visit = clinic.book()
    with as_the_system():
        actions.check_in(by=None, appointment=visit, now=NINE)
        actions.room_patient(by=None, appointment=visit, room="1", now=NINE)
        actions.start_visit(by=None, appointment=visit, now=NINE)
        assert actions.finish_visit(by=None, appointment=visit, now=NINE).status == "checked_out"
    other = clinic.book(start=later(60))
    with as_the_system():
        assert actions.miss_appointment(by=None, appointment=other, now=later(61)).status == "no_show"


def test_each_role_does_its_own_steps(clinic, nurse):
    visit = clinic.book()
    with pytest.raises(NotAllowed):
        do(actions.check_in, visit, clinic.rosa)
    with pytest.raises(NotAllowed):
        do(actions.room_patient, visit, clinic.desk, room="1")
    with pytest.raises(NotAllowed):
        do(actions.start_visit, visit, clinic.desk)
    with pytest.raises(NotAllowed):
        do(actions.finish_visit, visit, clinic.desk)
    with pytest.raises(NotAllowed):
        do(actions.miss_appointment, visit, clinic.rosa)
    with pytest.raises(NotInScope):
        do(actions.check_in, visit, staff("front_desk"))
    with acting_as(nurse):
        assert (can_change(nurse, visit), can_check_in(nurse, visit), can_room(nurse, visit)) == (True, True, True)
        assert can_book(nurse, clinic.patient)
    with acting_as(clinic.desk):
        assert not can_room(clinic.desk, visit)


def test_the_way_is_short_for_a_visit_that_is_over(clinic, nurse):
    visit = clinic.book(now=NOW)
    assert visit.is_open
    do(actions.start_visit, visit, nurse)
    assert not do(actions.finish_visit, visit, nurse).is_open


# == What never took place ==
@pytest.mark.parametrize("finished", [True, False])
def test_nobody_had_checked_them_in_so_it_is_booked_again(clinic, nurse, announced, finished):
    visit = do(actions.start_visit, clinic.book(), nurse, later(3))
    if finished:
        do(actions.finish_visit, visit, nurse, later(9))
    visit = undo(visit, nurse)
    assert (visit.status, visit.arrived_at, visit.started_at, visit.finished_at) == ("booked", None, None, None)
    assert TimeClaim.objects.filter(appointment_id=visit.pk).exists()
    assert undo(visit, nurse).status == "booked", "a second time changes nothing"
    assert announced(StartUndone) == [StartUndone(visit.pk, clinic.patient.pk)]
    assert do(actions.start_visit, visit, nurse, later(20)).started_at == later(20)


def test_what_was_confirmed_is_confirmed_again(clinic, nurse):
    visit = do(actions.confirm_appointment, clinic.book(), clinic.desk)
    assert undo(do(actions.start_visit, visit, nurse), nurse).status == "confirmed"


@pytest.mark.parametrize(("finished", "then"), [(True, ("arrived", "", None)), (False, ("roomed", "3", later(5)))])
def test_who_was_checked_in_is_here(clinic, nurse, finished, then):
    visit = clinic.book()
    do(actions.check_in, visit, clinic.desk)
    do(actions.room_patient, visit, nurse, later(5), room="3")
    do(actions.start_visit, visit, nurse, later(10))
    if finished:
        do(actions.finish_visit, visit, nurse, later(20))
    visit = undo(visit, nurse)
    assert (visit.status, visit.room, visit.roomed_at) == then
    assert visit.arrived_at == NINE
    assert do(actions.miss_appointment, visit, clinic.desk, later(30)).status == "left"


def test_who_may_not_say_so(clinic, nurse):
    visit = do(actions.start_visit, clinic.book(), nurse)
    with pytest.raises(NotAllowed):
        undo(visit, clinic.desk)
    with pytest.raises(NotInScope):
        undo(visit, staff("nurse"))


def undo(visit, by):
    with acting_as(by):
        return actions.undo_start(by=by, appointment=visit)
