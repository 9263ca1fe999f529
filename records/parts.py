"""What records asks of the apps to its right, who name theirs in `AppConfig.parts`.

The keys are `records.EncounterCard`, `records.NoteCard`, `records.SummaryCard` and `records.PastCard`. Each is a
function that answers with a `healthcare.accounts.parts.Card`, or None where there is nothing for this reader; one that
raises leaves a card that says so. The template finds its context as `card`.

`records.PaperSection` is what stands on papers that are made of a chart, `records.FhirResources` what goes with its
download, `records.Subjects` what a conversation can be about.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

ENCOUNTER_CARD, NOTE_CARD, SUMMARY_CARD = "records.EncounterCard", "records.NoteCard", "records.SummaryCard"
PAST_CARD, PAPER_SECTION = "records.PastCard", "records.PaperSection"
FHIR_RESOURCES, SUBJECTS = "records.FhirResources", "records.Subjects"


class EncounterCard(Protocol):
    """A card on the page of one visit, for staff: what was prescribed in it, what it costs."""

    def __call__(self, encounter: Any, user: Any, now: datetime) -> Any: ...


class NoteCard(Protocol):
    """A card beside the note of a visit while it is written: the medicines that the patient takes."""

    def __call__(self, encounter: Any, user: Any, now: datetime) -> Any: ...


class SummaryCard(Protocol):
    """A card in the patient's own summary of a visit, in plain words and for print: the medicines prescribed in it."""

    def __call__(self, encounter: Any, user: Any, now: datetime) -> Any: ...


class PastCard(Protocol):
    """A card on the page of a chart as it stood at a moment, for staff: the medicines that were going on then."""

    def __call__(self, patient: Any, user: Any, moment: datetime) -> Any: ...


@dataclass(frozen=True)
class Section:
    """A part of a paper: a template, which finds its context as `section`, and the rows that stand in it, by kind.

    Of each kind there is a function in `patients.Shown`: the paper opens only for whoever still sees all of them.
    """

    template: str
    context: Mapping[str, Any]
    holds: Mapping[str, Collection[UUID]] = field(default_factory=dict)
    order: int = 100


class PaperSection(Protocol):
    """What to print of this patient for these eyes: of one visit, or without one of the whole chart. None: nothing.

    Run in a worker, as the person who asked. One that raises, fails the paper.
    """

    def __call__(self, patient: Any, user: Any, now: datetime, encounter: Any) -> Section | None: ...


class FhirResources(Protocol):
    """What a download of this record holds besides, for these eyes: resources of FHIR R4, each with its id, as plain
    values. They lead to nothing that is not in the download.

    Run under the walls of this person and the clock of the site. One that raises, breaks the download off.
    """

    def __call__(self, patient: Any, user: Any, now: datetime) -> Iterable[dict[str, Any]]: ...


@dataclass(frozen=True)
class Subject:
    """What a conversation is about, for these eyes: in words, and on which page."""

    label: str
    url: str


@dataclass(frozen=True)
class Subjects:
    """Rows of one kind that a conversation can be about, held as `kind:id` and never more.

    `find` answers for a patient, a reader and an id; None for what is not there, not this patient's, or not open to
    this reader. `category` is what a conversation about such a row is about (`records.models.pools.Category`).
    """

    kind: str
    category: str
    find: Callable[[Any, Any, UUID], Subject | None]
