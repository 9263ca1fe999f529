"""Facts and subscribers of the tests' own; a subscriber's effect is a row that a second process can make as well."""

import enum
import os
import time
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from healthcare.events.models import JobTick

EFFECT = "tests.effect"


class Colour(enum.Enum):
    RED = "red"


@dataclass(frozen=True)
class Everything:
    key: UUID
    at: datetime
    day: date
    amount: Decimal
    colour: Colour
    words: tuple[str, ...]
    pair: tuple[int, UUID]
    keys: list[UUID]
    missing: UUID | None
    maybe: UUID | None
    share: float
    yes: bool
    added: int = 7


@dataclass(frozen=True)
class Happened:
    number: int


@dataclass(frozen=True)
class UrgentlyHappened:
    number: int


@dataclass(frozen=True)
class Unheard:
    number: int


def effects(number: int) -> int:
    """How often the subscribers' effect happened; read it as the worker."""
    return JobTick.objects.filter(job__startswith=f"{EFFECT}.{number}.").count()


def leave_effect(number: int, who: str) -> None:
    """Each call adds a row of its own: a second effect would show."""
    JobTick.objects.create(job=f"{EFFECT}.{number}.{who}", tick=time.time_ns())


def first(fact: Happened) -> None:
    leave_effect(fact.number, "first")


def second(fact: Happened) -> None:
    leave_effect(fact.number, "second")


def slow(fact: UrgentlyHappened) -> None:
    """Time to be killed in, after the effect and before the commit."""
    leave_effect(fact.number, "slow")
    time.sleep(float(os.environ.get("SLOW_SECONDS", "0")))
