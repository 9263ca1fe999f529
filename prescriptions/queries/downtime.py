"""Medicines in the papers for an hour without computers: unmarked, of many patients; read as the system."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from prescriptions.models import MedicationStatement, Prescription


def taken_by(ids: Collection[UUID], now: datetime) -> Mapping[UUID, Sequence[Prescription | MedicationStatement]]:
    """What they take, or are about to, by prescription of ours and as others told. Two queries."""
    ours = Prescription.objects.active(now).filter(patient__in=ids, sensitivity="").order_by("-signed_at", "-id")
    told = MedicationStatement.objects.active(now).filter(patient__in=ids, sensitivity="").order_by("-said_at", "-id")
    found: dict[UUID, list[Prescription | MedicationStatement]] = {}
    for row in [*ours, *told]:
        found.setdefault(row.patient_id, []).append(row)
    return found
