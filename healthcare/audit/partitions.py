"""Months made ahead, so that no event ever falls into the default partition."""

from datetime import datetime

from django.db import connection

AHEAD = 3


def make_partitions(now: datetime, ahead: int = AHEAD) -> int:
    """Make the partitions of this month and the `ahead` next, in UTC. Idempotent; returns how many were new.

    For the worker and the owner; the web login may not. Raises django.db.Error when a lock is not had within 5 s.
    """
    made = 0
    with connection.cursor() as cursor:
        for month in range(now.month - 1, now.month + ahead):
            first = f"{now.year + month // 12}-{month % 12 + 1:02}-01"
            cursor.execute("SELECT app.make_audit_partition(%s::date)", [first])
            made += cursor.fetchone()[0]
    return made
