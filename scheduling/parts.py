"""What scheduling asks of the apps to its right, who name theirs in `AppConfig.parts`: `VisitStep` and `VisitCard`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

VISIT_STEP = "scheduling.VisitStep"
VISIT_CARD = "scheduling.VisitCard"


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
