"""Rounding, lines, numbers, and what a payment may be."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules import (
    CHARGED_ENTRIES,
    VISIT,
    Price,
    Refusal,
    cents,
    charged_codes,
    due_date,
    invoice_number,
    lines_of,
    payment_refusal,
    sum_of,
)

amounts = st.decimals(min_value=0, max_value=99_999, places=2)
unrounded = st.decimals(min_value=-99_999, max_value=99_999, places=5)


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [("1.005", "1.01"), ("1.004", "1.00"), ("-1.005", "-1.01"), ("2.675", "2.68"), ("0.125", "0.13"), ("7", "7.00")],
)
def test_half_a_cent_goes_away_from_zero(exact, rounded) -> None:
    assert str(cents(Decimal(exact))) == rounded


@given(unrounded)
def test_rounding_moves_half_a_cent_at_most_and_once(exact) -> None:
    rounded = cents(exact)
    assert abs(rounded - exact) <= Decimal("0.005")
    assert cents(rounded) == rounded
    assert cents(-exact) == -rounded


@given(st.lists(amounts))
def test_a_sum_is_exact_whatever_the_order(given_amounts) -> None:
    total = sum_of(given_amounts)
    assert total == sum_of(reversed(given_amounts))
    assert int(total * 100) == sum(int(amount * 100) for amount in given_amounts)
    assert str(sum_of([])) == "0.00"


@given(
    st.dictionaries(st.sampled_from(sorted(CHARGED_ENTRIES)), st.integers(0, 9)),
    st.dictionaries(st.sampled_from([VISIT, "follow-up", *CHARGED_ENTRIES.values()]), amounts),
)
def test_the_lines_of_a_bill_add_up_each_by_itself(entries, fees) -> None:
    prices = {code: Price(code, code.title(), amount) for code, amount in fees.items()}
    lines = lines_of(charged_codes("follow-up", entries), prices)
    assert bool(lines) == bool({VISIT, "follow-up"} & prices.keys())
    for line in lines:
        assert line.amount == line.unit_price * line.quantity
        assert line.quantity >= 1


def test_a_visit_is_charged_by_its_type_and_falls_back_on_the_general_fee() -> None:
    general, own = Price(VISIT, "Visit", Decimal("90")), Price("follow-up", "Follow-up", Decimal("60"))
    assert [line.code for line in lines_of(charged_codes("follow-up", {}), {VISIT: general, "follow-up": own})] == [
        "follow-up"
    ]
    assert [line.code for line in lines_of(charged_codes("follow-up", {}), {VISIT: general})] == [VISIT]
    assert [line.code for line in lines_of(charged_codes("", {}), {VISIT: general})] == [VISIT]
    assert lines_of(charged_codes("follow-up", {}), {}) == []


def test_services_are_charged_by_number_and_only_where_they_have_a_fee() -> None:
    prices = {
        VISIT: Price(VISIT, "Visit", Decimal("90.00")),
        "laboratory": Price("laboratory", "Laboratory test", Decimal("19.50")),
    }
    lines = lines_of(charged_codes("", {"laboratory_result": 3, "immunization": 1, "note": 4}), prices)
    assert [(line.description, line.quantity, str(line.amount)) for line in lines] == [
        ("Visit", 1, "90.00"),
        ("Laboratory test", 3, "58.50"),
    ]


def test_numbers_are_read_aloud_and_grow_past_six_digits() -> None:
    assert invoice_number("2026", 4817) == "2026-004817"
    assert invoice_number("2026", 1_234_567) == "2026-1234567"


def test_a_bill_is_due_after_thirty_days() -> None:
    assert due_date(date(2026, 1, 31)) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("amount", "balance", "refusal"),
    [
        ("10", "24", None),
        ("24", "24", None),
        ("24.01", "24", Refusal.TOO_MUCH),
        ("0", "24", Refusal.NOT_POSITIVE),
        ("-1", "24", Refusal.NOT_POSITIVE),
        ("1.005", "24", Refusal.PARTS_OF_A_CENT),
        ("1", "0", Refusal.NOTHING_OWED),
        ("1", "-5", Refusal.NOTHING_OWED),
    ],
)
def test_what_can_be_paid(amount, balance, refusal) -> None:
    assert payment_refusal(Decimal(amount), Decimal(balance)) == refusal
