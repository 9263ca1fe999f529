"""Say to open pages that there is something new for whoever sits before them: a word, and never about whom or what.

A NOTIFY of PostgreSQL carries it, at the commit and to whoever listens then. Nothing is kept for later: a page that
missed it asks within half a minute by itself, and what must not be missed is a letter and an alert besides.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

CHANNEL = "live"
NEWS, URGENT = "news", "urgent"
WORDS = frozenset({NEWS, URGENT})
AT_ONCE = 200  # people in one NOTIFY, whose payload PostgreSQL keeps under 8,000 bytes


def nudge(people: Iterable[UUID], word: str = NEWS) -> None:
    """Tell the open pages of these accounts, when the transaction commits."""
    ids = sorted({str(person) for person in people})
    with connection.cursor() as cursor:
        for start in range(0, len(ids), AT_ONCE):
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, " ".join([word, *ids[start : start + AT_ONCE]])])


def heard(payload: str) -> tuple[str, list[UUID]]:
    """What `nudge` said. Raises ValueError for what nothing of ours says."""
    word, *ids = payload.split()
    if word not in WORDS:
        raise ValueError("not a word of ours")
    return word, [UUID(each) for each in ids]
