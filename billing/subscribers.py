"""What follows facts about visits and bills."""

from django.utils import timezone

from billing import actions
from billing.events import InvoiceIssued
from healthcare.events import after
from records.events import EncounterFinished


@after(EncounterFinished)
def bill_visit(fact: EncounterFinished) -> None:
    actions.issue_invoice(by=None, encounter_id=fact.encounter_id, now=timezone.now())


@after(InvoiceIssued, queue="bulk")
def print_bill(fact: InvoiceIssued) -> None:
    actions.print_invoice(by=None, invoice_id=fact.invoice_id)
