"""Deliver a fact twice, as the relay may, and see that the second time changes nothing."""

from collections.abc import Callable
from typing import Any

from tests.roles import as_the_system


def deliver_twice(subscriber: Callable[[Any], None], fact: Any, effect: Callable[[], Any]) -> Any:
    """Returns what `effect` reads after the first delivery; fails when the second one leaves something else.

    As in a worker: each delivery runs as the system. `effect` is read as the system too.
    """
    with as_the_system():
        before = effect()
    with as_the_system():
        subscriber(fact)
        once = effect()
    with as_the_system():
        subscriber(fact)
        twice = effect()
    assert once != before, f"{subscriber.__qualname__} had no effect that the test could see."
    assert twice == once, f"{subscriber.__qualname__} delivered twice had an effect twice."
    return once
