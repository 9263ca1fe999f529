"""What was put on hold or stopped, by whom and why; and who went through the list."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.ui.dates import day_text
from patients.models import Patient
from prescriptions.models import Halt, MedicationReview, MedicationStatement, Prescription

Medicine = Prescription | MedicationStatement
Row = TypeVar("Row", bound=Medicine)


def with_halts(user: User, medicines: Iterable[Row]) -> list[Row]:
    """`last_halt` of those which are halted: one query where any is, else none."""
    rows = list(medicines)
    halted = [row for row in rows if row.halt]
    if halted:
        ids = [row.pk for row in halted]
        of = Q(prescription__in=ids) | Q(statement__in=ids)
        found = Halt.objects.visible_to(user).filter(of, patient__in={row.patient_id for row in halted})
        said = found.select_related("said_by").order_by("said_at", "id")
        last = {one.prescription_id or one.statement_id: one for one in said}
        for row in halted:
            row.last_halt = last.get(row.pk)
    return rows


def halts_of(user: User, medicine: Medicine) -> list[Halt]:
    """Everything that was said of it, the newest first."""
    field = "prescription" if isinstance(medicine, Prescription) else "statement"
    rows = Halt.objects.visible_to(user).filter(patient_id=medicine.patient_id, **{field: medicine.pk})
    return list(rows.select_related("said_by").order_by("-said_at", "-id"))


def last_review(user: User, patient: Patient) -> MedicationReview | None:
    rows = MedicationReview.objects.visible_to(user).filter(patient_id=patient.pk).select_related("reviewed_by")
    return rows.order_by("-reviewed_at", "-id").first()


def is_taken(medicine: Medicine, now: datetime) -> bool:
    """Whether it stands on the list of what is taken, on hold or not: the same as `active`, of one row."""
    if medicine.is_stopped or (medicine.ends_at and medicine.ends_at <= now):
        return False
    if isinstance(medicine, Prescription):
        return medicine.status in Prescription.GOING
    return medicine.status in MedicationStatement.TAKEN and not (medicine.ended_at or medicine.superseded_at)


def changed_since(user: User, review: MedicationReview, rows: Sequence[Medicine]) -> bool:
    """Whether anything that this person sees came to these rows, or was said of them, after the review."""
    moments = [
        *(one.signed_at for one in rows if isinstance(one, Prescription)),
        *(one.cancelled_at for one in rows if isinstance(one, Prescription)),
        *(one.created_at for one in rows if isinstance(one, MedicationStatement)),
        *(one.ended_at for one in rows if isinstance(one, MedicationStatement)),
    ]
    if any(moment and moment > review.reviewed_at for moment in moments):
        return True
    said = Halt.objects.visible_to(user).filter(patient_id=review.patient_id)
    return said.filter(said_at__gt=review.reviewed_at).exists()


def halt_words(medicine: Medicine) -> str:
    """A sentence: since when it is on hold or stopped, by whom and why. Ask with `with_halts` before."""
    halt = medicine.last_halt
    if halt is None or medicine.halt_from is None:
        return ""
    day, why = timezone.localtime(halt.starts_at).date(), halt.reason_words.rstrip(".")
    told = {"day": day_text(day), "who": halt.said_by.full_name, "why": why}
    if medicine.is_stopped:
        return _("Stopped from %(day)s by %(who)s: %(why)s.") % told
    return _("On hold from %(day)s by %(who)s: %(why)s.") % told
