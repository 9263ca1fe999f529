"""Resources that the folder of a kind reads and writes: its `fhir.py` says TYPES, `read` and `write`."""

from typing import Any

from healthcare.fhir.resources import Incoming
from records.fhir.reading import Batch, EntryResource, Kept, Reading
from records.kinds import kind_of, kinds, part_of
from records.models import Entry


class KindResource(EntryResource):
    """A type for which there is nothing but what kinds read of it; what none of them reads is kept whole."""

    def read(self, incoming: Incoming, batch: Batch) -> Reading:
        raise Kept("")


def of_kinds() -> list[EntryResource]:
    """For `settings.FHIR_RESOURCES`, before those that have a class of their own."""
    types = sorted({name for slug in kinds() if (found := part_of(slug, "fhir")) for name in found.TYPES})
    return [type(name, (KindResource,), {"type": name})() for name in types]


def resource_of(entry: Entry) -> dict[str, Any] | None:
    """As FHIR R4 has it; None for what is void, what its kind keeps here, and what no kind writes."""
    found = part_of(entry.kind, "fhir")
    if found is None or entry.voided_at or not kind_of(entry.kind).exported(entry):
        return None
    about = {"id": str(entry.pk), "subject": {"reference": f"Patient/{entry.patient_id}"}}
    written: dict[str, Any] = found.write(entry)
    return written | about
