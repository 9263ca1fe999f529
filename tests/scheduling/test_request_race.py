"""Two people answer one request at once: one of them wins, and the other reads how it stands. Section 3, row 2."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.actions import NotOpen
from scheduling.events import AppointmentBooked, RequestDeclined, RequestExpired
from scheduling.models import Appointment, PatientClaim, TimeClaim
from tests.factories import PatientFactory, VisitTypeFactory, portal_user, staff
from tests.roles import as_the_system, taking_role
from tests.scheduling.at_once import deadlocks, overlaps, rounds
from tests.scheduling.conftest import NOW, Clinic, make_clinic

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 15
FIRST = NOW + timedelta(days=2)
SENTENCES = {"This request is “Booked” already.", "This request is “The clinic said no” already."}


def asked(clinic: Clinic) -> list[Appointment]:
    """A request for each round, each of a patient of its own."""
    clinic.visit_type = VisitTypeFactory(portal_mode="request", answer_hours=12)
    found = []
    for number in range(ROUNDS):
        patient = PatientFactory(site=clinic.site)
        start = FIRST + timedelta(hours=number)
        found.append(clinic.book(by=portal_user(patient), patient=patient, start=start))
    return found


def answering(verb: Callable[..., Any], by: Any, visits: list[Appointment], **more: Any) -> Callable[[int], str]:
    def answer(number: int) -> str:
        with acting_as(by):
            try:
                verb(by=by, appointment=visits[number], now=NOW, **more)
            except NotOpen as refused:
                return str(refused)
        return verb.__name__

    return answer


def standing(visits: list[Appointment]) -> None:
    """What stands has its claims, and only that."""
    with as_the_system():
        rows = {row.pk: row.status for row in Appointment.objects.filter(pk__in=[visit.pk for visit in visits])}
        booked = {pk for pk, status in rows.items() if status == "booked"}
        assert set(rows.values()) <= {"booked", "cancelled"}
        assert set(TimeClaim.objects.values_list("appointment_id", flat=True)) == booked
        assert set(PatientClaim.objects.values_list("appointment_id", flat=True)) == booked
        assert (overlaps("provider_id"), overlaps("patient_id")) == (0, 0)


def test_of_who_agrees_and_who_declines_at_once_one_wins_and_the_other_reads_how_it_stands(announced: Any) -> None:
    clinic = make_clinic()
    visits, seen = asked(clinic), deadlocks()
    colleague = staff("front_desk", clinic.site)
    outcomes = rounds(
        ROUNDS,
        [
            answering(actions.accept_request, clinic.desk, visits),
            answering(actions.decline_request, colleague, visits, reason="Please call first"),
        ],
    )
    won = outcomes["accept_request"] + outcomes["decline_request"]
    assert won == ROUNDS, outcomes
    assert set(outcomes) - {"accept_request", "decline_request"} <= SENTENCES, outcomes
    assert sum(outcomes[said] for said in SENTENCES) == ROUNDS
    facts = (len(announced(AppointmentBooked)), len(announced(RequestDeclined)))
    assert facts == (outcomes["accept_request"], outcomes["decline_request"]), "one letter each"
    assert deadlocks() == seen
    standing(visits)


def test_agreed_to_twice_at_once_it_is_booked_once(announced: Any) -> None:
    clinic = make_clinic()
    visits = asked(clinic)
    colleague = staff("front_desk", clinic.site)
    outcomes = rounds(
        ROUNDS,
        [
            answering(actions.accept_request, clinic.desk, visits),
            answering(actions.accept_request, colleague, visits),
        ],
    )
    assert outcomes == {"accept_request": 2 * ROUNDS}
    assert len(announced(AppointmentBooked)) == ROUNDS
    standing(visits)


def test_agreed_to_in_the_second_in_which_they_run_out_each_is_booked_or_over(announced: Any) -> None:
    clinic = make_clinic()
    visits, seen = asked(clinic), deadlocks()

    def expire(_number: int) -> str:
        with taking_role("worker"), as_the_system():
            actions.expire_requests(by=None, now=NOW + timedelta(hours=12))
        return "looked"

    outcomes = rounds(ROUNDS, [answering(actions.accept_request, clinic.desk, visits), expire])
    assert outcomes["looked"] == ROUNDS
    assert outcomes["accept_request"] == len(announced(AppointmentBooked))
    assert outcomes["accept_request"] + len(announced(RequestExpired)) == ROUNDS
    assert set(outcomes) <= {"looked", "accept_request", "This request is “Nobody answered in time” already."}
    assert deadlocks() == seen
    standing(visits)
