"""What accounts asks of the apps to its right, who name theirs in `AppConfig.parts`.

The keys are `accounts.PortalAccount`, `accounts.HomeCard`, `accounts.Handover`, `accounts.Inbox` and
`accounts.Subject`.
"""

from collections.abc import Collection, Mapping, Sequence
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


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One thing that waits for this person: `source` (app.model:id) is what it is about, `url` its page.

    `rank` says how it presses: 0 is urgent, 1 is late or of high severity, 2 is the rest. `tag` says why in a word, in
    the status role `role`; `also` is what presses besides. Where `ends_with_it`, it is over as soon as what it is about
    is dealt with. At `hand_on` it is given to a colleague; at `acknowledge` one press says that one knows.

    `own` is the line itself, where that is not what it is about; `renewed_at` is when it came to them, where that was
    after `since`: what was put off before then stands there anew.
    """

    source: str
    patient: Any
    title: str
    value: str = ""
    since: datetime
    url: str
    rank: int = 2
    tag: str = ""
    role: str = "off"
    also: str = ""
    ends_with_it: bool = False
    hand_on: str = ""
    acknowledge: str = ""
    own: str = ""
    renewed_at: datetime | None = None

    @property
    def reference(self) -> str:
        """By what somebody puts this line off ("app.model:id")."""
        return self.own or self.source


@dataclass(frozen=True)
class Pile:
    """What waits of one kind, `name` in addresses; `url` is the app's own list, and `cut` where it holds more."""

    name: str
    label: Any
    url: str
    rows: Sequence[Waiting]
    cut: bool = False


class Inbox(Protocol):
    """Called with the signed-in user and the moment; None where this kind is not for their role. Each app says itself
    in the audit that somebody looks."""

    def __call__(self, user: Any, now: datetime) -> Pile | None: ...


class Subject(Protocol):
    """Names for ids of people who have a record: only of those whom the user may see. Called once for a whole page."""

    def __call__(self, user: Any, ids: Collection[UUID]) -> Mapping[UUID, str]: ...
