"""Units, limits, flags and searches: what was typed, as a number in one unit, and what it means at this age."""

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.kinds.laboratory_result import NAMES
from records.rules import laboratory, units
from records.rules.codes import code_prefix, fold, is_code, tsquery, words_of
from records.rules.ranges import Flag, Interval, severity_of, worst_of
from records.rules.units import Quantity, Unreadable, convert, read_pressure, read_quantity, rounded, shown, sign_of
from records.rules.vitals import MEASURES, Verdict, age_in_months, body_mass_index, flag_vital, judge, years_at

TEMPERATURE, WEIGHT, HEIGHT = MEASURES["temperature"], MEASURES["weight"], MEASURES["height"]
numbers = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(1000), places=2)


def read(slug: str, text: str, default: str = "") -> Quantity:
    measure = MEASURES[slug]
    return read_quantity(text, default=default or measure.unit, units=measure.units)


# == Reading ==
@pytest.mark.parametrize(
    ("slug", "text", "unit", "value"),
    [
        ("temperature", "37.1", "Cel", "37.1"),
        ("temperature", "37,1", "Cel", "37.1"),
        ("temperature", " 98.6 F ", "[degF]", "98.6"),
        ("temperature", "98.6°f", "[degF]", "98.6"),
        ("temperature", "37 ℃", "Cel", "37"),
        ("weight", "180 lbs", "[lb_av]", "180"),
        ("weight", "81.4kg", "kg", "81.4"),
        ("weight", "3450 g", "g", "3450"),
        ("height", "5'11\"", "[in_i]", "71"),
        ("height", "5 ft 11 in", "[in_i]", "71"),
        ("height", "6ft", "[in_i]", "72"),
        ("height", "1.80 m", "m", "1.80"),
        ("heart_rate", "72 bpm", "/min", "72"),
        ("oxygen", "98%", "%", "98"),
        ("pain", "4/10", "{score}", "4"),
        ("systolic", "16 kPa", "kPa", "16"),
    ],
)
def test_a_number_is_read_with_the_unit_that_was_typed(slug: str, text: str, unit: str, value: str) -> None:
    found = read(slug, text)
    assert (found.unit, found.value) == (unit, Decimal(value))


def test_the_units_chosen_holds_where_none_was_typed() -> None:
    assert read("temperature", "98.6", default="[degF]") == Quantity(Decimal("98.6"), "[degF]")
    assert read("temperature", "37 C", default="[degF]") == Quantity(Decimal(37), "Cel", said=True)


@pytest.mark.parametrize(
    ("slug", "text", "why"),
    [
        ("temperature", "warm", "number"),
        ("temperature", "", "number"),
        ("temperature", "37.1.2", "number"),
        ("temperature", "37 kg", "unit"),
        ("weight", "80 stone", "unit"),
        ("weight", "5 ft", "unit"),
        ("oxygen", "--98", "number"),
    ],
)
def test_what_cannot_be_read_is_refused_and_never_guessed(slug: str, text: str, why: str) -> None:
    with pytest.raises(Unreadable) as problem:
        read(slug, text)
    assert problem.value.why == why


@pytest.mark.parametrize("text", ["120/80", "120 / 80", "120 over 80", "120 80", "120\\80", "120/80 mmHg"])
def test_a_pressure_is_two_numbers(text: str) -> None:
    assert [quantity.value for quantity in read_pressure(text)] == [120, 80]
    assert {quantity.unit for quantity in read_pressure(text)} == {"mm[Hg]"}


@pytest.mark.parametrize("text", ["16/10.7 kPa", "16,0 / 10,7kPa", "16 over 10.7 KPA"])
def test_a_pressure_in_kilopascal_is_read_where_it_says_so(text: str) -> None:
    upper, lower = read_pressure(text)
    assert [rounded(convert(quantity, "mm[Hg]"), 0) for quantity in (upper, lower)] == [120, 80]
    assert judge(MEASURES["systolic"], upper).verdict == Verdict.FINE


