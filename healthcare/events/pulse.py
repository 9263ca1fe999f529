"""Signs of life of the long-running processes: a file for the container's health check, a mark in the cache for
`selfcheck`. A process that hangs gives none; one whose cache is away still has its file."""

import contextlib
import time
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.cache import cache

EVERY, LASTS = 10.0, 60  # seconds
_given_at: dict[tuple[str, ...], float] = {}


def pulse(*names: str) -> None:
    """This process does the work of these names: `relay`, `sealer`, `beat`, `worker:QUEUE`. Cheap to call often."""
    if time.monotonic() - _given_at.get(names, -EVERY) < EVERY / 2:
        return
    _given_at[names] = time.monotonic()
    if settings.PULSE_FILE:
        Path(settings.PULSE_FILE).touch()
    with contextlib.suppress(Exception):  # whatever the client library raises: without the cache nobody listens
        cache.set_many({f"pulse:{name}": 1 for name in names}, timeout=LASTS)


def silent(names: Iterable[str]) -> list[str]:
    """Those whose last sign is older than a minute. Raises whatever the cache's client raises."""
    keys = {f"pulse:{name}": name for name in names}
    return [keys[key] for key in sorted(keys.keys() - cache.get_many(keys).keys())]
