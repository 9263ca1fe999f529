"""What all types of resources share: who says it, when, whether it stands, and how a batch of them is taken."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from healthcare.fhir.resources import Incoming, Ledger, Outcome
from records.actions.imports import Arrival, take_entries
from records.actions.writing import CLOCKS_DIFFER, Content
from records.kinds import kinds, part_of
from records.models import Entry
from records.models.entries import UNMARKED
from records.queries.imports import Person
from records.rules import told
from records.rules.told import Moment

ENTRY, ENCOUNTER, ORDER = "records.entry", "records.encounter", "records.servicerequest"
LONGEST_SOURCE = 200
NO_PATIENT = "It speaks of no patient."


class Kept(Exception):
    """It has no kind here as it is, and is kept whole; the argument is a word of `kinds.imported.BECAUSE`."""


@dataclass
class Batch:
    """What is known while a batch is read."""

    ledger: Ledger
    people: dict[UUID, Person] = field(default_factory=dict)
    reports: dict[str, UUID] = field(default_factory=dict)
    allergic: set[UUID] = field(default_factory=set)
    firsts: dict[UUID, UUID] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """What one resource says, as a row of the chart will say it."""

    content: Content
    moment: Moment
    record_status: str = "final"
    parent_id: UUID | None = None


class EntryResource:
    """A type whose resources become entries. A subclass says what one of them says."""

    type: ClassVar[str]
    order: ClassVar[int] = 50

    def read(self, incoming: Incoming, batch: Batch) -> Reading:
        """Raises Kept."""
        raise NotImplementedError

    def look_up(self, batch: Sequence[Incoming], about: Batch) -> None:
        """Ask once for the batch what reading needs to know."""

    def take(self, batch: Sequence[Incoming], ledger: Ledger, by: Any) -> list[Outcome]:
        about = Batch(ledger)
        self.look_up(batch, about)
        known = [self._arrival(one, about) for one in batch]
        rows = iter(take_entries(by=by, arrivals=[arrival for arrival in known if arrival], now=ledger.now))
        outcomes = [self._outcome(arrival, rows) for arrival in known]
        late = [place for place, outcome in enumerate(outcomes) if outcome is None]
        if late:
            again = keep([batch[place] for place in late], ledger, by, because="changed_here", anew=True)
            for place, outcome in zip(late, again, strict=True):
                outcomes[place] = outcome
        return [outcome or Outcome.rejected(NO_PATIENT) for outcome in outcomes]

    def taken_for(self, incoming: Incoming, ledger: Ledger) -> str:
        """The kind of entry that it would become; "imported" where it would be kept whole."""
        try:
            return self._reading(incoming, Batch(ledger)).content.kind
        except Kept:
            return "imported"

    def _reading(self, incoming: Incoming, about: Batch) -> Reading:
        return read_by_kind(incoming, about) or self.read(incoming, about)

    def _arrival(self, incoming: Incoming, about: Batch) -> Arrival | None:
        if incoming.patient_id is None:
            return None
        try:
            return arrival_of(incoming, about.ledger, self._reading(incoming, about))
        except Kept as reason:
            return arrival_of(incoming, about.ledger, whole(incoming, about.ledger, str(reason)))

    def _outcome(self, arrival: Arrival | None, rows: Iterator[Entry | None]) -> Outcome | None:
        """None where somebody here changed it meanwhile."""
        if arrival is None:
            return Outcome.rejected(NO_PATIENT)
        row = next(rows)
        if row is None:
            return None
        return Outcome.kept(row) if arrival.content.kind == "imported" else Outcome.imported(row)


def read_by_kind(incoming: Incoming, about: Batch) -> Reading | None:
    """As the folder of a kind reads it; None where none does. Raises Kept."""
    for slug in kinds():
        home = part_of(slug, "fhir")
        found = home.read(incoming.resource) if home and incoming.type in home.TYPES else None
        if found:
            parts = {name: part for name, part in vars(found.said).items() if name != "effective_at"}
            return Reading(Content(kind=slug, **parts), when(about.ledger, *found.when), found.record_status)
    return None


# == Kept whole ==
WHAT = ("code", "medicationCodeableConcept", "vaccineCode", "type", "serviceType", "category", "deviceName")
NAMED = ("description", "title", "name", "scope")
WHEN = (
    *("effectiveDateTime", "effectivePeriod.start", "effectiveInstant", "occurrenceDateTime", "occurrencePeriod.start"),
    *("performedDateTime", "performedPeriod.start", "onsetDateTime", "period.start", "billablePeriod.start"),
    *("started", "start", "date", "authoredOn", "authored", "recordedDate", "dateAsserted", "created", "issued"),
    *("startDate", "statusDate", "collection.collectedDateTime", "whenHandedOver", "whenPrepared", "recorded"),
    *("receivedTime", "manufactureDate", "meta.lastUpdated"),
)


def keep(batch: Sequence[Incoming], ledger: Ledger, by: Any, *, because: str = "", anew: bool = False) -> list[Outcome]:
    """Keep these whole, as entries. `anew`: not as versions of what they were before."""
    arrivals = [arrival_of(one, ledger, whole(one, ledger, because), anew=anew) for one in batch]
    rows = take_entries(by=by, arrivals=arrivals, now=ledger.now)
    return [Outcome.kept(row) if row else Outcome.rejected("It was changed here.") for row in rows]


def whole(incoming: Incoming, ledger: Ledger, because: str = "") -> Reading:
    """The resource as it came, with what a list shows of it: type, date and name."""
    resource = incoming.resource
    named = told.concept(next((found for name in WHAT if (found := _concept(resource.get(name)))), None))
    text = named.text or next((found for name in NAMED if (found := _name(resource.get(name)))), "")
    status = told.status_of(resource.get("status"))
    data = {"type": incoming.type, "because": because, "status": status}
    when = told.first_moment(_at(resource, path) for path in WHEN)
    content = Content(
        kind="imported",
        code=incoming.type[: told.LONGEST_CODE],
        code_system="fhir",
        display=text or incoming.type,
        data={name: said for name, said in data.items() if said},
    )
    wrong = status == "entered-in-error" or told.status_of(resource.get("verificationStatus")) == "entered-in-error"
    return Reading(content, when or Moment(ledger.now, told.UNKNOWN), "entered_in_error" if wrong else "final")


def _concept(said: Any) -> Any:
    """A CodeableConcept or a list of them; device names and the like are lists of something else."""
    found = [one for one in told.objects(said) if told.concept(one).text]
    return found[0] if found else None


def _name(said: Any) -> str:
    """A text, or what stands for one in an object: `text` of a name or narrative is left, which may be HTML."""
    if isinstance(said, dict):
        return told.text_of(said)
    first = said[0] if isinstance(said, list) and said else said
    return told.words(first.get("text") if isinstance(first, dict) else first, 300)


def _at(resource: Any, path: str) -> Any:
    for name in path.split("."):
        resource = resource.get(name) if isinstance(resource, dict) else None
    return resource


# == What all say ==
def arrival_of(incoming: Incoming, ledger: Ledger, reading: Reading, *, anew: bool = False) -> Arrival:
    """The row's place: whose, from where, in which visit, after which version."""
    labels = told.labels_of(incoming.resource)
    precision = reading.moment.precision
    said = {"resource": incoming.text} | ({"precision": precision} if precision else {})
    mark = "" if reading.content.kind in UNMARKED else told.sensitivity_of(labels)
    content = replace(reading.content, data={**reading.content.data, **said}, sensitivity=mark)
    before = incoming.before
    if incoming.patient_id is None:  # pragma: no cover - whoever calls has asked
        raise ValueError(NO_PATIENT)
    return Arrival(
        patient_id=incoming.patient_id,
        source=source_of(incoming),
        content=content,
        effective_at=reading.moment.at,
        record_status=reading.record_status,
        private=told.is_private(labels),
        encounter_id=visit_of(incoming, ledger),
        request_id=ledger.local(incoming, incoming.resource.get("basedOn"), ORDER),
        parent_id=reading.parent_id,
        before=before.id if before and before.model == ENTRY and not anew else None,
    )


