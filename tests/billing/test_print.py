"""The bill as a PDF: made by a worker, kept once, opened by a link for one person."""

import pytest

from billing import actions, tasks
from billing.events import InvoiceIssued
from billing.models import Invoice
from billing.printing import document_of
from billing.subscribers import print_bill
from healthcare.db.uuids import uuid7
from healthcare.ops import printing
from healthcare.storage.models import StoredObject
from healthcare.storage.objects import open_object
from tests.accounts.conftest import audited as events_of
from tests.factories import InvoiceFactory
from tests.roles import as_the_system, taking_role
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_pango(monkeypatch):
    monkeypatch.setattr("billing.actions.bills.pango_present", lambda: False)


def print_(invoice):
    with as_the_system():
        return actions.print_invoice(by=None, invoice_id=invoice.pk)


def kept() -> list[str]:
    with as_the_system():
        return [str(row.name) for row in StoredObject.objects.order_by("id")]


def test_the_document_says_what_was_billed_and_nothing_that_was_paid(bill) -> None:
    with as_the_system():
        text = document_of(Invoice.objects.select_related("patient", "site", "provider").get(pk=bill.pk))
    for part in (
        bill.number,
        "Rosa Delgado-Ferreira",
        bill.patient.mrn,
        "Nov 3, 2026",
        "Dec 6, 2026",
        "Office visit, 30 minutes",
        "142.00",
    ):
        assert part in text, part


@pytest.mark.pango
def test_print_bill_delivered_twice_makes_one_document(bill) -> None:
    fact = InvoiceIssued(invoice_id=bill.pk, patient_id=bill.patient_id)
    key = deliver_twice(print_bill, fact, lambda: Invoice.objects.get(pk=bill.pk).document)
    with as_the_system():
        opened = open_object(key)
    assert opened.content.startswith(b"%PDF-")
    assert kept() == [f"{bill.number}.pdf"]
    (line,) = events_of("billing.print_invoice")
    assert (line.patient_id, line.target_id) == (bill.patient_id, bill.pk)


def test_without_pango_there_is_no_document_and_no_failure(bill, no_pango) -> None:
    assert print_(bill) is None
    assert kept() == []
    assert events_of("billing.print_invoice") == []


def test_an_unknown_bill_is_no_failure() -> None:
    with as_the_system():
        assert actions.print_invoice(by=None, invoice_id=uuid7()) is None


@pytest.mark.pango
def test_what_could_not_be_printed_is_printed_later(bill, rosa, monkeypatch) -> None:
    InvoiceFactory(patient=rosa)
    monkeypatch.setattr("billing.actions.bills.pango_present", lambda: False)
    with taking_role("worker"):
        tasks.print_unprinted_bills()
    assert kept() == []
    monkeypatch.setattr("billing.actions.bills.pango_present", printing.pango_present)
    with taking_role("worker"):
        tasks.print_unprinted_bills()
        tasks.print_unprinted_bills()
    assert len(kept()) == 2
