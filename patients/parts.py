"""What patients asks of the apps to its right, who name theirs in `AppConfig.parts`. Always for many patients at once.

The keys are `patients.Banner`, `patients.ChartTab`, `patients.ChartCard`, `patients.PortalCard`, `patients.Deeds`,
`patients.Shown`, `patients.DataQuality`, `patients.Merge`, `patients.Export` and `patients.Erase`, run in the caller's
request and transaction.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, Self, TypeVar
from uuid import UUID

T = TypeVar("T")
ALLERGIES, ALERTS = "allergies", "alerts"


@dataclass(frozen=True)
class BannerNote:
    """One thing to know before anything else is read. `role` is a status role of the design language.

    In the slot "allergies" a patient has one note: that of the app furthest to the right which has one.
    """

    role: str
    text: str
    slot: str = ALERTS
    url: str = ""
    action: str = ""


class Banner(Protocol):
    """Notes by patient, only of what this user may know; patients without a note may be left out."""

    def for_patients(self, ids: Collection[UUID], *, user: Any) -> Mapping[UUID, Sequence[BannerNote]]: ...


@dataclass(frozen=True)
class ChartTab:
    """A page of the chart: `url_name` takes the patient's id; who lacks the permission is not shown the tab.

    `label` may be a lazy translation. Lower `order` stands further left; the overview is 0, access 1000.
    """

    label: Any
    url_name: str
    permission: Any
    order: int = 100


class ChartCard(Protocol):
    """A card on the overview of one chart, as `accounts.parts.Card`; None where there is nothing for this reader."""

    def __call__(self, patient: Any, user: Any, now: datetime) -> Any: ...


class PortalCard(Protocol):
    """A card on the patient's own first page, as `accounts.parts.Card`; None where there is nothing to say.

    Orders below 40 stand in the main column: what comes next and what is new; the others beside it. Marked with
    `in_scope`, it is left out where somebody acts for the patient and that part of the record is not open to them.
    """

    def __call__(self, patient: Any, user: Any, now: datetime) -> Any: ...


def in_scope(scope: str) -> Callable[[T], T]:
    """Mark a card with the part of the record that it shows."""

    def mark(card: T) -> T:
        card.scope = scope  # type: ignore[attr-defined]
        return card

    return mark


#: What an app's audited actions about a patient are called in "who opened my record": action → words that staff and
#: patients read alike, as a lazy translation. They say what was done, and never what it was about.
Deeds = Mapping[str, Any]


#: Kind of row, as the audit names it → which of these ids of a patient a reader may see. So that who reads for somebody
#: else "who opened the record" does not learn by a deed that there is something that they may not see.
Shown = Mapping[str, Callable[[Any, UUID, Collection[UUID]], Collection[UUID]]]


@dataclass(frozen=True)
class QualityLine:
    """Something in records that can be put right: in words, in how many (`more`: in these at least), and on which page.

    `beside` says what was counted, such as "visits of the coming week".
    """

    words: Any
    count: int
    url: str
    beside: Any = ""
    more: bool = False

    @classmethod
    def at_most(cls, most: int, words: Any, found: int, url: str) -> Self:
        """Of what was counted no further than one beyond `most`."""
        return cls(words, min(found, most), url, more=found > most)


@dataclass(frozen=True)
class DataQuality:
    """What somebody with this permission can put right in the records they reach.

    `lines` is asked as the signed-in user, on a page that waits for it: it counts along an index and stops at a number.
    A line of none is left out.
    """

    permission: Any
    lines: Callable[[Any, datetime], Sequence[QualityLine]]


@dataclass(frozen=True)
class MergeNote:
    """What to know before two records become one. Where it `stops` them it is settled first, at `url` if any."""

    text: str
    stops: bool = False
    url: str = ""


def no_notes(kept: Any, gone: Any, *, user: Any, now: datetime) -> Sequence[MergeNote]:
    return ()


@dataclass(frozen=True)
class Merge:
    """What an app has of a patient, for the merge of two records and its undoing (docs/decisions/0039).

    `goes` names every table that points to a patient, and what so many of its rows are called: a lazy plural with %d,
    or None for rows that nobody counts. All of them go along; a test finds the table that is not named. `refusals` says
    in a sentence what it means where a constraint forbids that both have it. `notes` answers what of the two this user
    has to know or settle before.
    """

    goes: Mapping[str, Any]
    refusals: Mapping[str, Any] = field(default_factory=dict)
    notes: Callable[..., Sequence[MergeNote]] = no_notes


@dataclass(frozen=True)
class Exported:
    """One row of a patient for an export: its kind, its id, and what it says as plain JSON values."""

    patient_id: UUID
    kind: str
    id: UUID
    content: Mapping[str, Any]


class Export(Protocol):
    """Everything of these patients that this user may see, oldest first."""

    def for_patients(self, ids: Collection[UUID], *, user: Any) -> Iterable[Exported]: ...


@dataclass(frozen=True)
class Erasure:
    """What became of one kind of row: how many were erased, how many had to be kept, and by which rule."""

    kind: str
    erased: int
    kept: int = 0
    rule: str = ""


class Erase(Protocol):
    """Erase what the law lets go of these patients, and say what had to stay."""

    def for_patients(self, ids: Collection[UUID], *, by: Any, now: datetime) -> Sequence[Erasure]: ...
