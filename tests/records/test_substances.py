"""Results as other laboratories say them, in our units."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.rules.laboratory import TESTS
from records.rules.substances import WAYS, Given, in_our_unit, in_unit, read_result, sign, units_of
from records.rules.units import Unreadable

values = st.decimals(min_value=Decimal("0.1"), max_value=Decimal(5000), places=1)


@pytest.mark.parametrize(
    ("code", "text", "ours"),
    [
        ("2345-7", "5.6 mmol/L", "100.9"),
        ("2345-7", "101", "101"),
        ("2345-7", "101 mg/dl", "101"),
        ("2093-3", "5,2 mmol/l", "201.1"),
        ("18262-6", "2.6 mmol/L", "100.5"),
        ("2571-8", "1.7 mmol/L", "150.5"),
        ("2160-0", "88.4 µmol/L", "1.00"),
        ("2160-0", "88.4 umol/L", "1.00"),
        ("3094-0", "5.0 mmol/L", "14.0"),
        ("17861-6", "2.4 mmol/L", "9.62"),
        ("1975-2", "17.1 umol/l", "1.00"),
        ("718-7", "140 g/L", "14.0"),
        ("4548-4", "53 mmol/mol", "7.0"),
        ("4548-4", "7.0 %", "7.0"),
        ("6301-6", "2.5", "2.5"),
        ("777-3", "250 ×10³/µL", "250"),
    ],
)
def test_a_result_is_read_in_the_unit_it_says(code: str, text: str, ours: str) -> None:
    given = read_result(code, text)
    assert in_our_unit(code, given.value, given.unit) == Decimal(ours)


def test_what_lies_beyond_the_measurable_keeps_its_sign() -> None:
    assert read_result("3016-3", "<0.01") == Given("<", Decimal("0.01"), "u[IU]/mL")
    assert read_result("2345-7", "> 33 mmol/L") == Given(">", Decimal(33), "mmol/L", said=True)


@pytest.mark.parametrize(
    ("code", "text", "why"),
    [
        ("2345-7", "5.6 umol/L", "unit"),
        ("2823-3", "4.1 mg/dL", "unit"),
        ("2345-7", "5.6 mmol/L 7", "unit"),
        ("2345-7", "much", "number"),
        ("2345-7", "", "number"),
        ("2345-7", "-5", "number"),
    ],
)
def test_nothing_is_guessed(code: str, text: str, why: str) -> None:
    with pytest.raises(Unreadable) as problem:
        read_result(code, text)
    assert problem.value.why == why


@given(st.sampled_from(sorted(TESTS)), st.text(max_size=40))
def test_any_text_is_read_or_refused(code: str, text: str) -> None:
    with suppress(Unreadable):
        assert read_result(code, text).unit in units_of(code)


@given(st.sampled_from([(code, unit) for code, ways in WAYS.items() for unit in ways]), values)
def test_there_and_back_is_the_same(way: tuple[str, str], value: Decimal) -> None:
    code, unit = way
    back = in_our_unit(code, in_unit(code, value, unit), unit)
    assert abs(back - value) <= Decimal("0.1")


@given(st.sampled_from([(code, unit) for code, ways in WAYS.items() for unit in ways]), values, values)
def test_more_stays_more(way: tuple[str, str], one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    assert in_our_unit(way[0], low, way[1]) <= in_our_unit(way[0], high, way[1])


def test_there_is_no_way_between_units_that_do_not_measure_the_same() -> None:
    assert WAYS.keys() <= TESTS.keys()
    assert in_unit("2823-3", Decimal(4), "mmol/L") == 4
    for ask in (in_our_unit, in_unit):
        with pytest.raises(Unreadable):
            ask("2823-3", Decimal(4), "mg/dL")
    assert (sign("umol/L"), sign("mmol/L")) == ("µmol/L", "mmol/L")
