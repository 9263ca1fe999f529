"""What follows facts about visits, bills and insurance cards."""

from django.utils import timezone

from billing import actions
from billing.events import CoverageChanged, EligibilityAsked, InvoiceIssued
from healthcare.events import after
from records.events import EncounterFinished, EncounterVoided
from scheduling.events import PatientArrived, VisitFinished, VisitStarted


@after(EncounterFinished)
def bill_visit(fact: EncounterFinished) -> None:
    actions.issue_invoice(by=None, encounter_id=fact.encounter_id, now=timezone.now())


@after(EncounterVoided)
def doubt_bill(fact: EncounterVoided) -> None:
    actions.doubt_bill(by=None, encounter_id=fact.encounter_id, now=timezone.now())


@after(InvoiceIssued, queue="bulk")
def print_bill(fact: InvoiceIssued) -> None:
    actions.print_invoice(by=None, invoice_id=fact.invoice_id)


@after(VisitFinished)
def note_unbilled(fact: VisitFinished) -> None:
    actions.note_unbilled(by=None, appointment_id=fact.appointment_id, now=timezone.now())


# == Who pays ==
@after(PatientArrived)
def copy_coverage(fact: PatientArrived) -> None:
    actions.copy_coverage(by=None, appointment_id=fact.appointment_id, now=timezone.now())


@after(VisitStarted)
def copy_coverage_unless_arrived(fact: VisitStarted) -> None:
    """Nobody may have checked the patient in."""
    actions.copy_coverage(by=None, appointment_id=fact.appointment_id, now=timezone.now())


@after(CoverageChanged)
def copy_coverage_again(fact: CoverageChanged) -> None:
    actions.copy_again(by=None, patient_id=fact.patient_id, now=timezone.now())


@after(EligibilityAsked, queue="sync")
def answer_eligibility(fact: EligibilityAsked) -> None:
    actions.answer_eligibility(by=None, check_id=fact.check_id, now=timezone.now())
