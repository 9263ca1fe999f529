"""When a result opens to the patient: the one rule, for every policy, wish and hold."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from records.rules.release import (
    AFTER_DAYS,
    AFTER_READ,
    AFTER_TALK,
    AT_ONCE,
    IMAGING,
    LABORATORY,
    LONGEST_HOLD,
    MOST_DAYS,
    OTHER,
    REVIEWED_WITHIN,
    Held,
    Policy,
    Waiting,
    category_of,
    hold_ends,
    opening_of,
)

FINAL = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
THREE = 3 * DAY
policies = some.one_of(
    some.builds(Policy, some.sampled_from([AT_ONCE, AFTER_READ])),
    some.builds(Policy, some.just(AFTER_DAYS), some.integers(1, MOST_DAYS)),
)
spans = some.timedeltas(timedelta(0), timedelta(days=40))
holds = some.builds(
    lambda since, length, reviewed: Held(FINAL + since, FINAL + since + length, reviewed),
    spans,
    some.timedeltas(HOUR, LONGEST_HOLD),
    some.booleans(),
)
wishes = some.sampled_from(["", AT_ONCE, AFTER_TALK])
waits = some.builds(Waiting, some.just(FINAL), some.none() | spans.map(lambda span: FINAL + span), wishes, some.none())
latests = some.timedeltas(timedelta(0), timedelta(days=MOST_DAYS))


@given(policies, waits, latests)
def test_without_a_hold_it_is_never_before_it_is_final_nor_after_the_last_day(policy, waiting, latest) -> None:
    opening = opening_of(policy, waiting, latest)
    assert FINAL <= opening.at <= FINAL + latest
    assert opening.because != "held"


@given(policies, waits, latests)
def test_who_wants_it_at_once_gets_it_at_once(policy, waiting, latest) -> None:
    wishing = Waiting(FINAL, waiting.read_at, AT_ONCE)
    assert opening_of(policy, wishing, latest).at == FINAL
    assert opening_of(policy, Waiting(FINAL, waiting.read_at, AFTER_TALK), latest).at == FINAL + latest


@given(policies, waits, latests, spans)
def test_reading_it_makes_nothing_later(policy, waiting, latest, span) -> None:
    unread = Waiting(FINAL, None, waiting.wish)
    read = Waiting(FINAL, FINAL + span, waiting.wish)
    assert opening_of(policy, read, latest).at <= opening_of(policy, unread, latest).at


@given(policies, waits, latests, holds)
def test_a_hold_only_makes_it_later_and_has_an_end(policy, waiting, latest, held) -> None:
    free = opening_of(policy, waiting, latest)
    opening = opening_of(policy, Waiting(FINAL, waiting.read_at, waiting.wish, held), latest)
    assert opening.at == max(free.at, hold_ends(held))
    assert hold_ends(held) <= held.since + LONGEST_HOLD
    assert held.reviewed or hold_ends(held) <= held.since + REVIEWED_WITHIN
    assert (opening.because == "held") == (hold_ends(held) > free.at)


def test_each_policy_by_example() -> None:
    unread, read = Waiting(FINAL), Waiting(FINAL, FINAL + HOUR)
    told = {
        Policy(): [(FINAL, "policy")] * 2,
        Policy(AFTER_READ): [(FINAL + THREE, "latest"), (FINAL + HOUR, "policy")],
        Policy(AFTER_DAYS, 2): [(FINAL + 2 * DAY, "policy")] * 2,
        Policy(AFTER_DAYS, 9): [(FINAL + THREE, "latest")] * 2,
    }
    for policy, expected in told.items():
        openings = [opening_of(policy, waiting, THREE) for waiting in (unread, read)]
        assert [(opening.at, opening.because) for opening in openings] == expected


def test_what_falls_under_which_policy() -> None:
    assert category_of("laboratory_result", "") == LABORATORY
    assert category_of("diagnostic_report", "imaging") == IMAGING
    assert category_of("diagnostic_report", "laboratory") == LABORATORY
    assert category_of("diagnostic_report", "procedure") == OTHER
