"""Percentiles: the tables, the method, and where there are none."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from records.rules.growth import (
    CDC,
    DATA,
    DAYS_A_MONTH,
    MEASURED,
    PLAUSIBLE,
    WHO,
    Place,
    Unplaced,
    corrected_birth,
    curve_for,
    curves,
    percentile_of,
    place,
)
from records.rules.ranges import SEXES

BORN = date(2024, 3, 1)
CHARTS = Path(settings.BASE_DIR).parent / "shared" / "data" / "growth"
FILES = {
    "weight": "wtage.csv",
    "height": "lenage.csv",
    "body_mass": "bmiage.csv",
    "head_circumference": "hcageinf.csv",
}


def at(measure: str, value: float, sex: str, days: int, weeks: int = 40) -> Place:
    found = place(measure, value, sex=sex, born=BORN, on=BORN + timedelta(days=days), weeks=weeks)
    assert isinstance(found, Place)
    return found


# == The tables ==
def test_each_measure_of_each_sex_is_whole() -> None:
    for sex in SEXES:
        for measure in ("weight", "height", "head_circumference"):
            assert curves()[WHO, measure, sex].days == tuple(range(731))
        for measure in ("weight", "height", "body_mass"):
            days = curves()[CDC, measure, sex].days
            assert days[0] == 24 * DAYS_A_MONTH
            assert days[-1] >= 240 * DAYS_A_MONTH
        assert curves()[CDC, "head_circumference", sex].days[-1] == 36 * DAYS_A_MONTH
    assert set(MEASURED.values()) == PLAUSIBLE.keys()


@pytest.mark.parametrize("key", sorted(curves()), ids=str)
def test_ages_rise_and_medians_are_of_this_world(key: tuple[str, str, str]) -> None:
    curve = curves()[key]
    assert list(curve.days) == sorted(set(curve.days))
    assert all(1 < median < 250 and 0 < spread < 0.3 for _power, median, spread in curve.parameters)


def test_each_table_names_its_source() -> None:
    assert "Child Growth Standards, 2006" in (DATA / "who_growth.tsv").read_text().splitlines()[0]
    assert "CDC Growth Charts" in (DATA / "cdc_growth.tsv").read_text().splitlines()[0]
    assert "BSD 3-Clause" in (DATA / "who_growth.LICENSE").read_text()


@pytest.mark.shared_data
@pytest.mark.parametrize(("measure", "name"), FILES.items())
def test_the_percentiles_of_the_cdc_are_met(measure: str, name: str) -> None:
    """The files print the value of each percentile: ours lies at the same, and z-scores fit."""
    with (CHARTS / name).open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            months, sex = float(row["Agemos"]), {"1": "male", "2": "female"}[row["Sex"].strip()]
            if measure == "head_circumference" and months < 24:
                continue
            curve = curves()[CDC, measure, sex]
            for name, z in (("P3", -1.88079), ("P10", -1.28155), ("P50", 0.0), ("P75", 0.67449), ("P97", 1.88079)):
                assert curve.value(months * DAYS_A_MONTH, z) == pytest.approx(float(row[name]), rel=1e-5)
                assert curve.z(months * DAYS_A_MONTH, float(row[name])) == pytest.approx(z, abs=1e-4)


# == The method ==
@pytest.mark.parametrize(
    ("measure", "value", "sex", "days", "reference"),
    [
        ("weight", 3.3464, "male", 0, WHO),
        ("height", 49.1477, "female", 0, WHO),
        ("head_circumference", 34.4618, "male", 0, WHO),
    ],
)
def test_the_median_is_the_fiftieth(measure: str, value: float, sex: str, days: int, reference: str) -> None:
    found = at(measure, value, sex, days)
    assert found.reference == reference
    assert found.z == pytest.approx(0, abs=1e-3)
    assert found.percentile == pytest.approx(50, abs=0.05)
    assert not found.implausible


def test_who_is_far_out_is_counted_in_even_steps_and_asked_about() -> None:
    curve = curves()[WHO, "weight", "female"]
    step = curve.value(300, 3) - curve.value(300, 2)
    assert curve.z(300, curve.value(300, 3) + step) == pytest.approx(4)
    low = curve.value(300, -2) - curve.value(300, -3)
    assert curve.z(300, curve.value(300, -3) - low) == pytest.approx(-4)
    assert at("weight", 30, "female", 300).implausible


@given(st.sampled_from(sorted(curves())), st.floats(0, 7300), st.floats(-2.9, 2.9, allow_nan=False))
def test_from_a_z_score_to_the_value_and_back(key: tuple[str, str, str], days: float, z: float) -> None:
    curve = curves()[key]
    assert curve.z(days, curve.value(days, z)) == pytest.approx(z, abs=1e-6)


@given(st.sampled_from(sorted(curves())), st.floats(0, 7300), st.floats(1, 150), st.floats(1, 150))
def test_more_is_never_a_lower_place(key: tuple[str, str, str], days: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert curves()[key].z(days, low) <= curves()[key].z(days, high)


def test_a_power_of_nothing_is_a_logarithm() -> None:
    curve = curves()[WHO, "weight", "male"]
    flat = type(curve)(CDC, "weight", (0.0, 10.0), ((0.0, 10.0, 0.1), (0.0, 20.0, 0.1)))
    assert flat.at(5) == (0.0, 15.0, 0.1)
    assert flat.z(0, flat.value(0, 1.5)) == pytest.approx(1.5)


def test_percentiles_are_those_of_the_bell() -> None:
    assert [round(percentile_of(z), 2) for z in (-1.95996, 0, 1.95996)] == [2.5, 50.0, 97.5]


# == Where there are none ==
@pytest.mark.parametrize(
    ("measure", "sex", "days", "why"),
    [
        ("weight", "unknown", 100, Unplaced.SEX),
        ("weight", "intersex", 100, Unplaced.SEX),
        ("weight", "male", -1, Unplaced.AGE),
        ("weight", "male", 20 * 366, Unplaced.AGE),
        ("head_circumference", "male", 3 * 366, Unplaced.AGE),
        ("body_mass", "male", 100, Unplaced.AGE),
    ],
)
def test_out_of_range_is_said(measure: str, sex: str, days: int, why: Unplaced) -> None:
    assert place(measure, 10.0, sex=sex, born=BORN, on=BORN + timedelta(days=days)) == why


def test_without_a_birth_there_is_none() -> None:
    assert place("weight", 10.0, sex="male", born=None, on=BORN) == Unplaced.BIRTH
    assert curve_for("weight", "", 3) is None


def test_at_two_years_the_reference_changes() -> None:
    day = date(2026, 3, 1)
    assert [at("weight", 12.0, "male", (day - BORN).days - less).reference for less in (1, 0)] == [WHO, CDC]


# == Born early ==
def test_who_came_early_is_compared_with_those_of_their_due_date() -> None:
    early, plain = at("weight", 4.5, "male", 120, weeks=30), at("weight", 4.5, "male", 120)
    assert early.z == at("weight", 4.5, "male", 50).z
    assert early.percentile > plain.percentile


@pytest.mark.parametrize(("weeks", "days", "moved"), [(37, 100, 0), (36, 100, 28), (21, 100, 0), (30, 800, 0)])
def test_only_an_early_birth_moves_the_age_and_not_after_two_years(weeks: int, days: int, moved: int) -> None:
    assert corrected_birth(BORN, BORN + timedelta(days=days), weeks) == BORN + timedelta(days=moved)


def test_before_the_due_date_there_is_no_percentile() -> None:
    found = place("weight", 1.5, sex="male", born=BORN, on=BORN + timedelta(days=20), weeks=30)
    assert found == Unplaced.AGE
