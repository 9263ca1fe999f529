"""The table of reference ranges: whole, in order, each row with its source; and who gets which row."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.kinds.laboratory_result import NAMES
from records.rules.laboratory import TESTS, expected_of, flag_result
from records.rules.ranges import EVER, SEXES, Flag, Interval, Row, interval_for, rows_by_code
from records.rules.vitals import MEASURES, flag_vital, interval_of

ROWS = [row for rows in rows_by_code().values() for row in rows]
HEART, SYSTOLIC = "8867-4", "8480-6"


def test_the_table_is_of_measures_and_tests_that_are_known() -> None:
    known = {measure.code for measure in MEASURES.values()}
    assert rows_by_code().keys() <= known | NAMES.keys()
    for measure in MEASURES.values():
        assert {row.unit for row in rows_by_code().get(measure.code, ())} <= {measure.unit}
    assert all(len({row.unit for row in rows}) == 1 for rows in rows_by_code().values())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.code}-{row.sex}-{row.start}")
def test_each_row_names_its_source_and_is_in_order(row: Row) -> None:
    told = [row.interval.critical_low, row.interval.low, row.interval.high, row.interval.critical_high]
    known = [bound for bound in told if bound is not None]
    assert known == sorted(known)
    assert known
    assert row.interval.source
    assert row.sex in ("", *SEXES)
    assert 0 <= row.start < row.end <= EVER


@pytest.mark.parametrize("code", sorted(rows_by_code()))
def test_the_rows_of_a_sex_never_overlap(code: str) -> None:
    for sex in SEXES:
        spans = sorted((row.start, row.end) for row in rows_by_code()[code] if row.sex in ("", sex))
        assert all(before[1] <= after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize("slug", ["heart_rate", "respiratory_rate", "temperature", "oxygen", "systolic", "diastolic"])
def test_every_age_has_its_vital_signs(slug: str) -> None:
    for months in (0, 5, 30, 60, 100, 170, 216, 1000):
        found = interval_of(slug, age_months=months)
        assert found is not None
        assert not found.unknown


# == Of whom too little is known ==
def test_without_a_sex_it_is_the_widest_of_both_and_says_so() -> None:
    for sex in ("unknown", "intersex", ""):
        found = expected_of("718-7", sex=sex, age_years=40)
        assert found is not None
        assert (found.low, found.high, found.unknown) == (Decimal("12.0"), Decimal("17.5"), ("sex",))
        assert found.as_data()["unknown"] == "sex"


def test_what_does_not_differ_by_sex_asks_for_none() -> None:
    found = expected_of("2823-3", sex="unknown", age_years=40)
    assert found is not None
    assert not found.unknown


def test_without_an_age_it_is_the_widest_and_no_alarm_of_a_grown_up_is_silent() -> None:
    found, grown = interval_of("heart_rate", age_months=None), interval_of("heart_rate", age_months=600)
    assert found is not None
    assert grown is not None
    assert (found.low, found.high, found.unknown) == (Decimal(50), Decimal(131), ("age",))
    assert (found.critical_low, found.critical_high) == (grown.critical_low, grown.critical_high)
    assert flag_vital("heart_rate", Decimal(120), age_months=None) == Flag.NONE
    assert flag_vital("heart_rate", Decimal(140), age_months=None) == Flag.CRITICAL_HIGH
    assert flag_vital("systolic", Decimal(220), age_months=None) == Flag.CRITICAL_HIGH


def test_without_either_it_says_both() -> None:
    found = expected_of("718-7", sex="", age_years=None)
    assert found is not None
    assert found.as_data()["unknown"] == "age sex"
    assert flag_result(Decimal(6), found) == Flag.CRITICAL_LOW


def _width(interval: Interval) -> tuple[Any, Any]:
    return (
        interval.low if interval.low is not None else Decimal("-Infinity"),
        interval.high if interval.high is not None else Decimal("Infinity"),
    )


@given(st.sampled_from(sorted(TESTS)), st.sampled_from(SEXES), st.integers(216, 1400))
def test_the_widest_holds_every_adults_range(code: str, sex: str, months: int) -> None:
    one, widest = interval_for(code, sex=sex, months=months), interval_for(code, sex="", months=months)
    assert one is not None
    assert widest is not None
    assert _width(widest)[0] <= _width(one)[0]
    assert _width(widest)[1] >= _width(one)[1]


def test_what_the_table_lacks_has_no_interval() -> None:
    assert interval_for("no-such", sex="male", months=400) is None
    assert expected_of("4548-4", sex="male", age_years=9) is None
    assert expected_of(HEART, sex="male", age_years=40) is None  # no laboratory counts it
    assert SYSTOLIC not in TESTS
