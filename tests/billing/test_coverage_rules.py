"""Days of cards, places, forms of numbers and the answers of the clinic's own rules; tried with what is invented."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.coverage import (
    PRIORITIES,
    Outcome,
    Question,
    Reason,
    decide,
    first_after,
    fits,
    free_priority,
    last_before,
    last_day_of,
)

DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))


def question(**said: object) -> Question:
    known = {"payer": "Hartwell", "plan": "Gold", "member_id": "XQH884", "service_date": date(2026, 11, 3)}
    days = {"first_day": date(2026, 1, 1), "last_day": date(2026, 12, 31), "offered": True}
    return Question(**(known | days | said))  # type: ignore[arg-type]


@given(DAYS)
def test_the_last_day_is_kept_through_the_range(day) -> None:
    assert last_before(first_after(day)) == day
    assert first_after(day) == day + timedelta(days=1)


def test_an_open_end_stays_open() -> None:
    assert first_after(None) is None
    assert last_before(None) is None


@pytest.mark.parametrize(
    ("year", "month", "last"),
    [(2026, 12, date(2026, 12, 31)), (2026, 2, date(2026, 2, 28)), (2028, 2, date(2028, 2, 29))],
)
def test_the_end_of_a_month(year, month, last) -> None:
    assert last_day_of(year, month) == last


def test_the_end_of_a_year() -> None:
    assert last_day_of(2026) == date(2026, 12, 31)


@given(st.sets(st.sampled_from(PRIORITIES)), st.sampled_from([None, *PRIORITIES]))
def test_a_place_is_free_or_there_is_none(taken, wanted) -> None:
    place = free_priority(taken, wanted)
    assert place not in taken
    assert (place is None) == (taken == set(PRIORITIES))
    if (wanted or 1) not in taken:
        assert place == (wanted or 1)


@pytest.mark.parametrize(("taken", "wanted", "place"), [({1}, 1, 2), ({2}, 2, 3), ({3}, 3, 1), ({2, 3}, 2, 1)])
def test_the_next_place_behind_comes_before_the_first(taken, wanted, place) -> None:
    assert free_priority(taken, wanted) == place


# == Numbers ==
@pytest.mark.parametrize(
    ("number", "form", "fit"),
    [
        ("anything at all", "", True),
        ("XQH 884-201", "AAA999999", True),
        ("xqh884201", "AAA999999", True),
        ("XQH88420", "AAA999999", False),
        ("1QH884201", "AAA999999", False),
        ("1EG4-TE5-MK73", "9A**-A**-AA99", True),
        ("W-12", "W-99", True),
        ("V-12", "W-99", False),
        ("X٣٤", "A99", False),
        ("É12", "A99", False),
        ("-", "*", False),
    ],
)
def test_a_number_fits_the_form_of_its_payer(number, form, fit) -> None:
    assert fits(number, form) is fit


# == Answers ==
@pytest.mark.parametrize(
    ("said", "outcome", "reason"),
    [
        ({}, Outcome.ACTIVE, Reason.COVERED),
        ({"service_date": date(2026, 12, 31)}, Outcome.ACTIVE, Reason.COVERED),
        ({"service_date": date(2026, 1, 1)}, Outcome.ACTIVE, Reason.COVERED),
        ({"service_date": date(2027, 1, 1)}, Outcome.INACTIVE, Reason.OVER),
        ({"service_date": date(2025, 12, 31)}, Outcome.INACTIVE, Reason.NOT_YET),
        ({"first_day": None, "last_day": None}, Outcome.ACTIVE, Reason.COVERED),
        ({"offered": False}, Outcome.INACTIVE, Reason.NOT_OFFERED),
        ({"payer_active": False}, Outcome.INACTIVE, Reason.PAYER_CLOSED),
        ({"member_id": ""}, Outcome.NOT_FOUND, Reason.NO_NUMBER),
        ({"number_form": "999"}, Outcome.NOT_FOUND, Reason.NOT_ITS_NUMBER),
    ],
)
def test_the_clinic_s_own_rules(said, outcome, reason) -> None:
    answer = decide(question(**said))
    assert (answer.outcome, answer.reason) == (outcome, reason)


def test_what_a_visit_costs_is_told_only_where_it_is_covered() -> None:
    money = {"copay": Decimal("25.00"), "deductible": Decimal("500.00")}
    covered, over = decide(question(**money)), decide(question(**money, service_date=date(2027, 1, 1)))
    assert (covered.copay, covered.deductible) == (Decimal("25.00"), Decimal("500.00"))
    assert (over.copay, over.deductible) == (None, None)


@given(DAYS, DAYS, DAYS)
def test_a_card_counts_on_its_first_and_its_last_day(first, last, day) -> None:
    answer = decide(question(first_day=first, last_day=last, service_date=day))
    assert (answer.outcome is Outcome.ACTIVE) == (first <= day <= last)
