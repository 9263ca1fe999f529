from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import transaction

from healthcare.messaging.actions import queue_message
from tests.chaos.processes import House, Valkey
from tests.messaging.mailserver import MailServer


@pytest.fixture
def mail() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def house(transactional_db: None, tmp_path: Path, mail: MailServer, request: pytest.FixtureRequest) -> Iterator[House]:
    """The processes are gone before the tables are emptied."""
    valkey = Valkey(tmp_path)
    valkey.start()
    house = House(tmp_path, valkey, f"smtp://127.0.0.1:{mail.port}")
    yield house
    house.close()
    print(house.logs())  # noqa: T201  (pytest shows it where a test failed)


class Post:
    """What became of the messages, seen past every wall."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def queue(self, urgent: bool = False) -> UUID:
        """To somebody else each time: one address gets so many an hour and no more."""
        key = uuid4()
        with transaction.atomic():
            return queue_message(
                by=None,
                channel="email",
                address=f"{key.hex}@patients.example",
                template="portal_opened",
                parameters={},
                dedupe_key=str(key),
                urgent=urgent,
            )

    def states(self) -> Counter[str]:
        rows = self.connection.execute("SELECT status, count(*) FROM messaging_message GROUP BY status").fetchall()
        return Counter(dict(rows))

    def state(self, key: UUID) -> str:
        row: Any = self.connection.execute("SELECT status FROM messaging_message WHERE id = %s", [key]).fetchone()
        return str(row[0])

    def let_time_pass(self, seconds: int) -> None:
        """For what is held by the dead: their leases end, and the due becomes overdue."""
        gone = f"interval '{seconds} seconds'"
        self.connection.execute(
            f"UPDATE messaging_message SET handed_until = handed_until - {gone}, lease_until = lease_until - {gone},"
            f" next_at = next_at - {gone}"
        )
        self.connection.execute(
            f"UPDATE events_delivery SET handed_until = handed_until - {gone}, next_at = next_at - {gone}"
        )

    def effects(self, number: int) -> int:
        row: Any = self.connection.execute(
            "SELECT count(*) FROM events_jobtick WHERE job LIKE %s", [f"tests.effect.{number}.%"]
        ).fetchone()
        return int(row[0])


@pytest.fixture
def post(house: House, superuser: psycopg.Connection) -> Post:
    return Post(superuser)
