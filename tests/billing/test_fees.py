"""Prices: one at a time, from a day on, by administrators."""

from datetime import date
from decimal import Decimal

import pytest
from psycopg.types.range import DateRange

from billing.actions import FeeRefused, set_fee
from billing.models import Fee
from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from tests.accounts.conftest import audited as events_of
from tests.billing.conftest import refused_at_the_commit
from tests.factories import FeeFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


def set_(by, amount="60.00", day=date(2026, 7, 1), code="follow-up") -> Fee:
    return set_fee(by=by, code=code, description="Follow-up visit", amount=Decimal(amount), from_date=day)


def prices(code="follow-up") -> list[tuple[str, str, str]]:
    rows = Fee.objects.filter(code=code).order_by("validity")
    return [(str(fee.amount), str(fee.validity.lower), str(fee.validity.upper)) for fee in rows]


def test_a_new_price_ends_the_one_before() -> None:
    boss = staff("administrator")
    with acting_as(boss):
        set_(boss)
        fee = set_(boss, "65.005", date(2027, 1, 1))
    assert prices() == [("60.00", "2026-07-01", "2027-01-01"), ("65.01", "2027-01-01", "None")]
    assert [(line.target_id, line.detail) for line in events_of("billing.set_fee")][-1] == (
        fee.pk,
        {"code": "follow-up"},
    )


def test_a_price_is_not_slipped_under_one_that_is_set() -> None:
    with as_the_system():
        set_(None, day=date(2027, 1, 1))
        for day in (date(2027, 1, 1), date(2026, 12, 1)):
            with pytest.raises(FeeRefused, match="Choose a later day"):
                set_(None, day=day)


def test_only_administrators_set_prices() -> None:
    for role in ("billing", "front_desk", "doctor"):
        user = staff(role)
        with acting_as(user), pytest.raises(NotAllowed):
            set_(user)


def test_two_prices_on_one_day_cannot_be() -> None:
    FeeFactory(code="visit")
    with as_the_system(), refused_at_the_commit("fee_one_price_a_day"):
        Fee(code="visit", description="x", amount=1, validity=DateRange(date(2026, 1, 1), None)).save(force_insert=True)


def test_a_price_in_force_is_found_by_its_day() -> None:
    with as_the_system():
        set_(None)
        set_(None, "65.00", date(2027, 1, 1))
    found = [str(Fee.objects.on(day).get(code="follow-up").amount) for day in (date(2026, 12, 31), date(2027, 1, 1))]
    assert found == ["60.00", "65.00"]
    assert not Fee.objects.on(date(2026, 6, 30)).exists()
