"""Amounts as people read them."""

from decimal import Decimal

import pytest
from django.template import engines
from django.utils import translation

from healthcare.ui.money import amount, amount_text, dollars


@pytest.mark.parametrize(
    ("value", "text"),
    [("0", "0.00"), ("25", "25.00"), ("1234.5", "1,234.50"), ("-25.00", "−25.00"), ("1234567.89", "1,234,567.89")],
)
def test_two_decimals_and_a_true_minus(value, text) -> None:
    assert amount_text(Decimal(value)) == text


def test_the_currency_stands_behind_the_sign() -> None:
    assert amount_text(Decimal("-12.5"), sign="$") == "−$12.50"


def test_an_amount_never_turns_round() -> None:
    assert amount(Decimal("24")) == '<bdi dir="ltr">24.00</bdi>'
    assert dollars(Decimal("24")) == '<bdi dir="ltr">$24.00</bdi>'


def test_the_readers_own_marks() -> None:
    with translation.override("es"):
        assert amount_text(Decimal("1234.5")) != "1,234.50"


def test_both_are_filters_of_every_page() -> None:
    template = engines["django"].from_string("{% load ui %}{{ due|dollars }} {{ due|amount }}")
    assert template.render({"due": Decimal("3")}) == '<bdi dir="ltr">$3.00</bdi> <bdi dir="ltr">3.00</bdi>'
