"""The list of problems: add a diagnosis from ICD-10-CM; what becomes of it is `change_clinical_status`."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from patients.models import Patient
from records.access.entries import check_can_record
from records.actions.entries import record_entry
from records.actions.writing import AlreadyThere, Content, NotRecorded
from records.kinds.condition import PRESENT
from records.models import DiagnosisCode, Encounter, Entry
from records.rules.same import those_like

KIND = "condition"


@transaction.atomic
def record_condition(
    *,
    by: User,
    patient: Patient,
    code: DiagnosisCode,
    now: datetime,
    onset: str = "",
    note: str = "",
    encounter: Encounter | None = None,
    sensitivity: str = "",
    though: str = "",
) -> Entry:
    """Put a diagnosis on the list of problems. `onset` is a year, a month or a day as ISO 8601, or nothing.

    `though` says why it is added while a present one says the same, here or by the word of another system; without it
    that raises AlreadyThere. One that is over stands in nobody's way. Raises NotRecorded for a code that only heads
    others, NotAllowed and NotInScope.
    """
    check_can_record(by, patient, KIND)
    if not code.billable:
        raise NotRecorded(_("This code only heads others. Choose one below it."))
    present = Entry.objects.visible_to(by).current().of_kind(KIND).filter(patient=patient, clinical_status__in=PRESENT)
    alike = those_like((code.code, "icd-10-cm", code.display), present.order_by("id"))
    standing = next(iter(alike), None)
    if standing is not None and not though.strip():
        raise AlreadyThere(_("This problem is on the list already."), standing)
    said = {"onset": onset, "note": note, "though": though.strip() if standing else ""}
    content = Content(
        kind=KIND,
        code=code.code,
        code_system="icd-10-cm",
        display=code.display,
        clinical_status="active",
        data={name: text for name, text in said.items() if text},
        sensitivity=sensitivity,
    )
    return record_entry(by=by, patient=patient, content=content, effective_at=now, now=now, encounter=encounter)
