"""What has no home of its own is kept whole, as an entry of the kind "imported", and given out once it has one."""

from collections.abc import Iterator, Sequence
from typing import Any

from healthcare.fhir.resources import LAST, Incoming, Ledger, Outcome
from patients.importing.sources import told_again
from records.fhir.reading import NO_PATIENT, keep
from records.queries.imports import kept_whole


class KeptResource:
    """For `settings.FHIR_FALLBACK`: any type."""

    type = ""
    order = LAST

    def take(self, batch: Sequence[Incoming], ledger: Ledger, by: Any) -> list[Outcome]:
        of_somebody = [one for one in batch if one.patient_id is not None]
        rows = iter(keep(of_somebody, ledger, by))
        return [Outcome.rejected(NO_PATIENT) if one.patient_id is None else next(rows) for one in batch]

    def kept(self, kind: str) -> Iterator[Incoming | None]:
        """The resources of this type that are kept whole and stand, as they came; None after some hundred."""
        after = None
        while found := kept_whole(kind, after):
            after = found[-1].source.pk
            yield from (told_again(one.source, one.text) for one in found if one.text)
            yield None
