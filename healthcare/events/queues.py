"""The queues, and how long a thing on one may wait. Plain Python."""

from datetime import timedelta

QUEUES = ("urgent", "default", "bulk", "sync", "maintenance")
URGENT = "urgent"

_STEPS = (30, 120, 600, 3_600, 14_400)  # seconds: 30 s, 2 min, 10 min, 1 h, 4 h
_URGENT_STEPS = (1, 5, 15, 30, 120, 600, 3_600)


def wait_after(attempts: int, queue: str, luck: float) -> timedelta | None:
    """How long to wait after this many failed attempts; None when it is time to give up.

    `luck` between 0 and 1 spreads it over the whole step (“full jitter”), so that what failed together does not return
    together; a tenth of it at least.
    """
    steps = _URGENT_STEPS if queue == URGENT else _STEPS
    if attempts > len(steps):
        return None
    return timedelta(seconds=steps[max(attempts, 1) - 1] * (0.1 + 0.9 * luck))


def lease(queue: str) -> timedelta:
    """How long a thing handed to the broker is given to be taken up, before it is handed out again."""
    return timedelta(seconds=10 if queue == URGENT else 30)


def patience(queue: str, broker_is_up: bool) -> timedelta:
    """How overdue a thing must be before the relay does it itself: at once without a broker if it is urgent."""
    if queue == URGENT:
        return timedelta(seconds=15 if broker_is_up else 0)
    return timedelta(minutes=10) if broker_is_up else timedelta(seconds=30)
