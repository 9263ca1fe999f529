"""Who hears of which fact, in which of its two times."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from healthcare.events.facts import check_is_fact, name_of
from healthcare.events.queues import QUEUES

Function = TypeVar("Function", bound=Callable[[Any], None])


@dataclass(frozen=True)
class Subscriber:
    """`name` is the function's dotted path: a Delivery keeps it, so renaming one strands what is on its way."""

    name: str
    fact: type
    function: Callable[[Any], None]
    queue: str = ""


_inside: dict[str, dict[str, Subscriber]] = {}
_after: dict[str, dict[str, Subscriber]] = {}


def inside(fact: type) -> Callable[[Function], Function]:
    """Run in the announcer's transaction, in the order of registration; write own rows alone, no I/O; may refuse by
    raising."""

    def register(function: Function) -> Function:
        _add(_inside, Subscriber(_path(function), fact, function))
        return function

    return register


def after(fact: type, queue: str = "default") -> Callable[[Function], Function]:
    """Run in a worker after the commit, in one transaction of its own as the system, once in effect.

    It may be tried more than once, and facts may overtake each other. I/O belongs into work of its own
    (`carries_out`), not here. Raises ValueError for an unknown queue.
    """
    if queue not in QUEUES:
        raise ValueError(f"The queue is one of {', '.join(QUEUES)}, not {queue!r}.")

    def register(function: Function) -> Function:
        _add(_after, Subscriber(_path(function), fact, function, queue))
        return function

    return register


def subscribers_inside(fact: type) -> Sequence[Subscriber]:
    return list(_inside.get(name_of(fact), {}).values())


def subscribers_after(fact_name: str) -> Sequence[Subscriber]:
    return list(_after.get(fact_name, {}).values())


def subscriber_after(fact_name: str, name: str) -> Subscriber:
    """Raises LookupError when the subscriber is gone from the code."""
    return _after.get(fact_name, {})[name]


def all_subscribers() -> Sequence[Subscriber]:
    """Every subscriber of both times; tests walk through them."""
    return [subscriber for table in (_inside, _after) for known in table.values() for subscriber in known.values()]


def _add(table: dict[str, dict[str, Subscriber]], subscriber: Subscriber) -> None:
    check_is_fact(subscriber.fact)
    known = table.setdefault(name_of(subscriber.fact), {})
    if subscriber.name in known:
        raise ValueError(f"{subscriber.name} is registered twice for the same fact.")
    known[subscriber.name] = subscriber


def _path(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"
