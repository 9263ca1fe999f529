"""Free time from rules, as the database makes it; and that what is shown is what can be booked."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from psycopg.types.range import DateRange

from healthcare.db.context import acting_as
from scheduling.models import WorkRule
from scheduling.queries import Time, free_spans, free_times, time_is
from scheduling.rules import Length, day_span, on_grid, starts_within
from tests.factories import (
    ResourceFactory,
    SiteFactory,
    TimeClaimFactory,
    VisitTypeFactory,
    WorkExceptionFactory,
    WorkRuleFactory,
    bookable_provider,
    span,
)
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, NOW, later

pytestmark = pytest.mark.django_db
NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2030, 5, 6)


def on_clock(day, hour, minute=0, zone=NEW_YORK):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)


@pytest.fixture
def rule():
    """Mondays from nine to five, New York."""
    return WorkRuleFactory()


def free_on(rule, day, days=1):
    between = day_span(day, NEW_YORK)[0], day_span(day + timedelta(days=days - 1), NEW_YORK)[1]
    return free_spans([rule.resource_id], between)[rule.resource_id].get(rule.site_id, [])


def change(row, **values):
    with as_the_system():
        for name, value in values.items():
            setattr(row, name, value)
        row.save()


# == Rules ==
def test_hours_are_on_the_clock_of_the_site(rule):
    assert free_on(rule, MONDAY) == [(on_clock(MONDAY, 9), on_clock(MONDAY, 17))]
    assert free_on(rule, MONDAY + timedelta(days=1)) == []
    change(rule.site, time_zone="Asia/Kolkata")
    begins, ends = free_on(rule, MONDAY - timedelta(days=1), days=2)[0]
    assert f"{begins.astimezone(ZoneInfo('Asia/Kolkata')):%H:%M}" == "09:00"
    assert ends - begins == timedelta(hours=8)


def test_a_rule_holds_while_it_is_valid(rule):
    change(rule, validity=DateRange(MONDAY, MONDAY + timedelta(days=8)))
    found = [day for day in range(-7, 22) if free_on(rule, MONDAY + timedelta(days=day))]
    assert found == [0, 7]


def test_several_rules_a_day_are_several_spans_and_those_that_touch_are_one(rule):
    change(rule, starts=time(9), ends=time(12))
    WorkRuleFactory(resource=rule.resource, site=rule.site, starts=time(13), ends=time(15))
    WorkRuleFactory(resource=rule.resource, site=rule.site, starts=time(15), ends=time(17))
    assert free_on(rule, MONDAY) == [
        (on_clock(MONDAY, 9), on_clock(MONDAY, 12)),
        (on_clock(MONDAY, 13), on_clock(MONDAY, 17)),
    ]


def test_an_end_before_the_start_is_on_the_next_day(rule):
    change(rule, starts=time(22), ends=time(6))
    tuesday = MONDAY + timedelta(days=1)
    assert free_on(rule, MONDAY, days=2) == [(on_clock(MONDAY, 22), on_clock(tuesday, 6))]
    assert free_on(rule, tuesday) == [(on_clock(tuesday, 0), on_clock(tuesday, 6))]


def test_each_site_has_its_own_hours(rule):
    other = WorkRuleFactory(resource=rule.resource, site=SiteFactory(), isodow=2)
    assert free_on(other, MONDAY) == []
    assert free_on(other, MONDAY + timedelta(days=1)) != []


# == Less what is taken ==
def test_less_holds_that_run_blocks_and_closures(rule):
    resource = rule.resource
    TimeClaimFactory(resource=resource, kind="hold", hold_until=NOW + timedelta(days=9000), blocked=at(9, 60))
    TimeClaimFactory(resource=resource, kind="hold", hold_until=NOW - timedelta(days=9000), blocked=at(10, 60))
    TimeClaimFactory(resource=resource, lane=-1, blocked=at(12, 60))
    TimeClaimFactory(resource=resource, kind="hold", hold_until=NOW + timedelta(days=9000), blocked=at(14, 30))
    WorkExceptionFactory(resource=resource, during=at(15, 30))
    assert free_on(rule, MONDAY) == [
        (on_clock(MONDAY, *one), on_clock(MONDAY, *other))
        for one, other in [((10,), (12,)), ((13,), (14,)), ((14, 30), (15,)), ((15, 30), (17,))]
    ]


def at(hour, minutes):
    return span(on_clock(MONDAY, hour), minutes)


def test_a_closure_of_one_site_leaves_the_other_open(rule):
    WorkExceptionFactory(resource=rule.resource, site=SiteFactory(), during=at(9, 480))
    assert free_on(rule, MONDAY) != []
    WorkExceptionFactory(resource=rule.resource, site=rule.site, during=at(9, 480))
    assert free_on(rule, MONDAY) == []


def test_with_extra_hours(rule):
    WorkExceptionFactory(resource=rule.resource, kind="extra", site=rule.site, during=at(17, 60))
    assert free_on(rule, MONDAY) == [(on_clock(MONDAY, 9), on_clock(MONDAY, 18))]


def test_what_a_span_is(rule):
    ask = lambda hour, minutes: time_is(  # noqa: E731
        rule.resource_id, rule.site_id, (on_clock(MONDAY, hour), on_clock(MONDAY, hour) + timedelta(minutes=minutes))
    )
    TimeClaimFactory(resource=rule.resource, blocked=at(12, 60))
    assert ask(9, 60) == Time.FREE
    assert ask(11, 61) == Time.TAKEN
    assert ask(16, 61) == Time.OUTSIDE
    assert time_is(rule.resource_id, SiteFactory().pk, (NINE, later(10))) == Time.OUTSIDE


# == The day the clocks change ==
def fixed(rule, day, starts, ends, zone="America/New_York"):
    change(rule.site, time_zone=zone)
    change(rule, isodow=day.isoweekday(), starts=starts, ends=ends)
    begins, end = day_span(day, ZoneInfo(zone))
    return free_spans([rule.resource_id], (begins, end))[rule.resource_id].get(rule.site_id, [])


def test_hours_that_vanish_are_none_and_hours_round_them_are_shorter(rule):
    spring = date(2026, 3, 8)
    assert fixed(rule, spring, time(2), time(3)) == []
    assert fixed(rule, spring, time(2, 30), time(3)) == []
    ((begins, ends),) = fixed(rule, spring, time(1, 30), time(3, 30))
    assert ends - begins == timedelta(hours=1)
    ((begins, ends),) = fixed(rule, spring, time(0), time(13))
    assert f"{ends.astimezone(NEW_YORK):%H:%M}" == "13:00"
    assert ends - begins == timedelta(hours=12)


def test_hours_that_come_twice_are_longer(rule):
    ((begins, ends),) = fixed(rule, date(2026, 11, 1), time(0), time(13))
    assert ends - begins == timedelta(hours=14)
    assert f"{ends.astimezone(NEW_YORK):%H:%M}" == "13:00"


ZONES = [
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Havana",  # changes at midnight
    "America/Santiago",  # southern, at midnight
    "America/Phoenix",
    "Europe/London",
    "Europe/Berlin",
    "Africa/Cairo",
    "Australia/Sydney",
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Auckland",
    "Atlantic/Azores",
]


def changes_of(zone):
    """Days in 2026 to 2028 on which the offset changes."""
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(3 * 365 + 1)]
    return [day for day in days if day_span(day, zone)[1] - day_span(day, zone)[0] != timedelta(days=1)]


@pytest.fixture
def every_quarter():
    """A resource for each quarter of an hour, with half an hour from there on every day."""
    site = SiteFactory()
    starts = [time(hour, minute) for hour, minute in product(range(24), range(0, 60, 15))]
    resources = {start: ResourceFactory() for start in starts}
    with as_the_system():
        WorkRule.objects.bulk_create(
            WorkRule(
                resource=resource,
                site=site,
                isodow=isodow,
                starts=start,
                ends=(datetime.combine(MONDAY, start, tzinfo=UTC) + timedelta(minutes=30)).time(),
                validity=DateRange(date(2020, 1, 1), None),
            )
            for start, resource in resources.items()
            for isodow in range(1, 8)
        )
    return site, resources


def test_on_every_day_on_which_clocks_change_hours_begin_and_end_by_the_clock(every_quarter):
    site, resources = every_quarter
    for name in ZONES:
        change(site, time_zone=name)
        zone = ZoneInfo(name)
        for day in changes_of(zone) or [date(2026, 3, 8)]:
            noons = [datetime.combine(day + timedelta(days=n), time(12), tzinfo=zone) for n in (-1, 1)]
            found = free_spans([resource.pk for resource in resources.values()], (noons[0], noons[1]))
            for start, resource in resources.items():
                spans = [free for free in found[resource.pk].get(site.pk, [])]
                check_one(name, zone, day, start, spans)


def check_one(name, zone, day, start, spans):
    end = datetime.combine(day, start) + timedelta(minutes=30)
    if not (exists(day, start, zone) and exists(end.date(), end.time(), zone)):
        return  # hours that a change swallows are tried by themselves above
    mine = [s for s in spans if s[0].astimezone(zone).date() == day]
    assert len(mine) == 1, f"{name} {day} {start}: {mine}"
    begins, ends = (moment.astimezone(zone) for moment in mine[0])
    assert (begins.time(), ends.time()) == (start, end.time()), f"{name} {day} {start}"


def exists(day, at_time, zone):
    local = datetime.combine(day, at_time, tzinfo=zone)
    return local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)


@pytest.mark.parametrize("name", ["America/New_York", "Australia/Lord_Howe", "America/Havana"])
def test_on_such_a_day_what_is_shown_is_what_can_be_booked(name):
    site = SiteFactory(time_zone=name)
    provider = bookable_provider(site)
    kind = VisitTypeFactory(minutes=30, grid_minutes=15)
    zone = ZoneInfo(name)
    for day in changes_of(zone)[:2]:
        begins, ends = day_span(day, zone)
        shown = [
            time.start
            for time in free_times(
                providers=[provider],
                visit_type=kind,
                site=site,
                between=(begins, ends),
                now=begins - timedelta(days=2),
                by_patient=True,
            )
        ]
        every = [begins + n * timedelta(minutes=1) for n in range(int((ends - begins).total_seconds() // 60))]
        bookable = [
            minute
            for minute in every
            if on_grid(minute, zone, 15)
            and time_is(provider.resource.pk, site.pk, Length(30).blocked(minute)) == Time.FREE
        ]
        assert shown == bookable


# == Times to choose from ==
def times(clinic, between=None, **changes):
    asked = {
        "providers": [clinic.provider],
        "visit_type": clinic.visit_type,
        "between": between or (NINE, later(60)),
        "now": NOW,
        "by_patient": True,
    }
    with acting_as(clinic.rosa):
        return free_times(**asked | changes)


def test_starts_of_several_providers_come_by_time(clinic):
    other = bookable_provider(clinic.site)
    found = times(clinic, providers=[clinic.provider, other])
    assert [time.start for time in found] == [later(n // 2 * 5) for n in range(24)]
    assert {time.provider_id for time in found} == {clinic.provider.pk, other.pk}
    assert {(time.end - time.start) for time in found} == {timedelta(minutes=40)}


def test_no_more_than_asked_for(clinic):
    assert len(times(clinic, at_most=3)) == 3


def test_nothing_before_the_notice_or_after_the_horizon(clinic):
    kind = VisitTypeFactory(notice_minutes=60, horizon_days=10)
    near = times(clinic, (NOW - timedelta(hours=2), NOW + timedelta(hours=2)), visit_type=kind)
    assert near[0].start == NOW + timedelta(hours=1)
    desk = times(clinic, (NOW - timedelta(hours=2), NOW + timedelta(hours=2)), visit_type=kind, by_patient=False)
    assert desk[0].start == NOW
    assert times(clinic, (NOW + timedelta(days=11), NOW + timedelta(days=12)), visit_type=kind) == []


def test_nothing_at_a_site_that_closed_and_only_the_site_that_is_asked_for(clinic):
    other = SiteFactory()
    WorkRuleFactory(resource=clinic.resource, site=other, isodow=2)
    assert {time.site_id for time in times(clinic)} == {clinic.site.pk, other.pk}
    assert {time.site_id for time in times(clinic, site=other)} == {other.pk}
    change(other, closed_at=NOW)
    assert {time.site_id for time in times(clinic)} == {clinic.site.pk}


def test_a_visit_that_is_booked_is_shown_no_more(clinic):
    clinic.book(start=later(20))
    assert [time.start for time in times(clinic, (later(-45), later(65)))] == [later(-45), later(-40), later(-35)] + [
        later(n) for n in (-30, -25, -20, 60)
    ]


def test_every_start_that_is_shown_can_be_booked(clinic):
    WorkExceptionFactory(resource=clinic.resource, during=span(later(100), 35))
    kind = VisitTypeFactory(minutes=20, buffer_before=5, buffer_after=10, grid_minutes=10)
    shown = [time.start for time in times(clinic, (NINE, later(240)), visit_type=kind)]
    for start in shown[::5]:
        clinic.book(start=start, visit_type=kind)
    assert len(shown) > 10


def test_the_walk_is_short_for_a_full_diary():
    assert list(starts_within([], NEW_YORK, Length(30), between=(NINE, later(60)))) == []
