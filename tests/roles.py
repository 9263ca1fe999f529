"""Change the database role on the test's own connection."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connections, transaction
from psycopg.pq import TransactionStatus

from healthcare.db.context import Actor, acting_as_system, current_actor

TAKE = "SELECT current_setting('role'), set_config('role', %s, false)"
_taken: ContextVar[str] = ContextVar("taken", default="")


@contextmanager
def taking_role(role: str, alias: str = "default") -> Iterator[None]:
    """Run the block with another database role on the same connection and in the same transaction."""
    connection = connections[alias]
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [role])
        before = cursor.fetchone()[0]
    token = _taken.set(role if alias == "default" else _taken.get())
    try:
        yield
    finally:
        _taken.reset(token)
        if connection.connection.info.transaction_status != TransactionStatus.INERROR:
            with connection.cursor() as cursor:
                cursor.execute(TAKE, [before])


@contextmanager
def as_the_system() -> Iterator[None]:
    """Build a test's world: in a worker, as the system, which no page can be. Inside itself it is a savepoint."""
    if _taken.get() == "worker" and current_actor() == Actor(purpose="test"):
        with transaction.atomic():
            yield
    else:
        with taking_role("worker"), acting_as_system("test"):
            yield
