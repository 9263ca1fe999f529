"""One bill, the patient's account, and the forms that take money and take it back."""

import re
from decimal import Decimal

import pytest

from billing.models import LedgerEntry
from healthcare.storage.objects import put
from tests.factories import (
    CareRelationshipFactory,
    InvoiceFactory,
    LedgerEntryFactory,
    PatientFactory,
    portal_user,
    staff,
)
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


def address(invoice, tail="") -> str:
    return f"/billing/{invoice.patient_id}/{invoice.pk}/{tail}"


def typed(page, **fields) -> dict[str, str]:
    key = re.search(r'name="key" value="([^"]+)"', page.content.decode())
    assert key
    return {"amount": "25.00", "method": "card", "key": key[1]} | fields


def printed(invoice) -> None:
    """As after the worker made the PDF."""
    with as_the_system():
        invoice.document = put(b"%PDF-1.7 bill", content_type="application/pdf", name="bill.pdf").pk
        invoice.save(update_fields=["document", "updated_at"])


# == The bill ==
def test_the_bill_says_whose_for_what_and_why_so_much(browser, bill, clerk, audited) -> None:
    LedgerEntryFactory(invoice=bill, amount=Decimal("-25.00"), method="card", entered_by=clerk)
    text = browser(clerk).get(address(bill)).content.decode()
    for part in (
        bill.number,
        "Part paid",
        "Rosa Delgado-Ferreira",
        "Office visit, 30 minutes",
        "142.00",
        "−25.00",
        "117.00",
        "Card at the desk",
        "Wei Tran",
        "Dec 6, 2026",
    ):
        assert part in text, part
    assert ("patients.open_chart", "ok") in audited(clerk)


def test_the_clerk_sees_nothing_clinical(browser, bill, clerk) -> None:
    text = browser(clerk).get(address(bill)).content.decode()
    for word in ("allerg", "diagnos", "Hemoglobin", "reason"):
        assert word not in text.lower()


def test_whose_bill_is_not_in_scope_is_told_nothing(browser, bill) -> None:
    for user in (staff("billing"), staff("front_desk")):
        page = browser(user).get(address(bill))
        assert page.status_code == 403
        assert bill.number.encode() not in page.content
    assert browser(staff("doctor", bill.site)).get(address(bill)).status_code == 403
    assert browser(portal_user(bill.patient)).get(address(bill)).status_code == 404


def test_who_reaches_the_chart_and_not_the_bills_gets_the_page_of_scope(browser, bill) -> None:
    desk = staff("front_desk")
    CareRelationshipFactory(patient=bill.patient, user=desk, role="front_desk", scopes=["identity"])
    for tail in (f"/billing/{bill.patient_id}/", address(bill), address(bill, "pay")):
        page = browser(desk).get(tail)
        assert page.status_code == 403
        assert bill.number.encode() not in page.content


def test_a_bill_is_found_under_its_own_patient_alone(browser, bill, clerk) -> None:
    other = PatientFactory(site=bill.site)
    assert browser(clerk).get(f"/billing/{other.pk}/{bill.pk}/").status_code == 404


def test_a_bill_with_many_entries_costs_no_more_queries(browser, bill, clerk, assert_queries) -> None:
    client = browser(clerk)
    client.get(address(bill))
    with assert_queries() as few:
        client.get(address(bill))
    for number in range(8):
        LedgerEntryFactory(invoice=bill, amount=Decimal("-1.00"), idempotency_key=f"k{number}")
    with assert_queries() as many:
        client.get(address(bill))
    assert len(few) == len(many)


# == The PDF ==
def test_without_a_pdf_the_page_says_so_and_prints(browser, bill, clerk) -> None:
    text = browser(clerk).get(address(bill)).content.decode()
    assert "There is no PDF of this bill yet" in text
    assert "This page prints as the bill" in text
    assert browser(clerk).get(address(bill, "document")).status_code == 404


def test_the_pdf_opens_by_a_link_for_this_person(browser, bill, clerk, audited) -> None:
    printed(bill)
    client = browser(clerk)
    assert "Download the PDF" in client.get(address(bill)).content.decode()
    answer = client.get(address(bill, "document"))
    assert answer.status_code == 302
    opened = client.get(answer["Location"])
    assert (opened.status_code, opened["Content-Type"]) == (200, "application/pdf")
    assert opened.content == b"%PDF-1.7 bill"
    assert browser(staff("billing", bill.site)).get(answer["Location"]).status_code == 404
    assert ("billing.open_document", "ok") in audited(clerk)


# == Taking money ==
def test_a_payment_is_taken_and_said(browser, bill, clerk, ledger_of) -> None:
    client = browser(clerk)
    answer = client.post(address(bill, "pay"), typed(client.get(address(bill))), follow=True)
    assert answer.redirect_chain == [(address(bill), 302)]
    text = answer.content.decode()
    assert "Took $25.00. Receipt R-" in text
    assert "Part paid" in text
    assert ledger_of(bill) == [("charge", "142.00"), ("payment", "-25.00")]