def test_one_number_of_a_pressure_never_changes_its_unit() -> None:
    assert judge(MEASURES["systolic"], Quantity(Decimal(16), "mm[Hg]")).verdict == Verdict.IMPOSSIBLE


@pytest.mark.parametrize("text", ["120", "120/", "/80", "1200/80", "high", "120/80/60", "16.0/10.7", "120.5/80"])
def test_half_a_pressure_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="pressure"):
        read_pressure(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for slug in MEASURES:
        with suppress(Unreadable):
            assert read(slug, text).unit in MEASURES[slug].units
    with suppress(Unreadable):
        assert len(read_pressure(text)) == 2


# == Converting ==
PAIRS = [("mm[Hg]", "kPa"), ("Cel", "[degF]"), ("kg", "[lb_av]"), ("kg", "g"), ("cm", "[in_i]"), ("cm", "m")]


@given(numbers, st.sampled_from(PAIRS))
def test_there_and_back_is_the_same(value: Decimal, pair: tuple[str, str]) -> None:
    one, other = pair
    there = convert(Quantity(value, one), other)
    assert rounded(convert(Quantity(there, other), one), 6) == rounded(value, 6)


@given(numbers, numbers, st.sampled_from(PAIRS))
def test_more_stays_more(one: Decimal, other: Decimal, pair: tuple[str, str]) -> None:
    low, high = sorted((one, other))
    assert convert(Quantity(low, pair[0]), pair[1]) <= convert(Quantity(high, pair[0]), pair[1])


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        ("98.6", "[degF]", "Cel", "37"),
        ("37", "Cel", "[degF]", "98.6"),
        ("180", "[lb_av]", "kg", "81.6466266"),
        ("71", "[in_i]", "cm", "180.34"),
        ("5", "kg", "kg", "5"),
    ],
)
def test_the_known_pairs_are_exact(value: str, unit: str, to: str, expected: str) -> None:
    assert convert(Quantity(Decimal(value), unit), to) == Decimal(expected)


def test_there_is_no_way_from_a_weight_to_a_length() -> None:
    with pytest.raises(Unreadable):
        convert(Quantity(Decimal(1), "kg"), "cm")


def test_numbers_are_shown_as_people_write_them() -> None:
    assert [shown(Decimal(text)) for text in ("7.4000", "120", "1E+2", "-0.0", "0.10")] == [
        "7.4",
        "120",
        "100",
        "0",
        "0.1",
    ]
    assert (sign_of("Cel"), sign_of("mg/dL")) == ("°C", "mg/dL")
    assert rounded(Decimal("2.45"), 1) == Decimal("2.5")


# == Limits ==
@pytest.mark.parametrize(
    ("text", "verdict", "value"),
    [
        ("370 C", Verdict.IMPOSSIBLE, "370.0"),
        ("98.6 C", Verdict.OTHER_UNIT, "98.6"),
        ("98.6 F", Verdict.FINE, "37.0"),
        ("37 F", Verdict.OTHER_UNIT, "2.8"),
        ("42 C", Verdict.UNUSUAL, "42.0"),
        ("37.1", Verdict.FINE, "37.1"),
    ],
)
def test_a_temperature_is_weighed(text: str, verdict: Verdict, value: str) -> None:
    found = judge(TEMPERATURE, read("temperature", text))
    assert (found.verdict, found.value) == (verdict, Decimal(value))


def test_what_was_meant_is_the_same_number_in_the_unit_that_fits() -> None:
    assert judge(TEMPERATURE, read("temperature", "98.6")).meant == Quantity(Decimal("98.6"), "[degF]")
    assert judge(WEIGHT, read("weight", "1500")).meant is None


