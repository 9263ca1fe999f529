"""What accounts asks of the apps to its right, who name theirs in `AppConfig.parts`.

The keys are `accounts.PortalAccount`, `accounts.HomeCard`, `accounts.Handover` and `accounts.Subject`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID


class PortalAccount(Protocol):
    """Has this person a record, their own or of somebody they act for? An object with two members."""

    home: str  # the URL name of the patient's first page

    def has_record(self, user: Any) -> bool: ...


@dataclass(frozen=True)
class Card:
    """A part of the role's home page: a template and what it shows. Lower `order` stands higher.

    `wide` cards stand above the columns: what needs somebody now.
    """

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    order: int = 100
    wide: bool = False


#: What stands in place of a card whose app failed.
FAILED_CARD = Card("ui/failed_card.html", order=900)


class HomeCard(Protocol):
    """Called with the signed-in user and the moment; None where the card is not for their role."""

    def __call__(self, user: Any, now: datetime) -> Card | None: ...


class Handover(Protocol):
    """Called within the transaction that closes an account, as the administrator who closes it.

    It passes on what only the leaving person was to do, and returns how many things it passed on.
    """

    def __call__(self, *, by: Any, user: Any, now: datetime) -> int: ...


class Subject(Protocol):
    """Names for ids of people who have a record: only of those whom the user may see. Called once for a whole page."""

    def __call__(self, user: Any, ids: Collection[UUID]) -> Mapping[UUID, str]: ...
