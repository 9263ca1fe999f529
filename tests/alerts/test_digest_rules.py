"""When the mail of the day leaves, over changes of the clock too."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.actions.digests import SAYS
from alerts.models import Notice
from alerts.rules import LETTERS, Letter
from alerts.rules.digests import is_kept, next_morning
from patients.models import LetterWish
from patients.rules.profile import end_of_quiet

START = datetime(2025, 1, 1, tzinfo=UTC)
ZONES = st.sampled_from(["America/New_York", "America/Los_Angeles", "Pacific/Auckland", "UTC"])
MOMENTS = st.integers(0, 3 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
HOURS = st.one_of(st.just((None, None)), st.tuples(st.times(time(5)), st.times()))
NEW_YORK = "America/New_York"


@given(MOMENTS, ZONES, HOURS)
def test_it_leaves_within_a_day_and_never_in_quiet_hours(
    now: datetime, zone: str, hours: tuple[time | None, time | None]
) -> None:
    leaves = next_morning(now, zone, *hours)
    assert now < leaves <= now + timedelta(hours=26), "a day, and what the clock may add"
    assert end_of_quiet(leaves.astimezone(ZoneInfo(zone)), *hours) is None


@given(MOMENTS, ZONES, HOURS)
def test_whoever_asks_until_then_hears_of_the_same_morning(
    now: datetime, zone: str, hours: tuple[time | None, time | None]
) -> None:
    leaves = next_morning(now, zone, *hours)
    assert next_morning(leaves - timedelta(seconds=1), zone, *hours) <= leaves
    assert next_morning(leaves, zone, *hours) > leaves


@pytest.mark.parametrize(
    ("now", "quiet", "leaves"),
    [
        ("2026-05-06T11:59", (None, None), "2026-05-06T12:00"),  # a minute before eight in New York
        ("2026-05-06T12:00", (None, None), "2026-05-07T12:00"),
        ("2026-05-06T12:00", (time(21), time(9, 30)), "2026-05-06T13:30"),
        ("2026-05-06T13:30", (time(21), time(9, 30)), "2026-05-07T13:30"),
        ("2026-05-06T05:00", (time(6), time(2)), "2026-05-06T06:00"),  # at two at night, as those hours want it
        ("2026-03-07T14:00", (None, None), "2026-03-08T12:00"),  # the clock goes forward: 22 hours to eight o'clock
        ("2026-10-31T14:00", (None, None), "2026-11-01T13:00"),  # and back: 23 hours from ten
        ("2026-03-07T20:00", (time(7), time(2, 30)), "2026-03-08T07:30"),  # half past two is left out that night
    ],
)
def test_some_mornings(now: str, quiet: tuple[time | None, time | None], leaves: str) -> None:
    found = next_morning(datetime.fromisoformat(now).replace(tzinfo=UTC), NEW_YORK, *quiet)
    assert found == datetime.fromisoformat(leaves).replace(tzinfo=UTC)


@pytest.mark.parametrize(("hours", "kept"), [(None, True), (24, True), (23, False), (-1, False)])
def test_what_would_come_too_late_is_not_kept(hours: int | None, kept: bool) -> None:
    leaves = datetime(2026, 5, 7, 12, tzinfo=UTC)
    expires_at = None if hours is None else leaves + timedelta(hours=hours)
    assert is_kept(leaves, expires_at) is kept


def test_every_letter_that_can_be_kept_has_words_and_no_other() -> None:
    assert set(SAYS) == {name for name, rule in LETTERS.items() if rule.gathers}


def test_what_is_urgent_or_of_use_in_its_hour_is_never_kept() -> None:
    for name in ("reminder", "wait_offered", "offer_lost", "text_confirmed", "series_booked", "urgent_alert"):
        assert not LETTERS[name].gathers, name


def test_topics_are_those_that_patients_are_asked_about() -> None:
    to_patients = [rule for rule in LETTERS.values() if rule.to != "staff"]
    assert {rule.topic for rule in to_patients} == set(LetterWish.Topic.values)
    assert Letter("", "", "patient", "clinical").topic == "results"
    assert {"once_a_day", "over"} <= set(Notice.Reason.values)
