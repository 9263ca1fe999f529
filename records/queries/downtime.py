"""What stands in the papers for an hour without computers: current, unmarked, of many patients; read as the system."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from records.models import Entry
from records.rules.vitals import PANEL

KINDS = ("allergy", "condition")


def listed(ids: Collection[UUID]) -> Mapping[tuple[UUID, str], Sequence[Entry]]:
    """Active allergies, which are never marked, and problems by patient and kind, the newest first. One query."""
    rows = Entry.objects.current().filter(patient__in=ids, kind__in=KINDS, sensitivity="", clinical_status="active")
    found: dict[tuple[UUID, str], list[Entry]] = {}
    for entry in rows.order_by("-effective_at", "-id"):
        found.setdefault((entry.patient_id, entry.kind), []).append(entry)
    return found


def measured(ids: Collection[UUID]) -> Mapping[UUID, Sequence[Entry]]:
    """The newest value of each vital sign by patient. One query."""
    rows = Entry.objects.current().of_kind("vital_signs").filter(patient__in=ids, sensitivity="").exclude(code=PANEL)
    found: dict[UUID, list[Entry]] = {}
    for entry in rows.order_by("patient", "code", "-effective_at", "-id").distinct("patient", "code"):
        found.setdefault(entry.patient_id, []).append(entry)
    return found
