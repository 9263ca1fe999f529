"""The tables that decide, without database or clock."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import rules
from alerts.models import Alert, Notice
from healthcare.accounts.permissions import Permission, Scope
from healthcare.accounts.roles import ROLES

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAYS = datetime(2026, 1, 1), datetime(2028, 12, 31)  # noqa: DTZ001  (hypothesis adds the zone)
MOMENTS = st.datetimes(*DAYS, timezones=st.just(UTC))
ZONES = st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])


@pytest.mark.parametrize("severity", rules.SEVERITIES)
def test_each_ladder_begins_at_once_with_the_owner_and_only_climbs(severity: str) -> None:
    ladder = rules.LADDERS[severity]
    assert ladder[0] == rules.Step(timedelta(0), rules.OWNER)
    assert all(before.after < after.after for before, after in pairwise(ladder))


def test_the_urgent_ladder_is_the_one_that_was_promised() -> None:
    steps = [(step.after // timedelta(minutes=1), step.asks) for step in rules.LADDERS[rules.URGENT]]
    assert steps == [(0, "owner"), (5, "owner"), (10, "team"), (15, "supervisors")]


@given(st.sampled_from(rules.SEVERITIES), st.integers(0, 10))
def test_there_is_a_next_step_until_everybody_was_asked(severity: str, level: int) -> None:
    following = rules.next_at(severity, level, NOW)
    assert (following is None) == (level >= rules.last_level(severity))
    assert rules.is_exhausted(severity, level) == (following is None and severity != rules.INFO)
    assert following is None or following > NOW


def test_what_only_informs_asks_nobody_again() -> None:
    assert rules.next_step(rules.INFO, 0) is None
    assert not rules.is_exhausted(rules.INFO, 0)


def test_the_table_of_states_names_every_state_and_answers_are_final() -> None:
    assert rules.STATES.keys() == set(Alert.State.values)
    assert {end for ends in rules.STATES.values() for end in ends} == {"acknowledged", "closed"}
    assert not rules.STATES["acknowledged"] | rules.STATES["closed"]


def test_every_kind_has_a_name_and_a_team_that_may_see_it_and_answer() -> None:
    assert rules.KINDS.keys() == set(Alert.Kind.values)
    assert set(rules.SEVERITIES) == set(Alert.Severity.values)
    for kind in rules.KINDS.values():
        role = ROLES[kind.team]
        assert Scope(kind.area) in role.scopes
        assert Permission.RECEIVE_ALERTS in role.permissions


@pytest.mark.parametrize(
    ("severity", "hours", "history"), [("high", 72, False), ("high", 73, True), ("urgent", 9000, False)]
)
def test_only_what_is_not_urgent_becomes_history(severity: str, hours: int, history: bool) -> None:
    assert rules.is_history(severity, NOW - timedelta(hours=hours), NOW) is history


def test_letters_name_areas_and_reasons_have_words() -> None:
    assert all(Scope(letter.area) for letter in rules.LETTERS.values())
    assert {letter.to for letter in rules.LETTERS.values()} == {rules.PATIENT, rules.ACCOUNT, rules.STAFF}
    assert {"no_address", "no_account", "bad_address"} <= set(Notice.Reason.values)


@given(MOMENTS, ZONES)
def test_a_day_before_is_the_same_time_on_the_clock_at_the_site(starts_at: datetime, zone: str) -> None:
    due = rules.due_at(starts_at, zone, "day_before")
    there, then = starts_at.astimezone(ZoneInfo(zone)), due.astimezone(ZoneInfo(zone))
    assert timedelta(hours=22) <= starts_at - due <= timedelta(hours=26)
    moved = there.replace(tzinfo=None) - timedelta(days=1)
    skipped = abs(then.replace(tzinfo=None) - moved)
    assert skipped <= timedelta(hours=1), "only a time that the clock leaves out may shift, by what it leaves out"


def test_over_a_change_of_the_clock_it_is_not_24_hours() -> None:
    monday = datetime(2026, 3, 8, 13, 0, tzinfo=UTC)  # 9:00 in New York, hours after the clock went forward
    assert rules.due_at(monday, "America/New_York", "day_before") == datetime(2026, 3, 7, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("starts_in", "due_in", "why"),
    [(48, 24, ""), (20, -4, "booked_late"), (24, 0, "booked_late"), (-1, -25, "visit_past"), (0, -24, "visit_past")],
)
def test_why_no_reminder_is_planned(starts_in: int, due_in: int, why: str) -> None:
    hours = timedelta(hours=1)
    assert rules.why_not_plan(NOW + starts_in * hours, NOW + due_in * hours, NOW) == why


@pytest.mark.parametrize(
    ("status", "sequence", "starts_in", "why"),
    [
        ("booked", 2, 24, ""),
        ("confirmed", 2, 1, ""),
        ("cancelled", 2, 24, "visit_not_open"),
        ("arrived", 2, 24, "visit_not_open"),
        ("booked", 3, 24, "visit_moved"),
        ("booked", 2, 0, "visit_past"),
        ("booked", 2, -3, "visit_past"),
    ],
)
def test_why_a_reminder_is_not_sent(status: str, sequence: int, starts_in: int, why: str) -> None:
    starts_at = NOW + starts_in * timedelta(hours=1)
    found = rules.why_not_send(status=status, sequence=sequence, planned=2, starts_at=starts_at, now=NOW)
    assert found == why


@given(MOMENTS, ZONES, st.sampled_from(rules.USUAL_STAGES))
def test_nobody_is_reminded_at_night_or_too_late(starts_at: datetime, zone: str, stage: str) -> None:
    due = rules.due_at(starts_at, zone, stage)
    planned = rules.by_day(due, starts_at, zone)
    assert rules.MORNING <= planned.astimezone(ZoneInfo(zone)).time() < rules.NIGHT
    assert planned < starts_at
    assert planned <= max(due, starts_at - rules.IN_TIME)
    assert abs(planned - due) <= timedelta(hours=13), "a night, and an hour that the clock may add"


@pytest.mark.parametrize(
    ("starts", "planned"),
    [("2026-05-07T13:00", "2026-05-07T12:00"),  # nine o'clock in New York: at eight
     ("2026-05-07T12:30", "2026-05-07T00:30"),  # half past eight: half past eight the evening before
     ("2026-05-07T17:00", "2026-05-07T15:00")],
)  # fmt: skip
def test_two_hours_before_an_early_visit_is_earlier(starts: str, planned: str) -> None:
    at, due = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (starts, planned))
    assert rules.by_day(rules.due_at(at, "America/New_York", "two_hours"), at, "America/New_York") == due


@pytest.mark.parametrize(("minutes", "why"), [(0, "later_one_due"), (239, "later_one_due"), (241, "")])
def test_of_those_that_are_late_the_last_goes(minutes: int, why: str) -> None:
    asked = {"status": "booked", "sequence": 0, "planned": 0, "starts_at": NOW + timedelta(days=1), "now": NOW}
    assert rules.why_not_send(**asked, next_due=NOW + timedelta(minutes=minutes)) == why
