"""My bills, in plain words: mine alone, with the PDF where there is one."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from tests.billing.test_invoice_page import printed
from tests.factories import InvoiceFactory, LedgerEntryFactory, PatientFactory, UserFactory, portal_user, staff

pytestmark = pytest.mark.django_db
LIST = "/portal/bills/"


@pytest.fixture
def own(rosa):
    return portal_user(rosa)


def test_my_bills_and_nobody_elses(browser, bill, own, audited) -> None:
    other = InvoiceFactory(total=Decimal("77.00"))
    text = browser(own).get(LIST).content.decode()
    assert "You have" in text
    assert "$142.00" in text
    assert "$77.00" not in text
    assert browser(own).get(f"{LIST}{other.pk}/").status_code == 404
    assert ("patients.open_chart", "ok") in audited(own)


@pytest.mark.parametrize("tail", ["", "{bill}/", "{bill}/document"])
def test_whose_pages_these_are(browser, bill, tail) -> None:
    url = LIST + tail.format(bill=bill.pk)
    assert Client().get(url).status_code == 302
    assert browser(staff("billing", bill.site)).get(url).status_code == 403
    assert browser(UserFactory().in_role("patient")).get(url)["Location"] == "/portal/link"


def test_a_bill_says_what_it_is_for_and_how_it_is_paid(browser, bill, own) -> None:
    LedgerEntryFactory(invoice=bill, method="card")
    text = browser(own).get(f"{LIST}{bill.pk}/").content.decode()
    for part in ("to pay by Dec 6, 2026", "$132.00", "Office visit, 30 minutes", "Nov 3, 2026", "−10.00", "front desk"):
        assert part in text, part
    assert "Wei Tran" not in text
    assert "Take back" not in text


def test_a_paid_bill_says_so(browser, own, rosa) -> None:
    paid = InvoiceFactory(patient=rosa, status="settled")
    assert "This bill is paid" in browser(own).get(f"{LIST}{paid.pk}/").content.decode()
    assert "You owe nothing" in browser(own).get(LIST).content.decode()


def test_before_the_first_visit(browser, own) -> None:
    assert "You have no bills" in browser(own).get(LIST).content.decode()


def test_the_pdf_is_mine_to_download(browser, bill, own) -> None:
    client = browser(own)
    assert "There is no PDF of this bill yet" in client.get(f"{LIST}{bill.pk}/").content.decode()
    assert client.get(f"{LIST}{bill.pk}/document").status_code == 404
    printed(bill)
    assert "Download the bill as PDF" in client.get(f"{LIST}{bill.pk}/").content.decode()
    opened = client.get(f"{LIST}{bill.pk}/document", follow=True)
    assert opened.content == b"%PDF-1.7 bill"


def test_the_portals_home_says_what_is_left_to_pay(browser, own, rosa) -> None:
    assert 'id="bills"' not in browser(own).get("/portal/").content.decode()
    InvoiceFactory(patient=rosa, due_date=timezone.localdate() + timedelta(days=9))
    text = browser(own).get("/portal/").content.decode()
    assert "left to pay" in text
    assert "Pay by" in text


def test_the_portals_home_says_what_is_late_and_what_is_paid(browser, rosa) -> None:
    InvoiceFactory(patient=rosa, due_date=timezone.localdate() - timedelta(days=1))
    assert "It was to be paid by" in browser(portal_user(rosa)).get("/portal/").content.decode()
    edmund = PatientFactory()
    InvoiceFactory(patient=edmund, status="settled")
    assert "You owe nothing" in browser(portal_user(edmund)).get("/portal/").content.decode()


def test_many_bills_cost_no_more_queries(browser, own, rosa, bill, assert_queries) -> None:
    client = browser(own)
    client.get(LIST)
    with assert_queries() as few:
        client.get(LIST)
    for _each in range(9):
        InvoiceFactory(patient=rosa)
    with assert_queries() as many:
        client.get(LIST)
    assert len(few) == len(many)
