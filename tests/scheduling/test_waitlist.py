"""The list: who puts whom on it, who goes before others, and when a line is over."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as, acting_as_system
from patients.access import NotInScope
from scheduling import actions, tasks
from scheduling.actions import NotBookable, NotOpen
from scheduling.models import Wait
from scheduling.queries.waitlist import waiting_for, waits_of
from tests.events.draining import as_worker
from tests.factories import (
    PatientFactory,
    SiteFactory,
    VisitTypeFactory,
    WaitFactory,
    WaitOfferFactory,
    portal_user,
    staff,
)
from tests.roles import as_the_system, taking_role
from tests.scheduling.conftest import NOW, Clinic
from tests.scheduling.waiting import DAY, another, fresh, holds, join, joined, offer, offers, wish

pytestmark = pytest.mark.django_db


def leave(clinic: Clinic, wait: Wait, by: object = None) -> Wait:
    by = by or clinic.rosa
    with acting_as(by):
        return actions.leave_waitlist(by=by, wait=wait, now=NOW)


def rank(clinic: Clinic, wait: Wait, priority: int, reason: str = "Pain", by: object = None) -> Wait:
    by = by or clinic.desk
    with acting_as(by):
        return actions.rank_waitlist(by=by, wait=wait, priority=priority, reason=reason)


# == On the list ==
def test_a_patient_and_the_desk_for_them_put_them_on_the_list(clinic: Clinic) -> None:
    wait = join(clinic, wish=wish(isodows=[5, 2], parts=["morning"]))
    assert (wait.isodows, wait.parts, wait.added_by) == ([2, 5], ["morning"], clinic.rosa)
    by_desk = join(clinic, by=clinic.desk, provider=clinic.provider)
    assert by_desk.added_by == clinic.desk
    with acting_as(clinic.rosa):
        assert waits_of(clinic.rosa, clinic.patient) == [wait, by_desk]


def test_nobody_else_does(clinic: Clinic) -> None:
    with pytest.raises(NotInScope):
        join(clinic, by=portal_user(PatientFactory()))
    with pytest.raises(NotInScope):
        join(clinic, by=staff("front_desk"))
    with pytest.raises(NotAllowed):
        join(clinic, by=staff("billing", clinic.site))


def test_the_same_once_more_changes_the_days_and_keeps_the_place(clinic: Clinic) -> None:
    first = rank(clinic, join(clinic), 1)
    again = join(clinic, wish=wish(parts=["evening"]))
    assert again.pk == first.pk
    kept = fresh(first)
    assert (kept.parts, kept.priority) == (["evening"], 1)


def test_days_that_are_over_out_of_order_or_too_far_are_refused(clinic: Clinic) -> None:
    today = NOW.date()
    for days, why in (
        ((today - 9 * DAY, today - DAY), "last day is over"),
        ((today + 9 * DAY, today + DAY), "first day comes after"),
        ((today, today + 400 * DAY), "longer than a year"),
    ):
        with pytest.raises(NotBookable, match=why):
            join(clinic, wish=wish(first_day=days[0], last_day=days[1]))


def test_what_could_not_be_booked_is_not_waited_for(clinic: Clinic) -> None:
    off = VisitTypeFactory(portal_mode="off")
    with pytest.raises(NotBookable, match="Please call"):
        join(clinic, visit_type=off)
    with pytest.raises(NotBookable, match="Please call"):
        join(clinic, visit_type=off, provider=clinic.provider)
    assert join(clinic, by=clinic.desk, visit_type=off).is_waiting
    with pytest.raises(NotBookable, match="does not work at this site"):
        join(clinic, provider=clinic.provider, site=SiteFactory())


def test_one_patient_has_five_lines_at_most(clinic: Clinic) -> None:
    for _each in range(5):
        join(clinic, visit_type=VisitTypeFactory())
    with pytest.raises(NotBookable, match="several lines"):
        join(clinic)


def test_the_database_knows_each_line_once_and_whole(clinic: Clinic) -> None:
    wait = WaitFactory(patient=clinic.patient)
    with pytest.raises(IntegrityError, match="wait_once_for_each"), transaction.atomic():
        WaitFactory(patient=clinic.patient, visit_type=wait.visit_type)
    for wrong, name in (
        ({"parts": ["night"]}, "wait_parts_are_known"),
        ({"isodows": [8]}, "wait_on_weekdays"),
        ({"priority": 1}, "wait_ahead_says_why"),
        ({"state": "left"}, "wait_ended_says_when"),
        ({"first_day": date(2050, 1, 1)}, "wait_days_in_order"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            WaitFactory(**wrong)
    WaitOfferFactory(wait=wait)
    with pytest.raises(IntegrityError, match="offer_one_at_a_time"), transaction.atomic():
        WaitOfferFactory(wait=wait)


# == The order ==
def test_who_came_first_stands_first_unless_the_desk_says_why_not(clinic: Clinic) -> None:
    first, second = join(clinic), joined(clinic)

    def order() -> list[Wait]:
        with acting_as(clinic.desk):
            return waiting_for(clinic.desk)

    assert order() == [first, second]
    with pytest.raises(NotBookable, match="Say why"):
        rank(clinic, second, 1, " ")
    assert rank(clinic, second, 1).priority_reason == "Pain"
    assert order() == [second, first]
    assert rank(clinic, second, 0).priority_reason == ""
    assert order() == [first, second]


def test_patients_do_not_put_themselves_first(clinic: Clinic) -> None:
    wait = join(clinic)
    with pytest.raises(NotAllowed):
        rank(clinic, wait, 2, by=clinic.rosa)
    with pytest.raises(NotInScope):
        rank(clinic, wait, 2, by=staff("front_desk"))
    leave(clinic, wait)
    with pytest.raises(NotOpen, match="Taken off"):
        rank(clinic, wait, 2)


# == Off the list ==
def test_a_line_is_taken_off_once_and_what_was_kept_goes_to_the_next(clinic: Clinic) -> None:
    wait = join(clinic)
    other = joined(clinic)
    offer(clinic)
    assert leave(clinic, wait).state == "left"
    assert leave(clinic, wait, clinic.desk).ended_by == clinic.rosa
    assert holds() == []
    offer(clinic)
    assert offers() == [(clinic.patient.pk, "withdrawn"), (other.patient_id, "offered")]


def test_a_stranger_takes_nobody_off(clinic: Clinic) -> None:
    wait = join(clinic)
    for stranger in (another(clinic)[1], staff("front_desk")):
        with pytest.raises(NotInScope):
            leave(clinic, wait, stranger)


def test_a_line_is_over_when_its_last_day_is(clinic: Clinic) -> None:
    wait = join(clinic, wish=wish(last_day=NOW.date()))

    def end(now: object) -> int:
        return as_worker(lambda: actions.end_waitlist(now=now))

    midnight = NOW.replace(hour=4) + timedelta(days=1)  # of the clock in New York
    assert end(midnight - timedelta(minutes=1)) == 0
    assert end(midnight) == 1
    assert fresh(wait).state == "over"
    assert end(midnight) == 0


def test_the_job_ends_lines(clinic: Clinic) -> None:
    wait = WaitFactory(patient=clinic.patient, first_day=date(2020, 1, 1), last_day=date(2020, 2, 1))
    with taking_role("worker"):
        tasks.end_waitlist()
    assert fresh(wait).state == "over"


def test_the_dead_wait_for_nothing(clinic: Clinic) -> None:
    wait = join(clinic)
    offer(clinic)
    with as_the_system():
        clinic.patient.deceased = True
        clinic.patient.save()
    with taking_role("worker"), acting_as_system("test"):
        actions.cancel_visits_of_the_dead(by=None, patient_id=clinic.patient.pk, now=NOW)
    assert fresh(wait).state == "left"
    assert (offers(), holds()) == ([(clinic.patient.pk, "withdrawn")], [])
