"""Which times fit who waits, and for how long one is kept for them: by the clock of the site, and never by night."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.rules.profile import end_of_quiet
from scheduling.rules.waitlist import QUIET, Part, Term, Wish, part_of, term_of

NEW_YORK = ZoneInfo("America/New_York")
SOON = datetime(2026, 1, 1)  # noqa: DTZ001 (hypothesis puts the zone on)
MINUTE = timedelta(minutes=1)
MONDAY = date(2030, 5, 6)
NEVER = (time(0), time(0))  # the same end twice is no quiet at all


def local(hour: int, minute: int = 0, *, day: date = MONDAY) -> datetime:
    return datetime.combine(day, time(hour, minute), NEW_YORK).astimezone(UTC)


def term(now: datetime, start: datetime, **changes: object) -> Term | None:
    asked = {"minutes": 30, "notice_minutes": 60, "quiet": QUIET, "zone": NEW_YORK}
    return term_of(now, start, **asked | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hour", "minute", "part"),
    [
        (0, 0, Part.MORNING),
        (11, 59, Part.MORNING),
        (12, 0, Part.AFTERNOON),
        (16, 59, Part.AFTERNOON),
        (17, 0, Part.EVENING),
        (23, 59, Part.EVENING),
    ],
)
def test_the_parts_of_a_day(hour: int, minute: int, part: Part) -> None:
    assert part_of(time(hour, minute)) is part


def test_days_weekdays_and_parts_are_those_of_the_clock_there() -> None:
    wish = Wish(MONDAY, MONDAY, [1], ["evening"])
    assert wish.fits(local(23, 30), NEW_YORK)  # Tuesday in UTC
    assert not wish.fits(local(16, 59), NEW_YORK)
    assert not wish.fits(local(20, day=MONDAY + timedelta(days=7)), NEW_YORK)
    assert not Wish(MONDAY, MONDAY + timedelta(days=9), [2]).fits(local(9), NEW_YORK)
    assert not Wish(MONDAY + timedelta(days=1), MONDAY + timedelta(days=9)).fits(local(9), NEW_YORK)
    assert Wish(MONDAY, MONDAY).fits(local(0), NEW_YORK)


def test_by_day_an_offer_is_made_at_once() -> None:
    now = local(9)
    assert term(now, local(9) + timedelta(days=1)) == Term(now, now + 30 * MINUTE)


def test_by_night_it_is_made_in_the_morning() -> None:
    tomorrow = MONDAY + timedelta(days=1)
    for now in (local(21), local(23, 59), local(7, 59, day=tomorrow)):
        made = term(now, local(15, day=tomorrow))
        assert made == Term(local(8, day=tomorrow), local(8, 30, day=tomorrow))


def test_what_would_run_out_by_night_runs_out_as_long_after_it() -> None:
    tomorrow = MONDAY + timedelta(days=1)
    assert term(local(20, 45), local(15, day=tomorrow)) == Term(local(20, 45), local(8, 30, day=tomorrow))
    assert term(local(20, 30), local(15, day=tomorrow)) == Term(local(20, 30), local(8, 30, day=tomorrow))
    assert term(local(20, 29), local(15, day=tomorrow)) == Term(local(20, 29), local(20, 59))


def test_what_is_too_near_by_then_is_not_offered() -> None:
    assert term(local(9), local(10, 30)) == Term(local(9), local(9, 30))
    assert term(local(9), local(10, 29)) is None
    assert term(local(22), local(9, 29, day=MONDAY + timedelta(days=1))) is None


@given(
    now=st.datetimes(SOON, SOON.replace(year=2028), timezones=st.just(UTC)),
    ahead=st.integers(0, 60 * 24 * 10),
    minutes=st.integers(5, 720),
    notice=st.integers(0, 3000),
)
def test_no_offer_begins_or_ends_by_night_or_leaves_too_little_time(
    now: datetime, ahead: int, minutes: int, notice: int
) -> None:
    start = now + ahead * MINUTE
    made = term(now, start, minutes=minutes, notice_minutes=notice)
    if made is None:
        plain = term(now, start, minutes=minutes, notice_minutes=notice, quiet=NEVER)
        assert (
            plain is None
            or end_of_quiet(now.astimezone(NEW_YORK), *QUIET)
            or end_of_quiet(plain.until.astimezone(NEW_YORK), *QUIET)
        )
        return
    assert now <= made.at < made.until
    assert made.until - made.at >= minutes * MINUTE
    assert made.until + notice * MINUTE <= start
    if minutes <= 660:  # what is longer than the night may end in it a second time
        for moment in (made.at, made.until):
            assert end_of_quiet(moment.astimezone(NEW_YORK), *QUIET) is None
