"""People without accounts (the audit knows ids alone), a folder for anchors, and a sealer that waits its turn."""

import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.db import connections

from healthcare.audit import record, sealing
from healthcare.audit.anchors import AnchorBook, public_hex, signing_key
from healthcare.audit.sealing import seal_pending
from healthcare.audit.verifying import Report, verify
from healthcare.db.context import acting_as
from tests.roles import taking_role

PATIENCE = 300.0  # seconds: a long test beside this one, in one transaction on the same server, holds the horizon back


def person(role: str = "nurse") -> SimpleNamespace:
    return SimpleNamespace(pk=uuid.uuid4(), acting_role=role)


def write_events(count: int = 3, action: str = "patients.register") -> SimpleNamespace:
    """As many committed events, each in a transaction of its own, by one new person."""
    user = person()
    for _ in range(count):
        with acting_as(user):
            record(action, by=user, patient_id=uuid.uuid4())
    return user


def seal_until(count: int) -> None:
    """Seal as the worker until that many more events are sealed."""
    deadline = time.monotonic() + PATIENCE
    while count > 0:
        with taking_role("worker"):
            count -= seal_pending()
        assert time.monotonic() < deadline, f"{count} events are still not sealed"
        time.sleep(0.02)
    assert count == 0


@pytest.fixture
def anchors(settings: Any, tmp_path: Path) -> AnchorBook:
    settings.AUDIT_ANCHOR_DIR = tmp_path / "anchors"
    return AnchorBook(settings.AUDIT_ANCHOR_DIR)


@pytest.fixture
def check(anchors: AnchorBook, settings: Any) -> Callable[..., Report]:
    """Verify as the worker, with the key of the settings."""

    def run(now: datetime | None = None) -> Report:
        with taking_role("worker"):
            trusted = {public_hex(signing_key(settings.SECRET_KEY).public_key())}
            return verify(anchors, trusted, now or datetime.now(UTC))

    return run


@pytest.fixture
def no_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for other tests' transactions on the same server; this one's own database has none open.

    Transaction ids belong to the whole server, so the real horizon waits for all. test_horizon.py keeps the real one.
    """
    monkeypatch.setattr(sealing, "PICK", sealing.PICK.replace("pg_snapshot_xmin", "pg_snapshot_xmax"))


@pytest.fixture
def tamper(superuser: psycopg.Connection) -> psycopg.Connection:
    """The superuser with every trigger off."""
    superuser.execute("SET session_replication_role = replica")
    return superuser


@pytest.fixture
def another() -> Iterator[Callable[[str], psycopg.Connection]]:
    """Second connections of their own, in the role named."""
    opened: list[psycopg.Connection] = []

    def connect(role: str) -> psycopg.Connection:
        at = connections["default"].settings_dict
        connection = psycopg.connect(
            host=at["HOST"], port=at["PORT"], dbname=at["NAME"], user=at["USER"], password=at["PASSWORD"]
        )
        opened.append(connection)
        connection.execute(f"SET ROLE {role}")
        connection.commit()
        return connection

    yield connect
    for connection in opened:
        connection.close()