@given(numbers, st.sampled_from(sorted(MEASURES)))
def test_every_number_has_a_verdict_that_fits_the_limits(value: Decimal, slug: str) -> None:
    measure = MEASURES[slug]
    for unit in measure.units:
        found = judge(measure, Quantity(value, unit))
        low, high = measure.possible
        possible = low <= found.value <= high
        assert possible == (found.verdict in (Verdict.FINE, Verdict.UNUSUAL))
        assert (found.meant is not None) == (found.verdict == Verdict.OTHER_UNIT)


def test_soft_limits_lie_within_hard_ones() -> None:
    for measure in MEASURES.values():
        assert measure.possible[0] <= measure.usual[0] < measure.usual[1] <= measure.possible[1]
        assert measure.units[0] == measure.unit


# == Flags ==
@pytest.mark.parametrize(
    ("slug", "years", "value", "flag"),
    [
        ("systolic", 58, "134", Flag.NONE),
        ("systolic", 58, "158", Flag.HIGH),
        ("systolic", 58, "182", Flag.CRITICAL_HIGH),
        ("systolic", 58, "90", Flag.CRITICAL_LOW),
        ("systolic", 58, "95", Flag.LOW),
        ("diastolic", 58, "122", Flag.CRITICAL_HIGH),
        ("heart_rate", 58, "72", Flag.NONE),
        ("heart_rate", 58, "135", Flag.CRITICAL_HIGH),
        ("heart_rate", 4, "120", Flag.NONE),
        ("heart_rate", 58, "120", Flag.HIGH),
        ("respiratory_rate", 0.5, "40", Flag.NONE),
        ("respiratory_rate", 58, "25", Flag.CRITICAL_HIGH),
        ("temperature", 0.1, "38.0", Flag.CRITICAL_HIGH),
        ("temperature", 30, "38.0", Flag.HIGH),
        ("temperature", 30, "40.0", Flag.CRITICAL_HIGH),
        ("oxygen", 58, "94", Flag.LOW),
        ("oxygen", 58, "91", Flag.CRITICAL_LOW),
        ("weight", 58, "200", Flag.NONE),
    ],
)
def test_a_flag_depends_on_age(slug: str, years: float, value: str, flag: Flag) -> None:
    assert flag_vital(slug, Decimal(value), age_months=int(years * 12)) == flag


@given(st.none() | st.integers(0, 1400), numbers, numbers, st.sampled_from(sorted(MEASURES)))
def test_a_flag_never_turns_round(months: int | None, one: Decimal, other: Decimal, slug: str) -> None:
    order = [Flag.CRITICAL_LOW, Flag.LOW, Flag.NONE, Flag.HIGH, Flag.CRITICAL_HIGH]
    low, high = sorted((one, other))
    flags = [order.index(flag_vital(slug, value, age_months=months)) for value in (low, high)]
    assert flags == sorted(flags)


def test_the_worst_flag_decides_how_severe_it_is() -> None:
    assert severity_of(worst_of([Flag.NONE, Flag.LOW, Flag.CRITICAL_HIGH])) == "urgent"
    assert severity_of(worst_of([Flag.NONE, Flag.LOW])) == "high"
    assert severity_of(worst_of([])) == ""


def test_an_interval_is_kept_as_plain_data() -> None:
    assert Interval(low=Decimal("4.0"), source="x").as_data() == {"low": "4.0", "source": "x"}
    assert Interval(high=Decimal(1)).as_data() == {"high": "1"}
    assert Interval(high=Decimal(1), unknown=("age", "sex")).as_data()["unknown"] == "age sex"


@pytest.mark.parametrize(
    ("born", "on", "months"),
    [
        (date(2026, 1, 31), date(2026, 2, 28), 0),
        (date(2026, 1, 31), date(2026, 3, 1), 1),
        (date(2024, 2, 29), date(2025, 2, 28), 11),
        (date(2026, 5, 2), date(2026, 5, 1), 0),
    ],
)
def test_age_in_completed_months(born: date, on: date, months: int) -> None:
    assert age_in_months(born, on) == months
    assert years_at(born, on) == months // 12
    assert age_in_months(None, on) is years_at(None, on) is None


