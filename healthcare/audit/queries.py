"""How the sealing stands, for the health page, the metrics and whoever waits for it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True)
class SealingState:
    """Times are in UTC. `oldest_waiting_at` is when the oldest event that is not sealed yet was written; `waiting`
    counts to 100,000."""

    seals: int
    sealed: int
    waiting: int
    sealed_at: datetime | None
    oldest_waiting_at: datetime | None


def get_sealing_state() -> SealingState:
    """Counts and times alone, so that every login may ask."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seals, sealed, waiting, sealed_at, oldest_waiting_at FROM app.audit_sealing()")
        return SealingState(*cursor.fetchone())
