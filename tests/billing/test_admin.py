"""The admin: prices by their verb, and of bills no name and no amount."""

import pytest

from billing.models import Fee
from tests.accounts.conftest import audited as events_of
from tests.factories import FeeFactory, InvoiceFactory, NumberSeriesFactory, UserFactory, staff

pytestmark = pytest.mark.django_db
URL = "/admin/billing/"


@pytest.fixture
def boss(browser):
    return browser(staff("administrator"))


@pytest.mark.parametrize("kind", ["invoice", "invoiceline", "ledgerentry"])
def test_an_administrator_without_a_grant_sees_no_bill(boss, bill, kind) -> None:
    page = boss.get(f"{URL}{kind}/")
    assert page.status_code == 200
    assert bill.number.encode() not in page.content


def test_series_and_prices_are_listed(boss) -> None:
    NumberSeriesFactory()
    FeeFactory(code="follow-up")
    assert b"2026" in boss.get(f"{URL}numberseries/").content
    assert b"follow-up" in boss.get(f"{URL}fee/").content
    assert boss.get(f"{URL}fee/{Fee.objects.get().pk}/change/").status_code == 200
    assert boss.get(f"{URL}numberseries/add/").status_code == 403


def test_a_price_is_added_by_its_verb(boss) -> None:
    typed = {"code": "follow-up", "description": "Follow-up visit", "amount": "60.00", "from_date": "Jan 1, 2027"}
    assert boss.get(f"{URL}fee/add/").status_code == 200
    asked = boss.post(f"{URL}fee/add/", typed).content.decode()
    assert "There is no price of it yet." in asked
    assert not Fee.objects.exists()
    saved = typed | {"_confirmed": "yes"}
    assert boss.post(f"{URL}fee/add/", saved).status_code == 302
    fee = Fee.objects.get()
    assert (fee.code, str(fee.amount), str(fee.validity.lower)) == ("follow-up", "60.00", "2027-01-01")
    assert [line.target_id for line in events_of("billing.set_fee")] == [fee.pk]
    later = boss.post(f"{URL}fee/add/", typed | {"from_date": "Jan 1, 2028"}).content.decode()
    assert "It costs 60.00 until then." in later
    again = boss.post(f"{URL}fee/add/", saved, follow=True)
    assert "Choose a later day" in again.content.decode()
    assert Fee.objects.count() == 1


def test_nobody_else_comes_in(browser) -> None:
    InvoiceFactory(patient__site__name="Alder Street")
    for user in (staff("billing"), UserFactory().in_role("patient")):
        assert browser(user).get(f"{URL}fee/").status_code in {302, 403, 404}