def test_body_mass() -> None:
    assert body_mass_index(Decimal("81.4"), Decimal(165)) == Decimal("29.9")


# == The laboratory ==
def test_every_test_has_a_name_in_plain_words_and_none_is_without_a_test() -> None:
    assert laboratory.TESTS.keys() == NAMES.keys()
    assert len(laboratory.TESTS) > 40


@pytest.mark.parametrize(
    ("code", "sex", "years", "value", "flag"),
    [
        ("718-7", "female", 40, "12.5", Flag.NONE),
        ("718-7", "male", 40, "12.5", Flag.LOW),
        ("718-7", "unknown", 40, "12.5", Flag.NONE),
        ("718-7", "unknown", 40, "6.0", Flag.CRITICAL_LOW),
        ("718-7", "female", 5, "11.0", Flag.NONE),
        ("2823-3", "female", 5, "5.5", Flag.HIGH),
        ("2823-3", "female", 58, "6.4", Flag.CRITICAL_HIGH),
        ("4548-4", "female", 58, "7.4", Flag.HIGH),
        ("2093-3", "male", 58, "180", Flag.NONE),
    ],
)
def test_a_result_is_flagged_by_sex_and_age(code: str, sex: str, years: int, value: str, flag: Flag) -> None:
    assert laboratory.flag_result(Decimal(value), laboratory.expected_of(code, sex=sex, age_years=years)) == flag


def test_where_nothing_is_known_nothing_is_compared() -> None:
    assert laboratory.expected_of("4548-4", sex="female", age_years=9) is None
    assert laboratory.expected_of("no-such", sex="female", age_years=40) is None
    assert laboratory.flag_result(Decimal(5), None) == Flag.NONE


def test_a_share_is_at_most_the_whole_and_nothing_is_less_than_nothing() -> None:
    hematocrit, glucose = laboratory.TESTS["4544-3"], laboratory.TESTS["2345-7"]
    assert [hematocrit.can_be(Decimal(text)) for text in ("41", "100", "410", "-1")] == [True, True, False, False]
    assert [glucose.can_be(Decimal(text)) for text in ("410", "9999999999")] == [True, False]


# == Diagnosis codes ==
@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("diabetes type 2", "type:* & 2:* & diabete:* & mellitus:*"),
        ("DM2", "type:* & 2:* & diabete:* & mellitus:*"),
        ("Ménière", "meniere:*"),
        ("heart attack", "myocardial:* & infarction:*"),
        ("a & b | !c", "a:* & b:* & c:*"),
        ("", ""),
        ("!!", ""),
    ],
)
def test_words_become_a_search(text: str, asked: str) -> None:
    assert tsquery(words_of(text)) == asked


@given(st.text(max_size=200))
def test_no_text_breaks_the_search(text: str) -> None:
    asked = tsquery(words_of(text))
    assert set(asked) <= set("abcdefghijklmnopqrstuvwxyz0123456789:*& ")
    assert fold(fold(text)) == fold(text)


def test_a_code_is_known_with_its_dot_or_without() -> None:
    assert [is_code(text) for text in ("e11", "E11.9", "e119", "S52.501A", "asthma", "e1")] == [
        True,
        True,
        True,
        True,
        False,
        False,
    ]
    assert [code_prefix(text) for text in ("e119", "E11.9", "i10")] == ["E11.9", "E11.9", "I10"]


def test_signs_are_for_units_that_exist() -> None:
    used = {unit for measure in MEASURES.values() for unit in measure.units}
    used |= {test.unit for test in laboratory.TESTS.values()} | {units.BODY_MASS}
    assert units.SIGNS.keys() <= used | {"1"}  # UCUM: a bare number, which other systems send
