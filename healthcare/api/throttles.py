"""How often one token, or one address without a valid token, may knock in a minute.

Valkey counts for all processes. A process buys a sixtieth of the limit at a time, so that most requests ask nobody, and
the counts of several processes differ from the exact one by no more than that. Without Valkey each process counts for
itself: the limits then hold for each, and nothing stands still.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings

from healthcare.api.problems import TOO_MANY, Problem

WINDOW, PATIENCE, REST = 60, 0.1, 5.0  # seconds: of a count, for an answer of Valkey, without asking after a failure
MOST = 10_000  # leases kept; those of minutes gone by are thrown out then


@dataclass
class Lease:
    window: int
    left: int


_leases: dict[str, Lease] = {}
_counts: dict[str, Lease] = {}
_lock = threading.Lock()
_asleep_until = 0.0


def spend(kind: str, who: str, *, clock: Callable[[], float] = time.time) -> None:
    """One of `settings.API_LIMITS[kind]` a minute; 0 is no limit. Raises Problem 429 with Retry-After in seconds."""
    limit = settings.API_LIMITS[kind]
    if not limit:
        return
    now = clock()
    window, name = int(now) // WINDOW, f"{kind}.{who}"
    with _lock:
        lease = _leases.get(name)
        if lease is None or lease.window != window:
            lease = _leases[name] = Lease(window, 0)
            _throw_out(window)
        if lease.left == 0:
            lease.left = _buy(name, window, limit)
        if lease.left > 0:
            lease.left -= 1
            return
    raise Problem(TOO_MANY, headers={"Retry-After": str(max(1, math.ceil((window + 1) * WINDOW - now)))})


def _buy(name: str, window: int, limit: int) -> int:
    """How many more this process may let pass before it asks again; -1 when the minute's are spent."""
    size = max(1, limit // WINDOW)
    total = _count(name, window, size)
    return min(size, limit - (total - size)) if total - size < limit else -1


def _count(name: str, window: int, size: int) -> int:
    global _asleep_until
    if settings.REDIS_URL and time.monotonic() >= _asleep_until:
        try:
            pipe: Any = _client(settings.REDIS_URL).pipeline(transaction=False)
            pipe.incrby(f"throttle.{name}.{window}", size).expire(f"throttle.{name}.{window}", 2 * WINDOW)
            return int(pipe.execute()[0])
        except (redis.RedisError, OSError):
            _asleep_until = time.monotonic() + REST
    here = _counts.get(name)
    if here is None or here.window != window:
        here = _counts[name] = Lease(window, 0)
    here.left += size
    return here.left


def _throw_out(window: int) -> None:
    for kept in (_leases, _counts):
        if len(kept) > MOST:
            for name in [name for name, lease in kept.items() if lease.window != window]:
                del kept[name]


@lru_cache(maxsize=1)
def _client(address: str) -> redis.Redis:
    return redis.Redis.from_url(address, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
