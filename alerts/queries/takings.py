"""How severe a taking of vital signs is by what stands in it now, for the system that raises and ends alerts."""

from uuid import UUID

from records.models import Entry
from records.rules.ranges import Flag, severity_of, worst_of


def severity_now(entry: Entry, severity: str) -> str:
    """Of a taking by its parts, "" for nothing out of range any more; of any other value as it was said."""
    if entry.kind != "vital_signs" or entry.parent_id is not None:
        return severity
    parts = Entry.objects.filter(patient_id=entry.patient_id, parent_id=entry.pk).order_by("id")
    return severity_left(entry.pk, entry.patient_id) if parts.exists() else severity


def severity_left(panel_id: UUID, patient_id: UUID) -> str:
    """Of what was measured then and stands. A corrected value called out for itself."""
    parts = Entry.objects.current().filter(patient_id=patient_id, parent_id=panel_id, supersedes=None)
    return severity_of(worst_of(Flag(part.data.get("flag", "")) for part in parts.order_by("id")))
