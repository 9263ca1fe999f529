"""Moments come from the database as psycopg reads them, and quicker."""

import pytest
from django.db import connection
from psycopg.types.datetime import TimestamptzLoader

from healthcare.db.postgresql.base import MOST_PREPARED, MomentLoader

pytestmark = pytest.mark.django_db
WRITTEN = [
    "2026-11-21 14:00:00+00",
    "2026-11-21 14:00:00.1+00",
    "2026-11-21 14:00:00.123456+00",
    "0900-01-01 00:00:00+00",
    "2026-07-01 09:30:00+02",
    "2026-07-01 09:30:00-03:30",
]


@pytest.mark.parametrize("written", WRITTEN)
def test_a_moment_is_read_as_ever(written: str) -> None:
    mine, theirs = MomentLoader(0).load(written.encode()), TimestamptzLoader(0).load(written.encode())
    assert (mine, mine.utcoffset()) == (theirs, theirs.utcoffset())


@pytest.mark.parametrize("written", ["infinity", "0044-03-15 00:00:00+00 BC", "12026-01-01 00:00:00+00"])
def test_what_python_cannot_hold_is_refused_as_ever(written: str) -> None:
    with pytest.raises(Exception) as theirs:  # noqa: PT011  (whatever psycopg raises)
        TimestamptzLoader(0).load(written.encode())
    with pytest.raises(type(theirs.value)):
        MomentLoader(0).load(written.encode())


def test_connections_read_so_and_keep_many_statements() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT timestamptz '2026-11-21 09:00:00.5-05', tstzrange('2026-11-21Z', NULL)")
        moment, span = cursor.fetchone()
    assert (moment.isoformat(), span.lower.isoformat()) == (
        "2026-11-21T14:00:00.500000+00:00",
        "2026-11-21T00:00:00+00:00",
    )
    assert connection.connection.prepared_max == MOST_PREPARED
