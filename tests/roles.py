"""Change the database role on the test's own connection."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections
from psycopg.pq import TransactionStatus

from healthcare.db.context import acting_as_system


@contextmanager
def taking_role(role: str, alias: str = "default") -> Iterator[None]:
    """Run the block with another database role on the same connection and in the same transaction."""
    connection = connections[alias]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        before = cursor.fetchone()[0]
        cursor.execute(f"SET ROLE {role}")
    try:
        yield
    finally:
        if connection.connection.info.transaction_status != TransactionStatus.INERROR:
            with connection.cursor() as cursor:
                cursor.execute(f"SET ROLE {before}")


@contextmanager
def as_the_system() -> Iterator[None]:
    """Build a test's world: in a worker, as the system, which no page can be."""
    with taking_role("worker"), acting_as_system("test"):
        yield
