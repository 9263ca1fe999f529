"""The invented bills: numbered without a gap, adding up, and going on from here."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from billing.actions import issue_invoice
from billing.models import Fee, Invoice, InvoiceLine, LedgerEntry, NumberSeries
from billing.queries import charged_entries, prices_on, unbilled_encounters
from billing.rules import charged_codes, lines_of
from billing.synthetic import BEGAN
from patients.synthetic.plan import Plan
from records.models import Encounter
from tests.roles import as_the_system, taking_role
from tests.synthetic import clinic, proofs

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def plan(django_db_setup: None, django_db_blocker: Any) -> Iterator[Plan]:
    with clinic("billing", django_db_blocker) as made:
        yield made


def test_every_proof_holds(plan: Plan) -> None:
    found = proofs("billing", plan)
    assert len(found) == 3
    assert all(found.values())


def test_a_bill_says_what_the_verb_would_have_charged(plan: Plan) -> None:
    with as_the_system():
        for bill in Invoice.objects.select_related("encounter", "appointment__visit_type").order_by("-pk")[:40]:
            codes = charged_codes(bill.appointment.visit_type.slug, charged_entries(bill.encounter))
            wanted = lines_of(codes, prices_on(bill.visit_date, [code for code, _number in codes]))
            kept = InvoiceLine.objects.filter(invoice=bill).order_by("place")
            assert [(row.code, row.quantity, row.amount) for row in kept] == [
                (line.code, line.quantity, line.amount) for line in wanted
            ]
            assert bill.total == sum(line.amount for line in wanted)


def test_bills_are_open_paid_and_paid_in_part(plan: Plan) -> None:
    with as_the_system():
        bills = list(Invoice.objects.with_balance().order_by("pk"))
        assert {bill.status for bill in bills} == {"issued", "settled"}
        assert any(0 < bill.balance < bill.total for bill in bills)
        assert all((bill.balance == 0) == (bill.status == "settled") for bill in bills)
        assert all(bill.due_date > bill.visit_date for bill in bills)
        assert LedgerEntry.objects.filter(kind="payment", entered_by=None).count() == 0
        assert Fee.objects.count() == 8


def test_no_visit_waits_for_a_bill(plan: Plan) -> None:
    with as_the_system():
        assert unbilled_encounters(plan.ago(BEGAN), 10) == []


def test_the_next_bill_has_the_next_number(plan: Plan) -> None:
    with as_the_system():
        series = NumberSeries.objects.order_by("name").last()
        earlier = Encounter.objects.filter(status="finished", finished_at__lt=plan.ago(BEGAN)).order_by("pk")[0]
        bill = issue_invoice(by=None, encounter_id=earlier.pk, now=plan.now)
    assert series is not None
    assert bill is not None
    assert (bill.series, bill.sequence) == (series.name, series.last + 1)


def test_a_number_that_is_skipped_is_noticed(plan: Plan) -> None:
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE billing_numberseries DISABLE TRIGGER USER")
        cursor.execute("UPDATE billing_numberseries SET last = last + 1")
    assert proofs("billing", plan)["no number is skipped"] is False


def test_money_that_does_not_add_up_is_noticed(plan: Plan) -> None:
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE billing_ledgerentry DISABLE TRIGGER USER")
        cursor.execute(
            "DELETE FROM billing_ledgerentry WHERE id ="
            " (SELECT e.id FROM billing_ledgerentry e JOIN billing_invoice i ON i.id = e.invoice_id"
            " WHERE e.kind = 'payment' AND i.status = 'settled' ORDER BY e.id LIMIT 1)"
        )
    assert proofs("billing", plan)["bills, lines and ledger add up"] is False


def test_the_ledger_is_append_only_again(plan: Plan) -> None:
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = ANY (%s::regclass[]) AND NOT tgisinternal"
            " AND tgenabled <> 'O'",
            [["billing_ledgerentry", "billing_invoice", "billing_invoiceline", "billing_numberseries"]],
        )
        assert cursor.fetchone() == (0,)