def test_the_form_pressed_twice_takes_it_once(browser, bill, clerk, ledger_of) -> None:
    client = browser(clerk)
    fields = typed(client.get(address(bill)))
    for _press in range(2):
        assert client.post(address(bill, "pay"), fields).status_code == 302
    assert len(ledger_of(bill)) == 2


def test_the_amount_may_carry_the_sign_and_is_filled_in_with_all(browser, bill, clerk, ledger_of) -> None:
    client = browser(clerk)
    page = client.get(address(bill))
    assert 'value="142.00"' in page.content.decode()
    client.post(address(bill, "pay"), typed(page, amount="$ 142.00"))
    assert ledger_of(bill)[-1] == ("payment", "-142.00")
    settled = client.get(address(bill)).content.decode()
    assert "Paid" in settled
    assert 'id="pay"' not in settled
    assert "Nothing is left to pay" in client.get(address(bill, "pay")).content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"amount": "142.01"}, "$142.00</bdi>|Only $142.00 is left to pay"),
        ({"amount": ""}, "Enter the amount that was paid"),
        ({"amount": "ten"}, "Enter an amount, like 25.00"),
        ({"amount": "1.005"}, "two places behind the point"),
        ({"amount": "0"}, "A payment is more than nothing"),
        ({"amount": "99999999"}, "more than a bill can be"),
        ({"method": ""}, "Choose how it was paid"),
        ({"method": "barter"}, "Select a valid choice"),
    ],
)
def test_what_does_not_fit_stays_on_the_form_with_a_sentence(browser, bill, clerk, ledger_of, fields, sentence) -> None:
    client = browser(clerk)
    answer = client.post(address(bill, "pay"), typed(client.get(address(bill)), **fields))
    assert answer.status_code == 422
    assert any(part in answer.content.decode() for part in sentence.split("|"))
    if fields.get("amount"):
        assert f'value="{fields["amount"]}"' in answer.content.decode()
    assert len(ledger_of(bill)) == 1


def test_a_key_of_another_payment_is_refused(browser, bill, clerk) -> None:
    client = browser(clerk)
    fields = typed(client.get(address(bill)))
    client.post(address(bill, "pay"), fields)
    answer = client.post(address(bill, "pay"), fields | {"amount": "26.00"})
    assert answer.status_code == 422
    assert "used for another payment" in answer.content.decode()


def test_who_reads_bills_and_takes_no_money_has_no_form(browser, bill, clerk) -> None:
    with taking_role("owner"):
        from healthcare.accounts.models import RoleEdit

        RoleEdit.objects.create(role="billing", permission="billing.take_payment", held=False, made_by=clerk)
    client = browser(staff("billing", bill.site))
    text = client.get(address(bill)).content.decode()
    assert 'id="pay"' not in text
    assert client.post(address(bill, "pay"), {}).status_code == 403


# == Taking it back ==
def test_a_payment_is_taken_back_with_a_reason(browser, bill, clerk, ledger_of) -> None:
    paid = LedgerEntryFactory(invoice=bill, entered_by=clerk)
    client = browser(clerk)
    url = address(bill, f"payments/{paid.pk}/reverse")
    assert url in client.get(address(bill)).content.decode()
    asked = client.get(url)
    assert "The whole payment is taken back" in asked.content.decode()
    assert client.post(url, {}).status_code == 422
    answer = client.post(url, {"reason": "mistake"}, follow=True)
    text = answer.content.decode()
    assert "Taken back. The bill is open again." in text
    assert "Entered by mistake" in text
    assert url not in text, "once is enough"
    assert ledger_of(bill)[-1] == ("reversal", "10.00")


def test_only_a_payment_of_this_bill_can_be_taken_back(browser, bill, clerk, rosa) -> None:
    client = browser(clerk)
    with as_the_system():
        charge = LedgerEntry.objects.get(invoice=bill)
    elsewhere = LedgerEntryFactory(invoice=InvoiceFactory(patient=rosa))
    for entry in (charge, elsewhere):
        assert client.get(address(bill, f"payments/{entry.pk}/reverse")).status_code == 404


# == The account ==
def test_the_account_shows_bills_and_every_movement(browser, bill, clerk) -> None:
    LedgerEntryFactory(invoice=bill)
    InvoiceFactory(patient=bill.patient, status="settled")
    text = browser(clerk).get(f"/billing/{bill.patient_id}/").content.decode()
    for part in ("Owes", "$132.00", "Statement, newest first", "−10.00", "Part paid", "Paid", 'aria-current="page"'):
        assert part in text, part


def test_an_account_without_bills_says_why(browser, rosa, clerk) -> None:
    text = browser(clerk).get(f"/billing/{rosa.pk}/").content.decode()
    assert "No bills yet" in text
    assert "Nothing is owed" in text


def test_a_long_account_costs_no_more_queries(browser, bill, clerk, assert_queries) -> None:
    client, url = browser(clerk), f"/billing/{bill.patient_id}/"
    client.get(url)
    with assert_queries() as few:
        client.get(url)
    for _each in range(9):
        InvoiceFactory(patient=bill.patient, status="settled")
    with assert_queries() as many:
        client.get(url)
    assert len(few) == len(many)
