"""A signed prescription on paper, with a code by which anybody checks whether it is valid."""

import logging
import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.audit import record, record_now
from healthcare.db.context import acting_as
from healthcare.events import publish
from healthcare.ops.printing import CannotPrint, render_pdf
from healthcare.storage.objects import put
from prescriptions.access import check_can_print
from prescriptions.actions.steps import NotPossible
from prescriptions.events import SheetAsked
from prescriptions.models import Prescription, PrescriptionSheet
from prescriptions.models.prescriptions import VALID
from prescriptions.printing import name_of, sheet_of
from prescriptions.queries.codes import FoundCode, digest_of

log = logging.getLogger("prescriptions")
State = PrescriptionSheet.State
CODE_BYTES = 32


class NotSeen(Exception):
    """The prescription is no longer open to who asked."""


FAILURES: dict[type[Exception], str] = {CannotPrint: "no_printer", NotSeen: "scope"}


@transaction.atomic
def print_prescription(*, by: User, prescription: Prescription, now: datetime) -> PrescriptionSheet:
    """Ask for it on paper, made by a worker. What one waits for already comes back, and nothing happens.

    Raises NotAllowed, and NotPossible for what is not signed or counts no more.
    """
    check_can_print(by)
    found = Prescription.objects.visible_to(by).get(pk=prescription.pk)
    if why := why_not_printed(found, now):
        raise NotPossible(why)
    mine = PrescriptionSheet.objects.visible_to(by).filter(prescription=found, asked_by=by, asked_as=by.acting_role)
    if known := mine.waiting(now).order_by("-asked_at", "-id").first():
        return known
    sheet = PrescriptionSheet(
        prescription=found,
        patient_id=found.patient_id,
        asked_by=by,
        asked_as=by.acting_role or "",
        asked_at=now,
        language=get_language() or "en",
    )
    sheet.save(force_insert=True)
    record("prescriptions.print", by=by, patient_id=found.patient_id, target=found, detail={"sheet": str(sheet.pk)})
    publish(SheetAsked(sheet_id=sheet.pk, patient_id=found.patient_id))
    return sheet


def why_not_printed(prescription: Prescription, now: datetime) -> str:
    """A sentence, or nothing for what is signed and can still be given out."""
    if prescription.signed_at is None:
        return _("It is printed once it is signed.")
    if prescription.status == Prescription.Status.CANCELLED or prescription.is_stopped:
        return _("It was cancelled or stopped, so it is not printed any more.")
    if now > prescription.signed_at + VALID:
        return _("It was signed more than a year ago, so it is not printed any more.")
    return ""


def open_sheet(*, by: User, sheet: PrescriptionSheet) -> UUID:
    """The key of the PDF, for a link: audited before it leaves. Raises NotPossible where it is not made."""
    if sheet.document is None:
        raise NotPossible(_("This paper is not made yet."))
    detail = {"sheet": str(sheet.pk)}
    target = sheet.prescription
    record_now("prescriptions.open_sheet", by=by, patient_id=sheet.patient_id, target=target, detail=detail)
    return sheet.document


def open_code(*, by: None = None, found: FoundCode) -> None:
    """Say that somebody, or a program, checked the code of a paper, before it is told how that stands.

    Raises AuditUnavailable: then show nothing.
    """
    target = ("prescriptions.prescription", found.prescription_id)
    record_now("prescriptions.check_code", by=by, patient_id=found.patient_id, target=target)


@transaction.atomic
def make_sheet(*, by: User | None, sheet_id: UUID, now: datetime) -> PrescriptionSheet | None:
    """Make the PDF for who asked, once; the code in it is by chance, and stands nowhere else. For the system, in a
    worker; None where nothing waits. A failure is kept in the row by its kind, and it can be asked for again.
    """
    rows = PrescriptionSheet.objects.filter(pk=sheet_id, state=State.ASKED).select_for_update(of=("self",))
    sheet: PrescriptionSheet | None = rows.select_related("asked_by").first()
    if sheet is None:
        return None
    try:
        with transaction.atomic():
            _make(sheet, now)
    except Exception as problem:  # whatever it is, somebody waits for an answer
        log.error("a prescription on paper failed", extra={"error": type(problem).__name__})
        sheet.state, sheet.failure = State.FAILED, FAILURES.get(type(problem), type(problem).__name__)[:80]
        sheet.digest = sheet.document = sheet.made_at = None
    sheet.save(update_fields=["state", "digest", "document", "made_at", "failure", "updated_at"])
    detail = {"sheet": str(sheet.pk), "state": sheet.state}
    record("prescriptions.make_sheet", by=by, patient_id=sheet.patient_id, target=sheet.prescription, detail=detail)
    return sheet


def _make(sheet: PrescriptionSheet, now: datetime) -> None:
    asker = sheet.asked_by.in_role(sheet.asked_as)
    with acting_as(asker):
        if not Prescription.objects.visible_to(asker).filter(pk=sheet.prescription_id).exists():
            raise NotSeen
    code = secrets.token_urlsafe(CODE_BYTES)
    content = render_pdf(sheet_of(sheet, code, now))
    sheet.document = put(content, content_type="application/pdf", name=name_of(sheet)).pk
    sheet.state, sheet.digest, sheet.made_at = State.MADE, digest_of(code), now
