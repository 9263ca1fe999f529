"""Mark what was prescribed as sensitive, mark it otherwise, or take the mark off."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.audit import record
from prescriptions.access import check_can_mark
from prescriptions.actions.steps import NotPossible, keep_without, locked
from prescriptions.models import Prescription, SafetyCheck
from prescriptions.rules.safety import Finding, Result, Unchecked
from records.models.entries import mark_of


@transaction.atomic
def mark_prescription(*, by: User, prescription: Prescription, label: str, now: datetime) -> Prescription:
    """Put this label on a prescription, "" takes it off; it counts from the next statement on. The signature stands.

    Kept checks of other prescriptions that name it are hidden with it, and stand beside the same without it. Raises
    NotPossible for a draft, which is changed, and for a mark that it has; NotAllowed, ValueError for a label that is
    none.
    """
    label = mark_of(label)
    found = locked(by, prescription)
    check_can_mark(by, found, label)
    if found.signed_at is None:
        raise NotPossible(_("A draft is marked where it is written."))
    if found.sensitivity == label:
        raise NotPossible(_("It is marked so already."))
    named_in = _open_checks_with(by, found) if label else []
    before, found.sensitivity = found.sensitivity, label
    found.save(update_fields=["sensitivity", "updated_at"])  # by trigger, checks that name it take the label, too
    for check in named_in:
        keep_without(check, _result_of(check), {str(found.pk)}, [found.medicine])
    detail = {"from": before, "to": label}
    record("prescriptions.mark", by=by, patient_id=found.patient_id, target=found, detail=detail)
    return found


def _open_checks_with(by: User, marked: Prescription) -> list[SafetyCheck]:
    """Kept checks of other prescriptions that name this one and that everybody reads who sees their prescription."""
    rows = SafetyCheck.objects.visible_to(by).filter(patient_id=marked.patient_id, labels=[])
    others = rows.exclude(prescription=marked).select_related("prescription").order_by("id")
    return [check for check in others if _names(check, marked)]


def _names(check: SafetyCheck, marked: Prescription) -> bool:
    told: Sequence[Mapping[str, Any]] = [*check.findings, *check.unchecked]
    return any(one["key"].endswith(f".{marked.pk}") for one in told) or marked.medicine in check.checked.get(
        "clear", ()
    )


def _result_of(check: SafetyCheck) -> Result:
    """A kept check, as it was when it ran."""
    return Result(
        version=check.kb_version,
        problem=check.problem,
        findings=tuple(Finding(**one) for one in check.findings),
        unchecked=tuple(Unchecked(**one) for one in check.unchecked),
        clear=tuple(check.checked.get("clear", ())),
        medicines=check.checked.get("medicines", 0),
        allergies=check.checked.get("allergies", 0),
        about=tuple(check.checked.get("about", ())),
    )
