"""Several visits as one: what would become of each is said beforehand, and all of them or none are booked or moved."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.access import NotInScope
from scheduling import actions
from scheduling.access import can_book_series, can_change_series
from scheduling.actions import NotBookable, SeriesConflict, Shift
from scheduling.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    SeriesBooked,
    SeriesCancelled,
    SeriesMoved,
)
from scheduling.models import Appointment, TimeClaim
from scheduling.queries.series import series_of
from scheduling.rules import moved_along, series_starts
from tests.factories import (
    PatientFactory,
    SiteFactory,
    WorkExceptionFactory,
    bookable_provider,
    portal_user,
    span,
    staff,
)
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, NOW

pytestmark = pytest.mark.django_db
NEW_YORK = ZoneInfo("America/New_York")
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


def weeks(count, first=NINE):
    return series_starts(first, NEW_YORK, every_days=7, count=count)


def chosen(clinic, **changes):
    asked = {"patient": clinic.patient, "provider": clinic.provider, "site": clinic.site}
    return asked | {"visit_type": clinic.visit_type, "now": NOW} | changes


def check(clinic, starts, *, by=None, **changes):
    by = by or clinic.desk
    with acting_as(by):
        return actions.check_series(by=by, starts=starts, **chosen(clinic, **changes))


def book(clinic, starts, *, by=None, series_id=None, **changes):
    by = by or clinic.desk
    with acting_as(by):
        return actions.book_series(by=by, starts=starts, series_id=series_id or uuid4(), **chosen(clinic, **changes))


def to(clinic, start, **changes):
    return Shift(**{"start": start, "provider": clinic.provider, "site": clinic.site} | changes)


def move(clinic, visit, shift, only=None, *, by=None):
    by = by or clinic.desk
    with acting_as(by):
        ids = {one.pk for one in series_of(by, visit)} if only is None else only
        return actions.move_series(by=by, appointment=visit, shift=shift, only=ids, now=NOW)


def check_move(clinic, visit, shift, *, by=None):
    by = by or clinic.desk
    with acting_as(by):
        return actions.check_series_move(by=by, appointment=visit, shift=shift, now=NOW)


def somebody_at(clinic, start):
    other = PatientFactory(site=clinic.site)
    return clinic.book(by=clinic.desk, patient=other, start=start)


def starts_of(visits):
    return [visit.starts_at for visit in visits]


# == Booking ==
def test_each_visit_is_one_of_its_own_and_all_share_a_name(clinic, announced):
    visits = book(clinic, weeks(3), reason="Physiotherapy")
    assert starts_of(visits) == weeks(3)
    assert len({visit.series_id for visit in visits}) == 1
    assert {visit.reason for visit in visits} == {"Physiotherapy"}
    assert TimeClaim.objects.count() == 3
    ids = tuple(visit.pk for visit in visits)
    assert announced(SeriesBooked) == [SeriesBooked(visits[0].series_id, clinic.patient.pk, ids)]
    assert [fact.in_series for fact in announced(AppointmentBooked)] == [True] * 3
    with as_the_system():
        (line,) = AuditEvent.objects.filter(action="scheduling.book_series")
    assert (line.detail, line.patient_id) == ({"visits": 3}, clinic.patient.pk)


@pytest.mark.bug(4)
def test_each_date_of_twenty_four_weeks_is_looked_at_and_not_the_first_two(clinic, announced):
    """A calendar looked at the first two dates of a series (cal.com #15997)."""
    with as_the_system():
        starts = weeks(24)
        somebody_at(clinic, starts[6])
        somebody_at(clinic, starts[12])
        WorkExceptionFactory(resource=clinic.resource, during=span(starts[19] - DAY / 4, 720), kind="closed")
    before = announced(AppointmentBooked)
    dates = check(clinic, starts)
    assert [number for number, date in enumerate(dates, 1) if date.problem] == [7, 13, 20]
    assert "just taken" in dates[6].problem
    assert "is away" in dates[19].problem
    assert [len(date.instead) for date in dates if date.problem] == [3, 3, 3]
    assert all(abs(free.start - starts[6]) <= DAY for free in dates[6].instead)
    assert (Appointment.objects.filter(series_id__isnull=False).count(), TimeClaim.objects.count()) == (0, 2)
    assert announced(AppointmentBooked) == before, "who only looks announces nothing"

    with pytest.raises(SeriesConflict) as refused:
        book(clinic, starts)
    assert [bool(date.problem) for date in refused.value.dates] == [bool(date.problem) for date in dates]
    assert TimeClaim.objects.count() == 2, "all or none"

    others = [date.start for date in dates if not date.problem]
    instead = [dates[6].instead[0].start, dates[12].instead[0].start]
    assert starts_of(book(clinic, others + instead)) == sorted(others + instead)
    assert TimeClaim.objects.count() == 25


def test_visits_of_one_series_stand_in_each_others_way(clinic):
    first, second = check(clinic, [NINE, NINE + timedelta(minutes=5)])
    assert not first.problem
    assert second.problem == "Somebody else has just taken this time."


def test_the_same_button_twice_books_once(clinic, announced):
    series_id = uuid4()
    once = book(clinic, weeks(2), series_id=series_id)
    again = book(clinic, weeks(2), series_id=series_id)
    assert once == again
    assert len(announced(SeriesBooked)) == 1
    with pytest.raises(NotBookable, match="for somebody else"):
        book(clinic, weeks(2), series_id=series_id, patient=PatientFactory(site=clinic.site))


@pytest.mark.parametrize("count", [0, 53])
def test_a_series_has_a_year_of_weeks_at_most(clinic, count):
    with pytest.raises(NotBookable, match="between 1 and 52"):
        book(clinic, weeks(count))


def test_a_provider_without_hours_is_said_at_once(clinic):
    with as_the_system():
        nobody = bookable_provider(clinic.site)
        nobody.resource.work_rules.all().delete()
    (date,) = check(clinic, [NINE], provider=nobody)
    assert "does not see patients" in date.problem


def test_who_waits_for_too_long_is_told_so_and_not_that_the_time_is_taken(clinic, monkeypatch):
    def crowded(**_asked):
        raise actions.Crowded("Many people are booking")

    monkeypatch.setattr("scheduling.actions.series.book_appointment", crowded)
    with pytest.raises(actions.Crowded):
        check(clinic, weeks(2))


def test_only_staff_book_several_at_once(clinic):
    elsewhere = staff("front_desk", SiteFactory())
    with pytest.raises(NotAllowed):
        book(clinic, weeks(2), by=clinic.rosa)
    with pytest.raises(NotInScope):
        book(clinic, weeks(2), by=elsewhere)
    for user, may in ((clinic.desk, True), (clinic.rosa, False), (elsewhere, False)):
        with acting_as(user):
            assert can_book_series(user, clinic.patient) is may


# == Moving ==
def test_a_weekday_later_and_an_hour_later_for_all_that_follow(clinic, announced):
    first, *rest = book(clinic, weeks(4))
    moved = move(clinic, rest[0], to(clinic, weeks(4)[1] + DAY + timedelta(hours=1)))
    assert starts_of(sorted(moved, key=lambda visit: visit.starts_at)) == [
        start + DAY + timedelta(hours=1) for start in weeks(4)[1:]
    ]
    assert series_of_desk(clinic, first)[0].starts_at == NINE
    (fact,) = announced(SeriesMoved)
    assert set(fact.appointment_ids) == {visit.pk for visit in rest}
    assert [fact.in_series for fact in announced(AppointmentMoved)] == [True] * 3


@pytest.mark.parametrize("by", [WEEK, -WEEK, timedelta(minutes=15), timedelta(minutes=-15)])
def test_onto_each_others_times_none_is_in_the_way(clinic, by):
    visits = book(clinic, weeks(4, NINE + 2 * WEEK))
    dates = check_move(clinic, visits[0], to(clinic, visits[0].starts_at + by))
    assert [date.problem for date in dates] == [""] * 4
    assert starts_of(series_of_desk(clinic, visits[0])) == starts_of(visits), "nothing stays moved"
    move(clinic, visits[0], to(clinic, visits[0].starts_at + by))
    assert starts_of(series_of_desk(clinic, visits[0])) == [start + by for start in starts_of(visits)]


def series_of_desk(clinic, visit):
    with acting_as(clinic.desk):
        return series_of(clinic.desk, visit)


def test_one_that_cannot_move_keeps_all_where_they_are_and_may_be_left_out(clinic):
    visits = book(clinic, weeks(3))
    somebody_at(clinic, weeks(3)[1] + DAY)
    shift = to(clinic, NINE + DAY)
    dates = check_move(clinic, visits[0], shift)
    assert [bool(date.problem) for date in dates] == [False, True, False]
    assert dates[1].visit == visits[1]
    with pytest.raises(SeriesConflict):
        move(clinic, visits[0], shift)
    assert starts_of(series_of_desk(clinic, visits[0])) == weeks(3)
    move(clinic, visits[0], shift, only={visits[0].pk, visits[2].pk})
    assert starts_of(series_of_desk(clinic, visits[0])) == [NINE + DAY, weeks(3)[1], weeks(3)[2] + DAY]


def test_to_another_provider(clinic):
    visits = book(clinic, weeks(2))
    with as_the_system():
        other = bookable_provider(clinic.site, user=staff("doctor", clinic.site))
    move(clinic, visits[0], to(clinic, NINE, provider=other))
    assert {visit.provider_id for visit in series_of_desk(clinic, visits[0])} == {other.pk}
    assert set(TimeClaim.objects.values_list("resource__provider", flat=True)) == {other.pk}


def test_to_where_they_are_nothing_happens(clinic, announced):
    visits = book(clinic, weeks(2))
    move(clinic, visits[0], to(clinic, NINE))
    assert announced(SeriesMoved) == []


def test_one_alone_is_no_series_and_one_that_is_over_is_not_moved(clinic):
    alone = clinic.book()
    assert series_of_desk(clinic, alone) == []
    with pytest.raises(NotBookable, match="stands alone"):
        check_move(clinic, alone, to(clinic, NINE + DAY))
    visits = book(clinic, weeks(2, NINE + timedelta(hours=3)))
    cancel(clinic, visits[0])
    with pytest.raises(NotBookable, match="still to come"):
        check_move(clinic, visits[0], to(clinic, NINE + DAY))


# == Calling off ==
def cancel(clinic, visit, *, by=None):
    by = by or clinic.desk
    with acting_as(by):
        return actions.cancel_series(by=by, appointment=visit, reason="The course is over", now=NOW)


def test_from_one_visit_on_all_are_called_off_and_told_of_once(clinic, announced):
    visits = book(clinic, weeks(3))
    assert cancel(clinic, visits[1]) == 2
    assert [visit.status for visit in series_of_desk(clinic, visits[0])] == ["booked", "cancelled", "cancelled"]
    assert TimeClaim.objects.count() == 1
    (fact,) = announced(SeriesCancelled)
    assert fact.appointment_ids == (visits[1].pk, visits[2].pk)
    assert [fact.in_series for fact in announced(AppointmentCancelled)] == [True, True]


def test_who_may_not_change_one_may_not_change_all(clinic):
    visits = book(clinic, weeks(2))
    elsewhere = staff("front_desk", SiteFactory())
    for user, refusal in ((clinic.rosa, NotAllowed), (elsewhere, NotInScope)):
        with pytest.raises(refusal):
            cancel(clinic, visits[0], by=user)
        with pytest.raises(refusal):
            move(clinic, visits[0], to(clinic, NINE + DAY), {visits[0].pk}, by=user)
        with acting_as(user):
            assert not can_change_series(user, visits[0])
    with acting_as(clinic.desk):
        assert can_change_series(clinic.desk, visits[0])


def test_nobody_else_reads_the_series(clinic):
    visits = book(clinic, weeks(2))
    stranger = portal_user(PatientFactory(site=clinic.site))
    for user, count in ((clinic.rosa, 2), (stranger, 0)):
        with acting_as(user):
            assert len(series_of(user, visits[0])) == count


# == The clock ==
@given(
    minutes=st.integers(0, 3 * 366 * 24 * 60),
    every=st.integers(1, 28),
    count=st.integers(1, 52),
)
def test_all_are_at_the_same_time_of_the_clock_but_where_the_clock_skips_it(minutes, every, count):
    begin = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    starts = series_starts(begin, NEW_YORK, every_days=every, count=count)
    assert starts[0] == begin
    local = [start.astimezone(NEW_YORK) for start in starts]
    wall = begin.astimezone(NEW_YORK).time()
    for number, at in enumerate(local):
        day = begin.astimezone(NEW_YORK).date() + number * every * DAY
        skipped = datetime.combine(day, wall, NEW_YORK).astimezone(UTC).astimezone(NEW_YORK).time() != wall
        assert at.date() == day
        assert at.time() == wall or skipped


def test_over_a_change_of_the_clocks_the_visits_stay_at_nine():
    starts = series_starts(datetime(2026, 10, 26, 13, tzinfo=UTC), NEW_YORK, every_days=7, count=2)
    assert starts == [datetime(2026, 10, 26, 13, tzinfo=UTC), datetime(2026, 11, 2, 14, tzinfo=UTC)]
    nine = datetime(2026, 10, 26, 13, tzinfo=UTC)
    assert moved_along(nine, NEW_YORK, days=7, clock=nine.astimezone(NEW_YORK).time()) == starts[1]
