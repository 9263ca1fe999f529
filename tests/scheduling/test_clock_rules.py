"""Every zone of the IANA database over every change of its clocks from 2026 to 2028, on the pure rules.

cal.com #30021, #6217, #10517, #12137: times an hour off round a change.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest

from alerts.rules import due_at
from scheduling.rules import Length, day_span, next_on_grid, on_grid, on_the_clock, starts_within

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)
SHORT = Length(15, grid=15)


@cache
def changes() -> list[tuple[ZoneInfo, datetime]]:
    """Zone and instant, of every change; zones that are other names of one another once."""
    found: dict[tuple[datetime, ...], tuple[ZoneInfo, tuple[timedelta, ...]]] = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        moments = tuple(_changes_of(zone))
        offsets = tuple(_offset(zone, moment) for moment in (FIRST, *moments))
        found.setdefault((*moments, FIRST + offsets[0]), (zone, offsets))
    return [(zone, moment) for moments, (zone, _offsets) in found.items() for moment in moments]


def _changes_of(zone: ZoneInfo) -> Iterator[datetime]:
    moment, offset = FIRST, _offset(zone, FIRST)
    while moment < LAST:
        later = moment + 10 * DAY  # no two changes lie nearer: the nearest are round Ramadan, in Morocco
        if offset != (then := _offset(zone, later)):
            yield _between(zone, moment, later)
        moment, offset = later, then


def _between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second on the new offset."""
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before).total_seconds() // 2)
        before, after = (middle, after) if _offset(zone, middle) == _offset(zone, before) else (before, middle)
    return after


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def days_round(zone: ZoneInfo, change: datetime) -> list[date]:
    local = change.astimezone(zone).date()
    return [local - DAY, local, local + DAY]


def readings(zone: ZoneInfo, day: date, minutes: int) -> Iterator[datetime]:
    """The instants at which the clock there shows a whole multiple on that day, found one by one."""
    moment = datetime.combine(day, time(), UTC) - timedelta(hours=15)
    while moment < datetime.combine(day, time(), UTC) + timedelta(hours=38):
        local = moment.astimezone(zone)
        if local.date() == day and (local.hour * 60 + local.minute) % minutes == 0:
            yield moment
        moment += QUARTER  # offsets are whole quarters of an hour, everywhere and for long


def test_there_are_changes_to_try() -> None:
    assert len(changes()) > 200
    assert len({zone.key for zone, _moment in changes()}) > 30


def test_a_day_is_what_the_calendar_there_calls_so() -> None:
    """From the first instant of the date to the first of the next; 23, 24 or 25 hours, or half an hour less or more."""
    for zone, change in changes():
        moved = _offset(zone, change) - _offset(zone, change - timedelta(seconds=1))
        lengths = []
        for day in days_round(zone, change):
            begins, ends = day_span(day, zone)
            second = timedelta(seconds=1)
            dates = [moment.astimezone(zone).date() for moment in (begins - second, begins, ends - second, ends)]
            assert dates == [day - DAY, day, day, day + DAY], (zone.key, day)
            lengths.append(ends - begins)
        assert sum(lengths, timedelta()) == 3 * DAY - moved, (zone.key, change)


@pytest.mark.bug(10)
def test_every_quarter_that_the_clock_shows_is_a_start_and_no_other() -> None:
    """From 00:00 to 23:45: what is offered is what can be booked, once where an hour is skipped, twice where it is
    repeated; and the local start is the one of the rule."""
    for zone, change in changes():
        for day in days_round(zone, change):
            span = day_span(day, zone)
            offered = list(starts_within([span], zone, SHORT, between=span))
            shown = [moment for moment in readings(zone, day, 15) if moment + QUARTER <= span[1]]
            assert offered == shown, (zone.key, day)
            assert all(on_grid(start, zone, 15) for start in offered), (zone.key, day)
            told = [on_the_clock(start, zone) for start in offered]
            assert {text[:10] for text in told} == {day.isoformat()}
            assert {text[14:] for text in told} == {"00", "15", "30", "45"}


def test_the_next_start_is_never_passed_over_at_a_change() -> None:
    for zone, change in changes():
        for grid in (5, 20, 60):
            for minutes in (-125, -61, -1, 0, 1, 59):
                moment = change + timedelta(minutes=minutes)
                found = next_on_grid(moment, zone, grid)
                assert on_grid(found, zone, grid), (zone.key, moment, grid)
                assert moment <= found <= moment + timedelta(minutes=2 * grid), (zone.key, moment, grid)


def test_a_reminder_comes_at_the_same_time_of_day_before() -> None:
    for zone, change in changes():
        for hours in (6, 14, 22):
            starts = change + timedelta(hours=hours)
            due = due_at(starts, zone.key, "day_before")
            told, meant = due.astimezone(zone), starts.astimezone(zone)
            assert told.date() == meant.date() - DAY, (zone.key, starts)
            skipped = told.replace(tzinfo=None, fold=0) != meant.replace(tzinfo=None, fold=0) - DAY
            assert not skipped or abs(due - change) < timedelta(hours=2), (zone.key, starts)
