"""Periodic jobs: what runs how often. When a tick runs, and that it runs once, is in `ticking`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

from django.conf import settings
from django.utils.module_loading import import_string

from healthcare.events.queues import QUEUES

Function = TypeVar("Function", bound=Callable[[], object])


@dataclass(frozen=True)
class Job:
    name: str
    seconds: int
    queue: str
    run: Callable[[], object]

    def tick(self, now: datetime) -> int:
        """The number of the interval that holds this moment, counted from 1970 in UTC."""
        return int(now.timestamp()) // self.seconds


def every(*, seconds: int, queue: str = "maintenance") -> Callable[[Function], Function]:
    """Mark a function without arguments as a job; it runs when its dotted name stands in `settings.BEAT`.

    It opens its own transactions, as the system. Raises ValueError for an unknown queue or an interval below 1 s.
    """
    if queue not in QUEUES or seconds < 1:
        raise ValueError(f"A job has an interval in whole seconds and one of the queues {', '.join(QUEUES)}.")

    def mark(function: Function) -> Function:
        name = f"{function.__module__}.{function.__qualname__}"
        function.job = Job(name, seconds, queue, function)  # type: ignore[attr-defined]
        return function

    return mark


@lru_cache(maxsize=1)
def all_jobs() -> Mapping[str, Job]:
    """The jobs of `settings.BEAT` by name. Raises ImportError for a name that leads nowhere, and AttributeError for a
    function that is no job."""
    return {name: import_string(name).job for name in settings.BEAT}
