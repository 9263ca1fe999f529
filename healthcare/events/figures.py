"""How far behind the deliveries are, for monitoring; readable by pages, which may read no row of the outbox."""

from collections.abc import Mapping

from django.db import connection


def outbox_figures() -> Mapping[str, float]:
    """Ages in seconds of the oldest thing that is due and not delivered (0 when there is none), and counts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM app.outbox_figures()")
        names = [column.name for column in cursor.description]
        return {name: float(value) for name, value in zip(names, cursor.fetchone(), strict=True)}
