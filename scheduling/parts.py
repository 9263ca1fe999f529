"""What scheduling asks of the apps to its right, who name theirs in `AppConfig.parts`: `VisitStep`, `VisitCard`,
`CheckIn` and `Downtime`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

VISIT_STEP = "scheduling.VisitStep"
VISIT_CARD = "scheduling.VisitCard"
CHECK_IN = "scheduling.CheckIn"
DOWNTIME = "scheduling.Downtime"


@dataclass(frozen=True)
class Step:
    """Something to do next with a visit: a link, or a button that posts. `main` is what most people came for."""

    label: str
    url: str
    method: Literal["get", "post"] = "get"
    main: bool = False


class VisitStep(Protocol):
    """A step on the page of one visit, for staff; None where there is nothing for this reader at this point."""

    def __call__(self, visit: Any, user: Any, now: datetime) -> Step | None: ...


class VisitCard(Protocol):
    """A card on the page of one visit, for staff, as `accounts.parts.Card`; None where there is nothing to say."""

    def __call__(self, visit: Any, user: Any, now: datetime) -> Any: ...


@dataclass(frozen=True)
class CheckInItem:
    """Something that the clinic knows, for the patient to say whether it is right: in lines, or `empty` where there are
    none. `url` and `action` lead to where they say what is different.
    """

    key: str
    label: str
    lines: Sequence[str]
    empty: str
    url: str
    action: str


class CheckIn(Protocol):
    """An item on the page before a visit, for the patient or who acts for them; None where it is not theirs to see."""

    def __call__(self, visit: Any, user: Any, now: datetime) -> CheckInItem | None: ...


@dataclass(frozen=True)
class DowntimeLine:
    """What to know of a patient where no computer helps: a word for it, and the text. An empty list is said, too."""

    label: str
    text: str


class Downtime(Protocol):
    """Lines by patient for the papers of clinicians, read as the system: without anything that is marked."""

    def __call__(self, ids: Collection[UUID], now: datetime) -> Mapping[UUID, Sequence[DowntimeLine]]: ...