def source_of(incoming: Incoming) -> str:
    return f"fhir:{incoming.system}"[:LONGEST_SOURCE]


def visit_of(incoming: Incoming, ledger: Ledger) -> UUID | None:
    resource = incoming.resource
    return ledger.local(incoming, resource.get("encounter") or resource.get("context"), ENCOUNTER)


def when(ledger: Ledger, *candidates: Any) -> Moment:
    """The first of these that is a date; else the moment of the import, known to be unknown. Raises Kept.

    What names a day or less may seem to lie ahead by the clock of another zone, and does not.
    """
    found = told.first_moment(candidates)
    if found is None:
        return Moment(ledger.now, told.UNKNOWN)
    slack = timedelta(days=1) if found.precision else CLOCKS_DIFFER
    if found.at > ledger.now + slack:
        raise Kept("future")
    return Moment(min(found.at, ledger.now), found.precision) if found.precision else found


def who(incoming: Incoming, ledger: Ledger, *references: Any) -> str:
    """Names of people or houses, as the reference says them, else as the directory knows them."""
    return next((name for reference in references if (name := _called(incoming, ledger, reference))), "")


def _called(incoming: Incoming, ledger: Ledger, reference: Any) -> str:
    if name := told.named(reference):
        return name
    for one in told.objects(reference):
        known = ledger.content(incoming, one)
        name = told.person_name(known.get("name")) if known else ""
        if name:
            return name
    return ""


def notes_of(resource: dict[str, Any]) -> str:
    """What stands in its annotations, one below the other."""
    found = (told.words(one.get("text")) for one in told.objects(resource.get("note")))
    return told.words("\n".join(text for text in found if text))


def filled(**said: Any) -> dict[str, Any]:
    """Without what was not said."""
    return {name: value for name, value in said.items() if value not in ("", None, [], {})}


def status_of(resource: dict[str, Any], states: dict[str, str], refused: dict[str, str] | None = None) -> str:
    """The record status for the resource's own. Raises Kept for one that is none of these."""
    said = told.status_of(resource.get("status"))
    if said in states:
        return states[said]
    raise Kept((refused or {}).get(said, "status"))


def people_in(batch: Iterable[Incoming]) -> set[UUID]:
    return {one.patient_id for one in batch if one.patient_id}
