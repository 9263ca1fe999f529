"""Periods, percentiles, and what is too few to show."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.rules import (
    LEAST,
    percent,
    percentile,
    period_of,
    safe_cell,
    shown,
    shown_beside_total,
    shown_rate,
    spans_of,
)

days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(
    ("name", "length", "buckets"), [("week", 7, 7), ("month", 28, 28), ("quarter", 91, 13), ("year", 364, 52)]
)
def test_periods_are_whole_weeks(name, length, buckets) -> None:
    period = period_of(name, date(2026, 11, 22))
    assert (period.days, period.last, len(period.buckets())) == (length, date(2026, 11, 22), buckets)
    assert period.before.last == period.first - timedelta(days=1)
    assert period.before.days == length


@given(st.sampled_from(["week", "month", "quarter", "year"]), days, st.data())
def test_every_day_of_a_period_lies_in_one_bucket(name, last, data) -> None:
    period = period_of(name, last)
    day = data.draw(st.dates(period.first, period.last))
    bucket = period.bucket_of(day)
    assert bucket in period.buckets()
    assert bucket <= day < bucket + timedelta(days=period.bucket)


@given(st.lists(days, max_size=30))
def test_spans_hold_every_day_once_and_no_other(given_days) -> None:
    spans = spans_of(given_days)
    inside = [first + timedelta(days=n) for first, last in spans for n in range((last - first).days + 1)]
    assert inside == sorted(set(given_days))
    assert all(two[0] - one[1] > timedelta(days=1) for one, two in pairwise(spans))


@given(st.dictionaries(st.integers(0, 200), st.integers(1, 9), min_size=1), st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_a_percentile_is_that_of_the_list_written_out(distribution, share) -> None:
    values = sorted(value for value, often in distribution.items() for _each in range(often))
    found = percentile(distribution, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


def test_of_nothing_there_is_no_number() -> None:
    assert percentile({}, 0.5) is None
    assert percent(0, 0) is None
    assert shown_rate(0, 0) is None
    assert percent(1, 4) == 25.0


@pytest.mark.parametrize(("count", "seen"), [(0, 0), (1, None), (4, None), (5, 5), (300, 300)])
def test_fewer_than_five_are_not_shown(count, seen) -> None:
    assert shown(count) == seen
    assert shown(count, 1) == count


@given(st.lists(st.integers(0, 12), max_size=12))
def test_no_hidden_count_is_the_total_less_the_others(counts) -> None:
    seen = shown_beside_total(counts)
    assert all(value is None or value == count for value, count in zip(seen, counts, strict=True))
    hidden = [count for value, count in zip(seen, counts, strict=True) if value is None]
    if hidden and sum(counts) > sum(hidden):
        assert len(hidden) > 1, "the one that is hidden could be subtracted"
    assert all(value is None or not 0 < value < LEAST for value in seen)


def test_staff_see_every_count() -> None:
    assert shown_beside_total([1, 9, 0], 1) == [1, 9, 0]


def test_a_rate_is_hidden_with_what_it_is_made_of() -> None:
    assert shown_rate(3, 100) is None
    assert shown_rate(0, 3) is None
    assert shown_rate(0, 50) == 0.0
    assert shown_rate(10, 40) == 25.0
    assert shown_rate(1, 3, 1) == pytest.approx(33.33, abs=0.01)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_cell_is_no_formula(text) -> None:
    assert safe_cell(text) == f"'{text}"
    assert safe_cell("O'Connor") == "O'Connor"
