"""What follows facts: what is signed is checked again when something is learned."""

from django.utils import timezone

from healthcare.events import after
from prescriptions import actions
from prescriptions.events import PrescriptionSigned, SheetAsked
from records.events import AllergyRecorded


@after(AllergyRecorded, queue="urgent")
def recheck_after_allergy(fact: AllergyRecorded) -> None:
    actions.recheck_after_allergy(by=None, entry_id=fact.entry_id, patient_id=fact.patient_id, now=timezone.now())


@after(PrescriptionSigned)
def recheck_after_signing(fact: PrescriptionSigned) -> None:
    actions.recheck_after_signing(
        by=None, prescription_id=fact.prescription_id, patient_id=fact.patient_id, now=timezone.now()
    )


@after(SheetAsked)
def make_sheet(fact: SheetAsked) -> None:
    actions.make_sheet(by=None, sheet_id=fact.sheet_id, now=timezone.now())
