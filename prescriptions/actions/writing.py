"""The prescriber's verbs: draft, change, sign, cancel."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.events import publish
from patients.models import Patient
from prescriptions.access import check_can_cancel, check_can_prescribe, check_can_sign
from prescriptions.actions.settling import settle_cancelled, settle_signed
from prescriptions.actions.steps import (
    WRITTEN,
    FindingsUnanswered,
    NotPrescribable,
    check_becomes,
    check_is,
    check_licence,
    check_lives,
    end_of,
    end_wait,
    keep_check,
    locked,
    put_back,
    signature_of,
    write,
)
from prescriptions.events import PrescriptionCancelled, PrescriptionSigned
from prescriptions.models import Medication, Prescription
from prescriptions.queries import check_prescription
from prescriptions.rules.safety import Answer, unanswered, used
from prescriptions.rules.sig import Content
from records.models import Encounter

Status = Prescription.Status


@transaction.atomic
def draft_prescription(
    *,
    by: User,
    patient: Patient,
    medication: Medication | None,
    medicine: str = "",
    content: Content | None = None,
    encounter: Encounter | None = None,
    now: datetime,
) -> Prescription:
    """Begin a prescription from the formulary, or in words (`medication` None), which nothing can be checked about.

    It goes to the dispensary of the patient's site. Raises NotAllowed, and NotPrescribable without any medicine.
    """
    provider = check_can_prescribe(by)
    label = medication.label if medication else " ".join(medicine.split())
    if not label:
        raise NotPrescribable(_("Say which medicine."))
    draft = Prescription(
        patient=patient,
        encounter=encounter,
        prescriber=provider,
        site_id=patient.site_id,
        medication=medication,
        medicine=label,
    )
    write(draft, content or Content())
    draft.save(force_insert=True)
    record("prescriptions.draft", by=by, patient_id=patient.pk, target=draft)
    return draft


@transaction.atomic
def prescribe_again(
    *, by: User, patient: Patient, prescriptions: Iterable[UUID] | None, encounter: Encounter | None, now: datetime
) -> list[Prescription]:
    """Drafts with the same medicine and directions: of these, or of all that the patient takes by prescription.

    Each is checked and signed like any other. What is no longer offered, what is on hold (of all), and what waits as
    one's draft already, is left out. Raises NotAllowed, and NotPrescribable where nothing is left.
    """
    check_can_prescribe(by)
    rows = Prescription.objects.visible_to(by).filter(patient=patient, signed_at__isnull=False)
    rows = rows.active(now) if prescriptions is None else rows.filter(pk__in=list(prescriptions))
    drafts = Prescription.objects.visible_to(by).filter(patient=patient, status=Status.DRAFT, prescriber__user=by)
    waiting = set(drafts.values_list("medicine", flat=True))
    made = []
    for row in rows.select_related("medication").order_by("signed_at", "id"):
        if (
            (prescriptions is None and row.is_on_hold(now))
            or row.medicine in waiting
            or (row.medication is not None and not row.medication.active)
        ):
            continue
        waiting.add(row.medicine)
        content = Content(row.directions, row.reason, row.repeats, row.may_substitute, row.sensitivity)
        made.append(
            draft_prescription(
                by=by,
                patient=patient,
                medication=row.medication,
                medicine=row.medicine,
                content=content,
                encounter=encounter,
                now=now,
            )
        )
    if not made:
        raise NotPrescribable(_("There is nothing to prescribe again: it waits to be signed, or is no longer offered."))
    return made


@transaction.atomic
def change_draft(*, by: User, prescription: Prescription, content: Content, now: datetime) -> Prescription:
    """Bring a draft to what was typed: one row overwritten, so it leaves no audit line after the first.

    Raises NotAllowed, NotPossible once it is signed or thrown away, NotPrescribable.
    """
    draft = locked(by, prescription)
    check_can_sign(by, draft)
    check_is(draft, Status.DRAFT)
    write(draft, content)
    draft.save(update_fields=[*WRITTEN, "updated_at"])
    return draft


@transaction.atomic
def sign_prescription(
    *,
    by: User,
    prescription: Prescription,
    overrides: Iterable[Answer] = (),
    content: Content | None = None,
    now: datetime,
) -> Prescription:
    """Sign a draft: the safety check runs once more and is kept with what was answered; then nothing changes any more.

    `content` is what was typed last, else the draft stands. The door asks who it is anew (step-up). Raises NotAllowed,
    NotPossible, NotPrescribable, and FindingsUnanswered with the check's result.
    """
    draft = locked(by, prescription)
    check_can_sign(by, draft)
    check_becomes(draft, Status.SIGNED)
    check_lives(draft)
    check_licence(draft, now)
    if content is not None:
        write(draft, content)
    sig = draft.directions
    if sig is None:
        raise NotPrescribable(_("Say how the medicine is taken: dose, how often and for how long."))
    answers = {answer.key: answer for answer in overrides}
    checked = check_prescription(by, draft, now, sig)
    result = checked.result
    if missing := unanswered(result, answers):
        raise FindingsUnanswered(result, missing)
    draft.status, draft.signed_at, draft.signed_by = Status.SIGNED, now, by
    draft.ends_at = end_of(draft, sig, now)
    draft.signature = signature_of(draft)
    draft.save(update_fields=[*WRITTEN, "status", "signed_at", "signed_by", "signature", "ends_at", "updated_at"])
    kept = keep_check(draft, checked, used(result, answers), now)
    detail = {"check": str(kept.pk), "overrides": len(kept.overrides), "rules": [f.rule for f in result.findings]}
    settle_signed(by, draft, now)
    record("prescriptions.sign", by=by, patient_id=draft.patient_id, target=draft, detail=detail)
    publish(PrescriptionSigned(prescription_id=draft.pk, patient_id=draft.patient_id))
    return draft


@transaction.atomic
def cancel_prescription(*, by: User, prescription: Prescription, reason: str, note: str = "", now: datetime) -> None:
    """Cancel it with a coded reason, from draft to not collected; what was handed out stays handed out.

    Raises NotAllowed, NotPossible, and ValueError for a reason that is none.
    """
    found = locked(by, prescription)
    check_can_cancel(by, found)
    check_becomes(found, Status.CANCELLED)
    was_signed = found.signed_at is not None
    put_back(by, found, now)
    found.status, found.cancelled_at, found.cancelled_by = Status.CANCELLED, now, by
    found.cancel_reason, found.cancel_note = Prescription.CancelReason(reason).value, note
    found.save(update_fields=["status", "cancelled_at", "cancelled_by", "cancel_reason", "cancel_note", "updated_at"])
    end_wait(found)
    settle_cancelled(by, found, now)
    record("prescriptions.cancel", by=by, patient_id=found.patient_id, target=found, detail={"reason": reason})
    if was_signed:
        publish(PrescriptionCancelled(prescription_id=found.pk, patient_id=found.patient_id))
