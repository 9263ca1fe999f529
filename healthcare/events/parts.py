"""Parts by name: how an app on the left shows what it does not know.

A left app declares a part in its `parts.py` (`accounts.HomeCard`); right apps name theirs in their AppConfig:

    parts = {"accounts.HomeCard": ["patients.panels.recent_patients"]}

and the left app asks `parts_of("accounts.HomeCard")`, in the same request and transaction. So imports run leftwards,
and `grep` for the part's name finds everybody who takes part.

A page asks with `answers_of`: a part that raises, be it by a bug or by a query that the database refuses, leaves a gap
that the page can name, and every other part stands.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from django.apps import apps
from django.db import transaction
from django.utils.module_loading import import_string

Answer = TypeVar("Answer")
logger = logging.getLogger(__name__)


class WholeAnswerRefused(Exception):
    """Raised inside a part when not only the part but the whole answer must not be given."""


@dataclass(frozen=True)
class Given(Generic[Answer]):
    """What a part answered; `failed` and without a value when it raised."""

    part: str
    value: Answer | None = None
    failed: bool = False


def answers_of(name: str, ask: Callable[[Any], Answer]) -> Iterator[Given[Answer]]:
    """Ask each part, in the order of the journey, isolated from the others. Raises WholeAnswerRefused alone.

    One savepoint serves all parts, since they read. `ask` has to finish the work: a generator would fail too late.
    """
    atomic = transaction.get_connection().in_atomic_block
    start = transaction.savepoint() if atomic and names_of(name) else None
    for target, part in zip(names_of(name), parts_of(name), strict=True):
        yield _asked(target, part, ask, start)


def _asked(target: str, part: Any, ask: Callable[[Any], Answer], start: str | None) -> Given[Answer]:
    try:
        return Given(target, ask(part))
    except WholeAnswerRefused:
        raise
    except Exception:
        logger.exception("a part failed", extra={"part": target})
        if start is not None:
            transaction.savepoint_rollback(start)
            transaction.set_rollback(False)
        return Given(target, failed=True)


@lru_cache(maxsize=64)
def parts_of(name: str) -> tuple[Any, ...]:
    """What the installed apps named for this part, along the journey. Raises ImportError when a name leads nowhere."""
    return tuple(import_string(target) for target in names_of(name))


def names_of(name: str) -> list[str]:
    """The dotted names themselves, for tests that say which part is broken."""
    found: list[str] = []
    for config in apps.get_app_configs():
        found += getattr(config, "parts", {}).get(name, [])
    return found


def part_names() -> set[str]:
    """Every part that some app takes part in."""
    return {name for config in apps.get_app_configs() for name in getattr(config, "parts", {})}
