"""UUIDs that sort by the time they were made (RFC 9562 section 5.7)."""

import os
import threading
import time
import uuid
from datetime import UTC, datetime

_lock = threading.Lock()
_last = 0
STEP_BACK = 10_000 << 12  # ten seconds, in the unit of the counter: beyond it the clock was set back, and is believed


def uuid7() -> uuid.UUID:
    """A UUIDv7: 48 bits of Unix milliseconds, then 12 bits that count up within the process
    (a clock set back by more than ten seconds is believed), then 62 random bits."""
    global _last
    with _lock:
        # RFC 9562 section 6.2, method 3: the fraction of the millisecond fills rand_a, and never goes back.
        now = time.time_ns() * 4096 // 1_000_000
        _last = moment = now if _last - now > STEP_BACK else max(_last + 1, now)
    random = int.from_bytes(os.urandom(8), "big") >> 2
    return uuid.UUID(int=_compose(moment >> 12, moment & 0xFFF, random))


def floor7(moment: datetime) -> uuid.UUID:
    """The smallest UUIDv7 of this moment: rows made at or after it have `id >= floor7(moment)`."""
    return uuid.UUID(int=_compose(int(moment.timestamp() * 1000), 0, 0))


def moment_of(key: uuid.UUID) -> datetime:
    """When the UUIDv7 was made, in UTC, to the millisecond."""
    return datetime.fromtimestamp((key.int >> 80) / 1000, tz=UTC)


def _compose(milliseconds: int, rand_a: int, rand_b: int) -> int:
    return milliseconds << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b
