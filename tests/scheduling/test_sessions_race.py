"""Many on the last seats of a session at once, on real connections: no more come than there are seats."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.models import Patient
from scheduling import actions
from scheduling.actions import NotOpen, SessionFull
from scheduling.models import Appointment, GroupSession, TimeClaim
from tests.factories import PatientFactory, VisitTypeFactory, portal_user
from tests.roles import as_the_system
from tests.scheduling.at_once import deadlocks, rounds
from tests.scheduling.conftest import NINE, NOW, Clinic, make_clinic

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE, SEATS = 20, 5


def planned(clinic: Clinic, seats: int, number: int = 0) -> GroupSession:
    with acting_as(clinic.desk):
        return actions.plan_session(
            by=clinic.desk,
            provider=clinic.provider,
            site=clinic.site,
            visit_type=clinic.visit_type,
            start=NINE + timedelta(hours=number),
            seats=seats,
            now=NOW,
        )


def joiner(user: User, patient: Patient, sessions: list[GroupSession]) -> Callable[[int], str]:
    def join(number: int) -> str:
        with acting_as(user):
            try:
                actions.give_seat(by=user, patient=patient, session=sessions[number], now=NOW)
            except SessionFull as full:
                return f"full, {len(full.instead)} instead"
            except NotOpen:
                return "cancelled"
        return "seated"

    return join


@pytest.mark.bug(3)
def test_twenty_join_a_session_of_five_at_once():
    clinic = make_clinic()
    clinic.visit_type = VisitTypeFactory(seats=SEATS)
    session = planned(clinic, SEATS)
    planned(clinic, PEOPLE, 3)
    people = [PatientFactory(site=clinic.site) for _each in range(PEOPLE)]
    seen = deadlocks()
    outcomes = rounds(1, [joiner(portal_user(patient), patient, [session]) for patient in people])
    assert outcomes == {"seated": SEATS, "full, 1 instead": PEOPLE - SEATS}
    assert deadlocks() == seen
    with as_the_system():
        seats = Appointment.objects.filter(session=session).order_by("seat").values_list("seat", flat=True)
        assert list(seats) == [1, 2, 3, 4, 5]
        assert (GroupSession.objects.count(), TimeClaim.objects.count()) == (2, 2), "no seat makes a session"


def test_of_eight_on_the_last_seat_one_has_it_again_and_again():
    clinic, windows = make_clinic(), 8
    clinic.visit_type = VisitTypeFactory(seats=1)
    sessions = [planned(clinic, 1, number) for number in range(windows)]
    people = [PatientFactory(site=clinic.site) for _each in range(8)]
    joiners = [joiner(portal_user(patient), patient, sessions) for patient in people]
    outcomes = rounds(windows, joiners)
    assert outcomes["seated"] == windows
    assert (
        sum(outcomes.values())
        == 8 * windows
        == windows + sum(count for outcome, count in outcomes.items() if outcome.startswith("full"))
    )


def test_a_session_that_is_called_off_while_many_join_leaves_nobody_in_it():
    clinic, windows = make_clinic(), 6
    clinic.visit_type = VisitTypeFactory(seats=8)
    sessions = [planned(clinic, 8, number) for number in range(windows)]
    people = [PatientFactory(site=clinic.site) for _each in range(4)]

    def call_off(number: int) -> str:
        for _time in range(20):  # whoever took a seat since the desk looked is looked at first
            with acting_as(clinic.desk):
                try:
                    actions.cancel_session(by=clinic.desk, session=sessions[number], reason="Ill", now=NOW)
                except NotOpen:
                    continue
                return "called off"
        return "still stands"

    joiners = [joiner(portal_user(patient), patient, sessions) for patient in people]
    seen = deadlocks()
    outcomes = rounds(windows, [call_off, *joiners])
    assert outcomes["called off"] == windows
    assert set(outcomes) <= {"called off", "seated", "cancelled"}
    assert deadlocks() == seen
    with as_the_system():
        assert not Appointment.objects.standing().exists()
        assert not TimeClaim.objects.exists()
