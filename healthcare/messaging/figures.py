"""How the post is doing, for monitoring: counts and ages, readable by pages without reading a message."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection


def messages_figures() -> Mapping[str, float]:
    """Counts by state (of all that are kept), and the age in seconds of what is longest due (0 when nothing is)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM app.messages_figures()")
        names = [column.name for column in cursor.description]
        return {name: float(value) for name, value in zip(names, cursor.fetchone(), strict=True)}


@dataclass(frozen=True)
class ChannelFigures:
    """How one channel does: what waits and since when, and what became of the rest in the last seven days."""

    channel: str
    queued: int
    oldest_due: datetime | None
    oldest_urgent: datetime | None
    unknown: int
    dead: int
    failed: int
    sent: int
    stopped: int
    last_sent: datetime | None
    broken_until: datetime | None
    failures: int


def channel_figures() -> list[ChannelFigures]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM app.post_by_channel()")
        return [ChannelFigures(*row) for row in cursor.fetchall()]
