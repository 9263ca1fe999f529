"""How the post is doing, for monitoring: counts and ages, readable by pages without reading a message."""

from collections.abc import Mapping

from django.db import connection


def messages_figures() -> Mapping[str, float]:
    """Counts by state (of all that are kept), and the age in seconds of what is longest due (0 when nothing is)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM app.messages_figures()")
        names = [column.name for column in cursor.description]
        return {name: float(value) for name, value in zip(names, cursor.fetchone(), strict=True)}
