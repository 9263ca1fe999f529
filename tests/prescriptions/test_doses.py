"""A patient takes a medicine at times of their own, and says what they took: by the verbs and both walls."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import Provider
from healthcare.db.context import acting_as
from patients.access import NotInScope
from prescriptions import actions
from prescriptions.models import DoseMark, DosePlan, Prescription
from prescriptions.queries.doses import Course, course_of, courses_of
from prescriptions.rules.doses import moment_of
from prescriptions.rules.sig import Sig
from tests.factories import (
    DoseMarkFactory,
    DosePlanFactory,
    HaltFactory,
    MedicationFactory,
    PatientFactory,
    PrescriptionFactory,
    portal_user,
    proxy_of,
    staff,
)
from tests.prescriptions.conftest import audit_of
from tests.prescriptions.test_walls import both
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
ZONE = "America/New_York"
MONDAY = date(2026, 11, 16)
TWICE = [time(8), time(20)]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """So many days after that Monday, by the clock in New York."""
    return moment_of(MONDAY + timedelta(days=day), time(hour, minute), ZONE)


def directions(frequency: str = "twice_daily", days: int = 30, **more: Any) -> Sig:
    return Sig(Decimal(1), "tablet", "oral", frequency, days, **{"ongoing": True} | more)


@pytest.fixture
def rosa(patient) -> Any:
    return portal_user(patient)


@pytest.fixture
def given(patient, doctor) -> Callable[..., Prescription]:
    """Collected on that Monday at seven."""

    def make(frequency: str = "twice_daily", days: int = 30, ongoing: bool = True, **more: Any) -> Prescription:
        when = {name: at(0, 7) for name in ("signed_at", "ready_at", "picked_up_at")}
        more = {"status": "picked_up", **when} | more
        return PrescriptionFactory(
            patient=patient,
            prescriber=Provider.objects.get(user=doctor),
            medication=MedicationFactory(),
            directions=directions(frequency, days, ongoing=ongoing),
            ends_at=None if ongoing else at(days, 7),
            **more,
        )

    return make


def sets(user: Any, prescription: Prescription, now: datetime | None = None, **said: Any) -> DosePlan:
    said = {"times": TWICE, "time_zone": ZONE} | said
    with acting_as(user):
        return actions.plan_doses(by=user, prescription=prescription, now=now or at(0, 7, 30), **said)


def ends(user: Any, prescription: Prescription, now: datetime) -> None:
    with acting_as(user):
        actions.end_doses(by=user, prescription=prescription, now=now)


def marks(user: Any, prescription: Prescription, now: datetime, state: str = "taken", **said: Any) -> DoseMark:
    said = {"day": MONDAY, "at": time(8)} | said
    with acting_as(user):
        return actions.mark_dose(by=user, prescription=prescription, state=state, now=now, **said)


def course(user: Any, prescription: Prescription, now: datetime) -> Course:
    with acting_as(user):
        found = course_of(user, prescription, now)
    assert found
    return found


def hours(user: Any, prescription: Prescription, day: int, now: datetime | None = None) -> list[int]:
    """Of the doses of that day."""
    when = MONDAY + timedelta(days=day)
    return [one.dose.at.hour for one in course(user, prescription, now or at(day, 12)).doses(when, when)]


# == On and off ==
def test_times_count_at_once_and_are_in_the_audit(given, rosa) -> None:
    prescription = given()
    plan = sets(rosa, prescription, at(0, 12), times=[time(20), time(8)])
    assert plan.times == TWICE
    assert (plan.first_day, plan.every, plan.set_by) == (MONDAY, 1, rosa)
    assert hours(rosa, prescription, 0) == [20]
    assert hours(rosa, prescription, 1) == [8, 20]
    assert audit_of(plan) == ["prescriptions.plan_doses"]  # type: ignore[arg-type]


def test_other_times_count_from_midnight(given, rosa) -> None:
    prescription = given()
    sets(rosa, prescription)
    sets(rosa, prescription, at(0, 12), times=[time(9), time(21)])
    assert hours(rosa, prescription, 0) == [8, 20]
    assert hours(rosa, prescription, 1) == [9, 21]
    sets(rosa, prescription, at(0, 13), times=[time(10), time(22)])
    assert hours(rosa, prescription, 0) == [8, 20]
    assert hours(rosa, prescription, 1) == [10, 22]
    now = course(rosa, prescription, at(0, 14)).current
    assert now
    assert now.times == [time(10), time(22)]


def test_turned_off_nothing_is_due_and_turned_on_again_it_begins_on_the_next_day(given, rosa) -> None:
    prescription = given()
    plan = sets(rosa, prescription)
    ends(rosa, prescription, at(0, 12))
    assert hours(rosa, prescription, 0) == [8]
    assert hours(rosa, prescription, 1) == []
    assert course(rosa, prescription, at(0, 13)).current is None
    with pytest.raises(actions.NotPossible, match="No times are set"):
        ends(rosa, prescription, at(0, 12))
    sets(rosa, prescription, at(0, 13))
    assert hours(rosa, prescription, 0) == [8]
    assert hours(rosa, prescription, 1) == [8, 20]
    assert audit_of(plan) == ["prescriptions.plan_doses", "prescriptions.end_doses"]  # type: ignore[arg-type]


def test_turned_off_after_a_change_of_the_same_day_both_end(given, rosa) -> None:
    prescription = given()
    sets(rosa, prescription)
    sets(rosa, prescription, at(0, 12), times=[time(9), time(21)])
    ends(rosa, prescription, at(0, 13))
    assert hours(rosa, prescription, 0) == [8]
    assert hours(rosa, prescription, 1) == []


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"times": [time(8)]}, "As many times of day"),
        ({"times": [time(8), time(8, 30)]}, "at least an hour"),
        ({"time_zone": "Mars/Olympus"}, "Choose a time zone"),
    ],
)
def test_times_that_do_not_follow_the_directions_are_refused(given, rosa, said, sentence) -> None:
    with pytest.raises(actions.NotPossible, match=sentence):
        sets(rosa, given(), **said)


def test_once_a_week_keeps_its_distance(given, rosa) -> None:
    prescription = given("once_weekly")
    said = {"times": [time(8)]}
    for day in (None, MONDAY - timedelta(days=1), MONDAY + timedelta(days=14)):
        with pytest.raises(actions.NotPossible, match="Choose the day of your next dose"):
            sets(rosa, prescription, first_day=day, **said)
    plan = sets(rosa, prescription, first_day=MONDAY, **said)
    assert (plan.every, plan.first_day) == (7, MONDAY)
    assert [hours(rosa, prescription, day) for day in (0, 1, 7)] == [[8], [], [8]]
    marks(rosa, prescription, at(0, 8))
    with pytest.raises(actions.NotPossible, match="Leave 7 days between two doses: you took the last one on Nov 16"):
        sets(rosa, prescription, at(2, 12), first_day=MONDAY + timedelta(days=3), **said)
    sets(rosa, prescription, at(2, 12), first_day=MONDAY + timedelta(days=8), **said)
    assert [hours(rosa, prescription, day) for day in (7, 8, 15)] == [[], [8], [8]]


def test_what_is_not_taken_regularly_or_no_longer_has_no_times(given, rosa) -> None:
    stopped = given()
    HaltFactory(prescription=stopped, act="stop", reason="side_effect", starts_at=at(0, 7), said_at=at(0, 7))
    with pytest.raises(actions.NotPossible, match="on hold or was stopped"):
        sets(rosa, stopped)
    held = given()
    HaltFactory(prescription=held, starts_at=at(0, 7), said_at=at(0, 7))
    with pytest.raises(actions.NotPossible, match="on hold or was stopped"):
        sets(rosa, held)
    with pytest.raises(actions.NotPossible, match="when it is needed"):
        sets(rosa, given("once", 1, ongoing=False))
    with pytest.raises(actions.NotPossible, match="Its supply is over"):
        sets(rosa, given(days=7, ongoing=False), at(7, 7))
    with pytest.raises(actions.NotPossible, match="Its supply is over"):
        sets(rosa, given(days=7), at(7, 8))
    with pytest.raises(actions.NotPossible, match="Its supply is over"):
        sets(rosa, given(status="cancelled", picked_up_at=None, ready_at=None, cancelled_at=at(0, 7)))


def test_nothing_after_a_death(given, rosa, patient) -> None:
    prescription = given()
    sets(rosa, prescription)
    with as_the_system():
        patient.deceased = True
        patient.save(update_fields=["deceased"])
    with pytest.raises(actions.NotPossible, match="has died"):
        sets(rosa, prescription)
    with pytest.raises(actions.NotPossible, match="has died"):
        marks(rosa, prescription, at(0, 8))


# == Who ==
def test_who_acts_for_the_patient_in_everything_may_and_others_may_not(given, patient, doctor) -> None:
    prescription = given()
    mother = proxy_of(patient)
    sets(mother, prescription)
    assert marks(mother, prescription, at(0, 8)).marked_by == mother
    with pytest.raises(NotAllowed):
        sets(doctor, prescription)
    with pytest.raises(NotAllowed):
        ends(doctor, prescription, at(0, 9))
    with pytest.raises(NotAllowed):
        marks(doctor, prescription, at(0, 9))
    for stranger in (portal_user(PatientFactory()), proxy_of(patient, scopes=("identity", "schedule"))):
        with pytest.raises(NotInScope):
            sets(stranger, prescription)


def test_the_walls_agree(given, rosa, doctor, patient) -> None:
    plan = DosePlanFactory(prescription=given(), set_by=rosa)
    mark = DoseMarkFactory(plan=plan)
    marked = DoseMarkFactory(plan__prescription=given(sensitivity="mental_health"))
    for user in (rosa, doctor):
        assert mark.pk in both(DoseMark, user)
        assert plan.pk in both(DosePlan, user)
    nurse = staff("nurse", patient.site)
    assert both(DoseMark, nurse) == {mark.pk}
    assert marked.pk not in both(DoseMark, nurse)
    assert both(DosePlan, staff("front_desk", patient.site)) == set()
    assert both(DosePlan, portal_user(PatientFactory())) == set()


def test_staff_marks_nothing_even_past_the_verb(given, rosa, doctor) -> None:
    plan = DosePlanFactory(prescription=given(), set_by=rosa)
    told = {"plan": plan, "patient_id": plan.patient_id, "day": MONDAY, "at": time(8), "state": "taken"}
    mark = DoseMark(**told, marked_at=at(0, 8), marked_by=doctor)
    with acting_as(doctor), transaction.atomic(), pytest.raises(DatabaseError):
        mark.save(force_insert=True)


# == Taken or skipped ==
def test_taken_then_skipped_on_the_same_day_is_one_mark(given, rosa) -> None:
    prescription = given()
    sets(rosa, prescription)
    mark = marks(rosa, prescription, at(0, 8))
    assert (mark.state, mark.reason) == ("taken", "")
    assert marks(rosa, prescription, at(0, 9)).marked_at == at(0, 8)
    again = marks(rosa, prescription, at(0, 10), "skipped", reason="forgot")
    assert (again.pk, again.state, again.reason) == (mark.pk, "skipped", "forgot")
    assert marks(rosa, prescription, at(0, 11), reason="forgot").reason == ""
    with as_the_system():
        assert DoseMark.objects.count() == 1
    assert audit_of(mark) == ["prescriptions.mark_dose"] * 3  # type: ignore[arg-type]


def test_two_people_mark_one_dose_once(given, rosa, patient) -> None:
    prescription, mother = given(), proxy_of(patient)
    sets(rosa, prescription)
    assert marks(mother, prescription, at(0, 8)).pk == marks(rosa, prescription, at(0, 8, 1)).pk


def test_a_reason_is_asked_for_and_known(given, rosa) -> None:
    prescription = given()
    sets(rosa, prescription)
    with pytest.raises(actions.NotPossible, match="Choose why"):
        marks(rosa, prescription, at(0, 8), "skipped")
    for said in ({"state": "eaten"}, {"state": "skipped", "reason": "bored"}):
        with pytest.raises(ValueError, match="is not a valid"):
            marks(rosa, prescription, at(0, 8), **said)


def test_up_to_two_days_back_and_changed_on_the_day_of_the_mark(given, rosa) -> None:
    prescription = given()
    sets(rosa, prescription)
    with pytest.raises(actions.NotPossible, match="too early"):
        marks(rosa, prescription, at(0, 8), at=time(20))
    marks(rosa, prescription, at(2, 23))
    marks(rosa, prescription, at(2, 23), "skipped", reason="other")
    with pytest.raises(actions.NotPossible, match="today and of the two days before"):
        marks(rosa, prescription, at(3, 0), at=time(20))
    marks(rosa, prescription, at(1, 8), day=MONDAY + timedelta(days=1))
    with pytest.raises(actions.NotPossible, match="It was marked already: Taken, Nov 17, 2026"):
        marks(rosa, prescription, at(2, 8), "skipped", reason="other", day=MONDAY + timedelta(days=1))


def test_only_what_is_due_is_marked(given, rosa) -> None:
    prescription = given()
    with pytest.raises(actions.NotPossible, match="No such dose"):
        marks(rosa, prescription, at(0, 8))
    sets(rosa, prescription)
    with pytest.raises(actions.NotPossible, match="No such dose"):
        marks(rosa, prescription, at(0, 8), at=time(7))


# == What is due ==
def test_on_hold_stopped_and_over_nothing_is_due_from_then_on(given, rosa) -> None:
    prescription = given(days=7)
    sets(rosa, prescription)
    HaltFactory(prescription=prescription, starts_at=at(1, 12), said_at=at(1, 12))
    HaltFactory(prescription=prescription, act="resume", reason="", starts_at=at(3, 12), said_at=at(3, 12))
    assert [hours(rosa, prescription, day) for day in range(9)] == [
        [8, 20],
        [8],
        [],
        [20],
        [8, 20],
        [8, 20],
        [8, 20],
        [],
        [],
    ]
    assert course(rosa, prescription, at(7, 8)).is_over
    HaltFactory(prescription=prescription, act="stop", reason="side_effect", starts_at=at(5, 12), said_at=at(5, 12))
    assert hours(rosa, prescription, 5) == [8]


def test_cancelled_nothing_is_due_from_then_on(given, rosa) -> None:
    prescription = given(status="signed", picked_up_at=None, ready_at=None)
    sets(rosa, prescription)
    with as_the_system():
        row = Prescription.objects.get(pk=prescription.pk)
        row.status, row.cancelled_at, row.cancelled_by, row.cancel_reason = "cancelled", at(1, 12), rosa, "wrong"
        row.save()
    assert [hours(rosa, prescription, day) for day in range(3)] == [[8, 20], [8], []]


def test_a_course_ends_with_its_supply_and_repeats_add_to_what_goes_on(given, rosa) -> None:
    course_of_days = given(days=7, ongoing=False)
    sets(rosa, course_of_days)
    assert hours(rosa, course_of_days, 6) == [8, 20]
    assert hours(rosa, course_of_days, 7) == []
    repeated = given(days=7, repeats=1)
    sets(rosa, repeated)
    assert hours(rosa, repeated, 13) == [8, 20]
    assert hours(rosa, repeated, 14) == []


def test_what_was_marked_counts_though_it_was_stopped_backwards(given, rosa) -> None:
    prescription = given()
    sets(rosa, prescription)
    marks(rosa, prescription, at(0, 8))
    HaltFactory(prescription=prescription, act="stop", reason="side_effect", starts_at=at(0, 0), said_at=at(1, 0))
    assert hours(rosa, prescription, 0) == [8]


# == The month ==
def test_the_month_counts_what_was_taken_skipped_and_not_marked(given, rosa, patient) -> None:
    prescription = given()
    sets(rosa, prescription)
    marks(rosa, prescription, at(0, 8))
    marks(rosa, prescription, at(1, 8), day=MONDAY, at=time(20), state="skipped", reason="ran_out")
    now = at(1, 9)
    with acting_as(rosa):
        (found,) = courses_of(rosa, patient, now)
    assert (found.tally().taken, found.tally().skipped, found.tally().unmarked, found.tally().percent) == (1, 1, 1, 33)
    days = found.days
    assert len(days) == 30
    assert days[-1][0] == found.today == MONDAY + timedelta(days=1)
    assert [one.state for one in days[-2][1]] == ["taken", "skipped"]
    assert [one.dose.at for one in found.unmarked_before()] == [time(20)]
    assert [(one.may_mark, one.is_later) for one in found.doses_of_today()] == [(True, False), (False, True)]


def test_no_times_no_queries_but_one(given, rosa, patient, assert_queries) -> None:
    given()
    with acting_as(rosa), assert_queries() as found:
        assert courses_of(rosa, patient, datetime.now(UTC)) == []
    assert len(found) == 1
