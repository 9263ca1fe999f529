"""Many who want one room at once, on real connections: it is in one visit at a time, and nobody waits for ever."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.actions import TimeTaken
from scheduling.models import Appointment, TimeClaim
from tests.factories import VisitTypeFactory
from tests.roles import as_the_system
from tests.scheduling.at_once import deadlocks, rounds
from tests.scheduling.conftest import NOW, Clinic, later, make_clinic
from tests.scheduling.test_rooms import PROCEDURE, ULTRASOUND, colleague, place

pytestmark = pytest.mark.django_db(transaction=True)
IN_TWO_VISITS = """SELECT count(*) FROM scheduling_timeclaim a JOIN scheduling_timeclaim b
ON a.resource_id = b.resource_id AND a.id < b.id AND a.blocked && b.blocked"""


def test_eight_want_one_room_at_once_and_it_is_never_in_two_visits():
    """Of eight providers: nothing but the room stands between them."""
    clinic = make_clinic()
    clinic.visit_type = VisitTypeFactory(needs=[PROCEDURE, ULTRASOUND])
    place(clinic.site, "Procedure 1")
    for name in ("Sono 1", "Sono 2"):
        place(clinic.site, name, ULTRASOUND, "device")
    people = [colleague(clinic) for _each in range(8)]
    seen, windows = deadlocks(), 6
    outcomes = rounds(windows, [_asks(clinic, who, place_) for place_, who in enumerate(people)])
    assert outcomes == {"booked": windows, "no room": 7 * windows}
    assert deadlocks() == seen
    with as_the_system(), connection.cursor() as cursor:
        cursor.execute(IN_TWO_VISITS)
        assert cursor.fetchone() == (0,)
        assert TimeClaim.objects.count() == 3 * windows


def _asks(clinic: Clinic, who: dict[str, Any], number: int) -> Callable[[int], str]:
    def ask(window: int) -> str:
        try:
            clinic.book(start=later(90 * window + 5 * number), **who)
        except TimeTaken as taken:
            return "no room" if "is free at this time" in str(taken) else "taken"
        return "booked"

    return ask


def test_visits_that_swap_rooms_and_times_at_once_wait_for_nobody_for_ever():
    clinic = make_clinic()
    clinic.visit_type = VisitTypeFactory(needs=[PROCEDURE])
    for name in ("Procedure 1", "Procedure 2"):
        place(clinic.site, name)
    people = [colleague(clinic) for _each in range(4)]
    visits = [clinic.book(start=later(40 * number), **who) for number, who in enumerate(people)]

    def mover(number: int) -> Callable[[int], str]:
        def move(turn: int) -> str:
            by = people[number]["by"]
            with acting_as(by):
                visit = Appointment.objects.get(pk=visits[number].pk)
                try:
                    start = later(40 * ((number + turn) % 4) + 5 * (turn % 3))
                    actions.move_appointment(by=by, appointment=visit, start=start, now=NOW)
                except TimeTaken:
                    return "taken"
            return "moved"

        return move

    seen = deadlocks()
    assert set(rounds(10, [mover(number) for number in range(4)])) <= {"moved", "taken"}
    assert deadlocks() == seen
    with as_the_system(), connection.cursor() as cursor:
        cursor.execute(IN_TWO_VISITS)
        assert cursor.fetchone() == (0,)
        assert TimeClaim.objects.count() == 8
