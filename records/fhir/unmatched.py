"""Results that arrive for nobody sure: a report or a laboratory's observation whose patient is not here, or whose order
is another's. They wait on a list, and are neither rejected nor guessed.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from healthcare.fhir.resources import Incoming, Ledger, Outcome, keys_of
from records.actions.unmatched import Unplaced, receive_unmatched, retire_unmatched
from records.fhir.observations import ObservationResource
from records.fhir.reading import ORDER, Batch, Kept, Reading
from records.fhir.reports import DiagnosticReportResource
from records.queries.unmatched import how_many_are_known_by, patient_of_order
from records.rules import told
from records.rules.told import moment_words
from records.rules.unmatched import Person, Told

READERS = {one.type: one for one in (ObservationResource(), DiagnosticReportResource())}
KINDS = ("laboratory_result", "diagnostic_report")
MOST_NUMBERS = 10


class UnmatchedResults:
    """See `healthcare.fhir.resources.Unmatched`."""

    def doubts(self, item: Incoming, ledger: Ledger) -> str:
        if item.type not in READERS:
            return ""
        why = self._why(item, ledger)
        return why if why and reading_of(item, ledger) else ""

    def take(self, batch: Sequence[Incoming], ledger: Ledger, by: Any) -> list[Outcome]:
        results = [self._unplaced(one, ledger) for one in batch]
        rows = receive_unmatched(by=by, results=results, run=ledger.run)
        return [Outcome.unmatched() if row else Outcome.unchanged() for row in rows]

    def settled(self, batch: Sequence[Incoming], ledger: Ledger) -> None:
        """Only what had no place before can have waited."""
        sources = [one.key for one in batch if one.type in READERS and one.before is None]
        if sources:
            retire_unmatched(by=None, sources=sources, now=ledger.now)

    def _why(self, item: Incoming, ledger: Ledger) -> str:
        if item.patient_id is None:
            known = how_many_are_known_by(numbers_of(item, ledger))
            return "nobody" if not known else "number" if known == 1 else "several"
        if item.before and item.before.patient_id != item.patient_id:
            return "before"
        whose = {*patients_of_orders(item, ledger)}
        return "order" if whose and whose != {item.patient_id} else ""

    def _unplaced(self, item: Incoming, ledger: Ledger) -> Unplaced:
        said = reading_of(item, ledger)
        if said is None:  # pragma: no cover - asked before
            raise ValueError("It is no result.")
        system, kind, source_id = item.key
        return Unplaced(told_by(item, ledger, said), self._why(item, ledger), system, kind, source_id, item.digest)


def reading_of(item: Incoming, ledger: Ledger) -> Reading | None:
    """As the chart would hold it, of nobody in particular; None for what is no result, or could not stand in one."""
    try:
        found = READERS[item.type].read(item, Batch(ledger))
    except Kept:
        return None
    return found if found.content.kind in KINDS else None


def told_by(item: Incoming, ledger: Ledger, reading: Reading) -> Told:
    content, labels = reading.content, told.labels_of(item.resource)
    precision = {"precision": reading.moment.precision} if reading.moment.precision else {}
    return Told(
        kind=content.kind,
        code=content.code,
        code_system=content.code_system,
        display=content.display,
        value="" if content.value is None else told.plain(content.value),
        unit=content.unit,
        effective_at=reading.moment.at.isoformat(),
        record_status=reading.record_status,
        sensitivity=told.sensitivity_of(labels),
        private=told.is_private(labels),
        resource=item.text,
        data={**content.data, **precision},
        person=person_in(item, ledger),
    )


# == Whom it names ==
def person_in(item: Incoming, ledger: Ledger) -> Person:
    """In the words of the resource: of the patient contained in it, else of the reference."""
    subject = item.resource.get("subject")
    inside = ledger.content(item, subject) or {}
    born = told.moment(inside.get("birthDate"))
    return Person(
        name=told.person_name(inside.get("name")) or told.named(subject),
        birth_date=moment_words(born),
        sex=told.words(inside.get("gender"), 20),
        numbers=numbers_of(item, ledger),
    )


def numbers_of(item: Incoming, ledger: Ledger) -> tuple[str, ...]:
    subject = item.resource.get("subject")
    inside = ledger.content(item, subject) or {}
    own = [one.get("identifier") for one in told.objects(subject)]
    said = [part for one in (*own, inside.get("identifier")) for part in told.objects(one)]
    values = (told.words(one.get("value"), 64) for one in said)
    return tuple(dict.fromkeys(value for value in values if value))[:MOST_NUMBERS]


def patients_of_orders(item: Incoming, ledger: Ledger) -> Iterator[UUID]:
    """Whose the orders are that it answers, those told of and our own."""
    for key in keys_of(item, item.resource.get("basedOn")):
        home = ledger.at(key)
        whose = home.patient_id if home and home.model == ORDER else _own(key[2]) if home is None else None
        if whose:
            yield whose


def _own(source_id: str) -> UUID | None:
    try:
        return patient_of_order(UUID(source_id))
    except ValueError:
        return None
