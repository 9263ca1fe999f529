"""Which doses are due on which day of the patient's own clock, and which may be marked."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from prescriptions.rules.doses import (
    A_DAY,
    SUGGESTED,
    Dose,
    Rhythm,
    Tally,
    begins_at,
    days_between,
    doses_of,
    is_due,
    is_regular,
    lasts_until,
    local_day,
    may_change,
    moment_of,
    stood_still,
    suggested_times,
    tally_of,
    why_not_first_day,
    why_not_mark,
    why_not_times,
)
from prescriptions.rules.sig import FREQUENCIES, Sig

NEW_YORK, TOKYO = "America/New_York", "Asia/Tokyo"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DAY = date(2026, 11, 23)
ZONES = some.sampled_from([NEW_YORK, TOKYO, "Europe/Berlin", "Australia/Lord_Howe", "America/Phoenix", "Pacific/Apia"])


def rhythm(*times: str, zone: str = NEW_YORK, every: int = 1, first: date = date(2020, 1, 1), **more) -> Rhythm:
    more.setdefault("starts_at", LONG_AGO)
    return Rhythm(tuple(time.fromisoformat(at) for at in times), zone, first, every, **more)


def sig(frequency: str, **more) -> Sig:
    return Sig(Decimal(1), "tablet", "oral", frequency, 30, **more)


# == What is suggested ==
def test_each_frequency_has_as_many_times_as_it_says_and_they_may_be_chosen() -> None:
    assert SUGGESTED.keys() == FREQUENCIES.keys() - {"once"}
    for frequency in SUGGESTED:
        times = suggested_times(frequency)
        assert len(times) == max(1, int(FREQUENCIES[frequency].per_day))
        assert why_not_times(times, frequency) == ""
        assert is_regular(sig(frequency))


def test_what_is_taken_once_or_when_needed_has_no_times() -> None:
    assert not is_regular(sig("once"))
    assert not is_regular(sig("twice_daily", as_needed=True))
    assert not is_regular(None)


@pytest.mark.parametrize(
    ("frequency", "days"),
    [("twice_daily", 1), ("every_other_day", 2), ("once_weekly", 7), ("every_2_weeks", 14), ("every_28_days", 28)],
)
def test_days_from_dose_to_dose(frequency, days) -> None:
    assert days_between(frequency) == days


@pytest.mark.parametrize(
    ("times", "why"),
    [
        ((time(8), time(20)), ""),
        ((time(20), time(8)), ""),
        ((time(8),), "number"),
        ((time(8), time(14), time(20)), "number"),
        ((time(8), time(8)), "near"),
        ((time(8), time(8, 59)), "near"),
        ((time(23, 30), time(0, 15)), "near"),
        ((time(8), time(9)), ""),
    ],
)
def test_times_follow_the_directions_and_lie_apart(times, why) -> None:
    assert why_not_times(times, "twice_daily") == why


def test_one_time_a_day_lies_near_no_other() -> None:
    assert why_not_times((time(0),), "once_daily") == ""


@pytest.mark.parametrize(
    ("day", "every", "last", "why"),
    [
        (DAY, 7, None, ""),
        (DAY - A_DAY, 7, None, "past"),
        (DAY + 13 * A_DAY, 7, None, ""),
        (DAY + 14 * A_DAY, 7, None, "far"),
        (DAY + A_DAY, 7, DAY - 5 * A_DAY, "near"),
        (DAY + 2 * A_DAY, 7, DAY - 5 * A_DAY, ""),
        (DAY, 1, DAY, ""),
    ],
)
def test_the_next_dose_of_a_week_keeps_its_distance(day, every, last, why) -> None:
    assert why_not_first_day(day, today=DAY, every=every, last_taken=last) == why


# == Moments, over changes of the clock ==
def test_the_clock_goes_forward_and_the_dose_comes_on_that_day_all_the_same() -> None:
    twice = rhythm("02:30", "08:00")
    found = doses_of(twice, date(2026, 3, 7), date(2026, 3, 9))
    assert [(one.day.day, f"{one.due_at.astimezone(ZoneInfo(NEW_YORK)):%H:%M}") for one in found] == [
        (7, "02:30"),
        (7, "08:00"),
        (8, "03:30"),
        (8, "08:00"),
        (9, "02:30"),
        (9, "08:00"),
    ]


def test_the_clock_goes_back_and_the_dose_comes_once() -> None:
    found = doses_of(rhythm("01:30"), date(2026, 11, 1), date(2026, 11, 1))
    assert [one.due_at for one in found] == [datetime(2026, 11, 1, 5, 30, tzinfo=UTC)]


@given(ZONES, some.dates(date(2025, 1, 1), date(2027, 12, 31)), some.sampled_from(sorted(SUGGESTED)))
def test_every_day_of_any_year_has_its_doses_and_no_other(zone, day, frequency) -> None:
    found = doses_of(Rhythm(suggested_times(frequency), zone, day, 1, LONG_AGO), day, day)
    assert len(found) == len(SUGGESTED[frequency])
    assert {one.day for one in found} == {day}
    assert {local_day(one.due_at, zone) for one in found} == {day}


def test_every_other_day_from_the_first() -> None:
    found = doses_of(rhythm("08:00", every=2, first=DAY), DAY - 3 * A_DAY, DAY + 4 * A_DAY)
    assert [(one.day - DAY).days for one in found] == [0, 2, 4]


def test_times_count_from_their_beginning_until_their_end() -> None:
    begun, ended = moment_of(DAY, time(9), NEW_YORK), moment_of(DAY + A_DAY, time(20), NEW_YORK)
    found = doses_of(rhythm("08:00", "20:00", starts_at=begun, ends_at=ended), DAY, DAY + 3 * A_DAY)
    assert [(one.day, one.at.hour) for one in found] == [(DAY, 20), (DAY + A_DAY, 8)]


# == Instead of other times ==
def test_the_first_times_count_at_once_and_others_from_midnight() -> None:
    now = moment_of(DAY, time(10), NEW_YORK)
    midnight = moment_of(DAY + A_DAY, time(0), NEW_YORK)
    assert begins_at(now, NEW_YORK, []) == now
    assert begins_at(now, NEW_YORK, [now - A_DAY]) == now
    assert begins_at(now, NEW_YORK, [now - timedelta(hours=1)]) == midnight
    assert begins_at(now, NEW_YORK, [midnight]) == midnight
    assert begins_at(now, TOKYO, [now]) == moment_of(DAY + 2 * A_DAY, time(0), TOKYO)


@given(ZONES, some.integers(0, 366 * 24 * 60))
def test_no_day_has_more_doses_because_its_times_were_changed(zone, minutes) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    starts = begins_at(now, zone, [now])
    old, new = (
        rhythm("08:00", "20:00", zone=zone, ends_at=starts),
        rhythm("09:00", "21:00", zone=zone, starts_at=starts),
    )
    first, last = local_day(now, zone) - A_DAY, local_day(now, zone) + 2 * A_DAY
    days = [one.day for made in (old, new) for one in doses_of(made, first, last)]
    assert [days.count(first + ahead * A_DAY) for ahead in range(4)] == [2, 2, 2, 2]


# == On hold, stopped, over ==
def test_when_a_medicine_stood_still() -> None:
    first, second, third = (LONG_AGO + number * A_DAY for number in range(3))
    assert stood_still([]) == []
    assert stood_still([("hold", first)]) == [(first, None)]
    assert stood_still([("hold", first), ("resume", second)]) == [(first, second)]
    assert stood_still([("resume", first)]) == []
    assert stood_still([("hold", first), ("resume", second), ("stop", third)]) == [(first, second), (third, None)]
    assert stood_still([("hold", second), ("stop", third)]) == [(second, None)]
    assert stood_still([("hold", third), ("stop", first)]) == [(first, None)]


def test_nothing_is_due_while_it_stands_still_or_after_its_supply() -> None:
    dose = Dose(LONG_AGO + A_DAY, DAY, time(8))
    at = dose.due_at
    assert is_due(dose, still=[], until=None)
    assert is_due(dose, still=[(LONG_AGO, at)], until=at + A_DAY)
    assert not is_due(dose, still=[(at, None)], until=None)
    assert not is_due(dose, still=[(LONG_AGO, at + A_DAY)], until=None)
    assert not is_due(dose, still=[], until=at)


def test_a_treatment_that_goes_on_lasts_as_long_as_its_supply() -> None:
    told = {"signed_at": LONG_AGO, "days": 30}
    later = LONG_AGO + 10 * A_DAY
    assert lasts_until(**told, given_at=None, to_come=1) == LONG_AGO + 30 * A_DAY
    assert lasts_until(**told, given_at=later, to_come=0) == later + 30 * A_DAY
    assert lasts_until(**told, given_at=later, to_come=2) == later + 90 * A_DAY
    assert lasts_until(**told, given_at=later, to_come=12) == LONG_AGO + 395 * A_DAY


# == Marks ==
def test_a_dose_is_marked_from_four_hours_before_until_two_days_after() -> None:
    dose = Dose(moment_of(DAY, time(8), NEW_YORK), DAY, time(8))
    moments = {
        "early": moment_of(DAY, time(3, 59), NEW_YORK),
        "": moment_of(DAY, time(4), NEW_YORK),
        "late": moment_of(DAY + 3 * A_DAY, time(0), NEW_YORK),
    }
    for why, now in moments.items():
        assert why_not_mark(dose, NEW_YORK, now) == why
    assert why_not_mark(dose, NEW_YORK, moments["late"] - timedelta(seconds=1)) == ""


def test_a_mark_is_changed_on_its_own_day_of_that_zone() -> None:
    marked = moment_of(DAY, time(23), NEW_YORK)
    assert may_change(marked, NEW_YORK, marked + timedelta(minutes=59))
    assert not may_change(marked, NEW_YORK, marked + timedelta(minutes=61))


# == How much was taken ==
def test_a_hundred_per_cent_are_all_of_them() -> None:
    assert tally_of(["taken", "", "skipped", "taken"]) == Tally(2, 1, 1)
    assert tally_of(["taken", "", "skipped", "taken"]).percent == 50
    assert Tally(199, 0, 1).percent == 99
    assert Tally(3, 0, 0).percent == 100
    assert Tally(0, 0, 0).percent == 0
