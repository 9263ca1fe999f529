"""What accounts asks of the apps to its right, who name theirs in `AppConfig.parts`.

The keys are `accounts.PortalAccount`, `accounts.HomeCard`, `accounts.Handover` and `accounts.Subject`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID


class PortalAccount(Protocol):
    """Has this person a record, their own or of somebody they act for? An object with three members."""

    home: str  # the URL name of the patient's first page

    def has_record(self, user: Any) -> bool: ...

    def own_record(self, user: Any) -> UUID | None:
        """The key of the record that is their own."""


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
    """What in this app only this person was to do, in words, and how many there are of it.

    Called as an administrator, before and after an account is closed: counts alone, of nobody's names. Nothing is
    rewritten then. Whoever is named stands in (`accounts.Cover`), and the app's lists show them what the absent held.
    """

    def __call__(self, user: Any, now: datetime) -> Mapping[Any, int]: ...


class Subject(Protocol):
    """Names for ids of people who have a record: only of those whom the user may see. Called once for a whole page."""

    def __call__(self, user: Any, ids: Collection[UUID]) -> Mapping[UUID, str]: ...
