"""What patients asks of the apps to its right, who name theirs in `AppConfig.parts`. Always for many patients at once.

The keys are `patients.Banner`, `patients.ChartTab`, `patients.ChartCard`, `patients.PortalCard`, `patients.Deeds`,
`patients.Merge`, `patients.Export` and `patients.Erase`, run in the caller's request and transaction.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

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

    Orders below 40 stand in the main column: what comes next and what is new; the others beside it.
    """

    def __call__(self, patient: Any, user: Any, now: datetime) -> Any: ...


#: What an app's audited actions about a patient are called in "who opened my record": action → words that staff and
#: patients read alike, as a lazy translation. They say what was done, and never what it was about.
Deeds = Mapping[str, Any]


class Merge(Protocol):
    """Give what is of these patients to the one who is kept; returns how many rows moved. May refuse by raising."""

    def for_patients(self, ids: Collection[UUID], *, into: UUID, by: Any, now: datetime) -> int: ...


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
