"""Resources that the folder of a kind reads: its `fhir.py` says TYPES and `read`; its `write` is asked by `telling`."""

from healthcare.fhir.resources import Incoming
from records.fhir.reading import Batch, EntryResource, Kept, Reading
from records.kinds import kinds, part_of


class KindResource(EntryResource):
    """A type for which there is nothing but what kinds read of it; what none of them reads is kept whole."""

    def read(self, incoming: Incoming, batch: Batch) -> Reading:
        raise Kept("")


def of_kinds() -> list[EntryResource]:
    """For `settings.FHIR_RESOURCES`, before those that have a class of their own."""
    types = sorted({name for slug in kinds() if (found := part_of(slug, "fhir")) for name in found.TYPES})
    return [type(name, (KindResource,), {"type": name})() for name in types]
