"""Decisions about money without database or clock: rounding, numbers, due dates, what a payment may be.

Money is `Decimal` in US dollars with two places. Amounts are rounded once, a line at a time, half a cent up and away
from zero; a total is the sum of rounded lines, never rounded again. So the lines of a bill always add up to its total.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
DAYS_TO_PAY = 30
VISIT = "visit"  # the fee of a visit whose type has none of its own
#: What else an encounter is charged for: the kind of chart entry, and the fee's code. The words are the fee's, which
#: say the kind of service and never what was found.
CHARGED_ENTRIES: Mapping[str, str] = {"laboratory_result": "laboratory", "immunization": "immunization"}


class Refusal(StrEnum):
    """Why an amount cannot be taken as a payment."""

    NOT_POSITIVE = "not_positive"
    PARTS_OF_A_CENT = "parts_of_a_cent"
    NOTHING_OWED = "nothing_owed"
    TOO_MUCH = "too_much"


@dataclass(frozen=True)
class Price:
    """A line of the fee table as it stands on one day; `amount` in US dollars for one."""

    code: str
    description: str
    amount: Decimal


@dataclass(frozen=True)
class Line:
    """A line of a bill, frozen once it is issued."""

    code: str
    description: str
    quantity: int
    unit_price: Decimal
    amount: Decimal


# == Amounts ==
def cents(amount: Decimal) -> Decimal:
    """Rounded to the cent, half a cent away from zero."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def sum_of(amounts: Iterable[Decimal]) -> Decimal:
    """Exact, with two places; 0.00 for nothing."""
    return sum(amounts, ZERO)


def payment_refusal(amount: Decimal, balance: Decimal) -> Refusal | None:
    """None where `amount` can be paid towards `balance`; both in US dollars."""
    if amount <= 0:
        return Refusal.NOT_POSITIVE
    if amount != cents(amount):
        return Refusal.PARTS_OF_A_CENT
    if balance <= 0:
        return Refusal.NOTHING_OWED
    return Refusal.TOO_MUCH if amount > balance else None


# == What is charged ==
def charged_codes(visit_type: str, entries: Mapping[str, int]) -> list[tuple[str, int]]:
    """Fee codes and how many of each, for a visit of this type ("" for one without) with these kinds of entries."""
    services = [(code, entries.get(kind, 0)) for kind, code in CHARGED_ENTRIES.items()]
    return [(visit_type or VISIT, 1), *((code, number) for code, number in services if number)]


def lines_of(charged: Sequence[tuple[str, int]], prices: Mapping[str, Price]) -> list[Line]:
    """The lines of a bill. The visit falls back on the general fee; another service without a fee is free.

    Empty where there is no fee for the visit: then there is no bill yet.
    """
    (visit, _one), *services = charged
    price = prices.get(visit) or prices.get(VISIT)
    if price is None:
        return []
    return [_line(price, 1), *(_line(prices[code], number) for code, number in services if code in prices)]


def _line(price: Price, quantity: int) -> Line:
    return Line(price.code, price.description, quantity, price.amount, cents(price.amount * quantity))


# == Numbers and days ==
def invoice_number(series: str, sequence: int) -> str:
    """As printed and read aloud: series and at least six digits, 2026-004817."""
    return f"{series}-{sequence:06d}"


def due_date(issued: date) -> date:
    """The last day to pay, by the calendar of the site."""
    return issued + timedelta(days=DAYS_TO_PAY)
