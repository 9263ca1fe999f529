"""What records asks of the apps to its right, who name theirs in `AppConfig.parts`.

The keys are `records.EncounterCard`, `records.NoteCard`, `records.SummaryCard` and `records.PastCard`. Each is a
function that answers with a `healthcare.accounts.parts.Card`, or None where there is nothing for this reader; one that
raises leaves a card that says so. The template finds its context as `card`.
"""

from datetime import datetime
from typing import Any, Protocol

ENCOUNTER_CARD, NOTE_CARD, SUMMARY_CARD = "records.EncounterCard", "records.NoteCard", "records.SummaryCard"
PAST_CARD = "records.PastCard"


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
