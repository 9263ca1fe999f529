"""The cards of billing on the home pages and on the chart."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from billing import queries
from billing.panels import account_card, open_card, taken_card
from billing.queries import open_figures, taken_on
from healthcare.db.context import acting_as
from tests.factories import InvoiceFactory, LedgerEntryFactory, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
BOSTON = ZoneInfo("America/New_York")


def figures(user, today=None):
    with acting_as(user):
        return open_figures(user, today or timezone.localdate())


def test_open_bills_are_counted_with_what_is_late_and_owed(clerk, rosa) -> None:
    today = timezone.localdate()
    late = InvoiceFactory(patient=rosa, due_date=today - timedelta(days=1))
    InvoiceFactory(patient=rosa, due_date=today)
    InvoiceFactory(patient=rosa, status="settled")
    InvoiceFactory()
    LedgerEntryFactory(invoice=late)
    found = figures(clerk)
    assert (found.count, found.overdue, found.owed, found.more) == (2, 1, Decimal("274.00"), False)


def test_so_many_are_counted_and_then_it_says_over(clerk, rosa, monkeypatch, browser) -> None:
    monkeypatch.setattr("billing.queries.home.MOST_COUNTED", 2)
    for _each in range(3):
        InvoiceFactory(patient=rosa)
    assert figures(clerk).more
    assert "1000+" in browser(clerk).get("/").content.decode()


def test_taken_today_is_by_method_less_what_was_taken_back(clerk, bill) -> None:
    noon = datetime(2026, 11, 10, 12, 0, tzinfo=BOSTON)
    cash = LedgerEntryFactory(invoice=bill, entered_at=noon, amount=Decimal("-40.00"))
    LedgerEntryFactory(invoice=bill, entered_at=noon, amount=Decimal("-30.00"), method="card")
    LedgerEntryFactory(
        invoice=bill,
        entered_at=noon,
        method="",
        kind="reversal",
        reverses=cash,
        reason="mistake",
        amount=Decimal("40.00"),
    )
    LedgerEntryFactory(invoice=bill, entered_at=noon - timedelta(hours=12, minutes=1))
    LedgerEntryFactory(invoice=bill, entered_at=noon + timedelta(hours=12))
    with acting_as(clerk):
        taken = taken_on(clerk, noon.date(), BOSTON)
    assert [str(amount) for _method, amount in taken.by_method] == ["0.00", "30.00", "0.00"]
    assert (taken.total, taken.payments) == (Decimal("30.00"), 2)


@pytest.mark.parametrize("role", ["billing", "front_desk"])
def test_whoever_takes_money_has_both_cards_at_home(browser, bill, role) -> None:
    text = browser(staff(role, bill.site)).get("/").content.decode()
    assert "Open bills" in text
    assert "Taken today" in text


@pytest.mark.parametrize("role", ["doctor", "nurse", "researcher"])
def test_others_have_neither(bill, role) -> None:
    user, now = staff(role, bill.site), timezone.now()
    with acting_as(user):
        assert open_card(user, now) is None
        assert taken_card(user, now) is None
        assert account_card(bill.patient, user, now) is None


def test_a_visit_without_a_bill_shows_at_home(browser, clerk, rosa, monkeypatch) -> None:
    monkeypatch.setattr(queries, "unbilled_visits", lambda user, since: 3)
    assert "Visits without a bill" in browser(clerk).get("/").content.decode()


def test_so_many_visits_without_a_bill_are_counted_and_then_it_says_over(clerk, rosa, monkeypatch) -> None:
    monkeypatch.setattr(queries, "unbilled_visits", lambda user, since: queries.MOST_COUNTED)
    with acting_as(clerk):
        card = open_card(clerk, timezone.now())
    assert card is not None
    assert card.context["unbilled"] == "1000+"


def test_the_chart_shows_what_is_owed_and_the_way_to_the_bills(browser, clerk, rosa) -> None:
    url = f"/patients/{rosa.pk}/"
    assert "No bills yet" in browser(clerk).get(url).content.decode()
    InvoiceFactory(patient=rosa, status="settled")
    assert "Nothing is owed" in browser(clerk).get(url).content.decode()
    bill = InvoiceFactory(patient=rosa, due_date=timezone.localdate() - timedelta(days=2))
    text = browser(clerk).get(url).content.decode()
    for part in ("Owes", "Overdue", bill.number, f"/billing/{rosa.pk}/"):
        assert part in text, part


def test_a_doctor_has_no_tab_of_bills(browser, bill) -> None:
    text = browser(staff("doctor", bill.site)).get(f"/patients/{bill.patient_id}/").content.decode()
    assert f"/billing/{bill.patient_id}/" not in text


def test_a_worker_sees_all(bill) -> None:
    with as_the_system():
        assert queries.unprinted_invoices(5) == [bill.pk]
