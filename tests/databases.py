"""One migrated database for a set of migrations: made by whoever comes first, copied by every worker after."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import django
import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

PREFIX = "migrated_"
KEPT = 12  # of other branches, or of earlier days
LOCK = 7_240_099
# What migrations are, and what they ask while they run.
SOURCES = (
    "*/migrations/*.py",
    "healthcare/*/migrations/*.py",
    "records/kinds/*/migrations/*.py",
    "healthcare/db/*.py",
    "healthcare/audit/operations.py",
    "healthcare/accounts/roles.py",
    "healthcare/accounts/permissions.py",
    "patients/rules/*.py",
    "requirements/*.txt",
)


def name_of_template() -> str:
    """Of the same migrations in the same month (tables are partitioned by it), the same name."""
    digest = hashlib.sha256(f"{datetime.now(UTC):%Y-%m}".encode())
    for path in sorted({path for pattern in SOURCES for path in settings.BASE_DIR.glob(pattern)}):
        digest.update(path.relative_to(settings.BASE_DIR).as_posix().encode() + b"\0" + path.read_bytes())
    return PREFIX + digest.hexdigest()[:20]


def migrated() -> str:
    """The name of a database that is migrated, and that nobody is connected to. For the owner's connection."""
    name = name_of_template()
    with _superuser() as server:
        server.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        known = _known(server)
        if name not in known:
            for old in known[KEPT:]:
                server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(old)))
            half = f"half_{name}"
            with _calling_itself(half) as creation:
                creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (half, name))))
    return name


def make() -> None:
    """What `verify` does beside its first stages; the first test finds it ready, or waits for it."""
    django.setup()
    for alias in connections:
        connections[alias].settings_dict["OPTIONS"]["assume_role"] = "owner"
    migrated()


def _superuser() -> psycopg.Connection:
    return psycopg.connect(settings.TEST_BOOTSTRAP_URL, autocommit=True)


def _known(server: psycopg.Connection) -> list[str]:
    """The newest first."""
    query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid DESC"
    return [row[0] for row in server.execute(query, [PREFIX])]


@contextmanager
def _calling_itself(name: str) -> Iterator[Any]:
    """The connection makes its test database under this name, and goes back to its own after."""
    connection = connections["default"]
    before = connection.settings_dict["NAME"], connection.settings_dict["TEST"]["NAME"]
    connection.settings_dict["TEST"]["NAME"] = name
    try:
        yield connection.creation
    finally:
        connection.close()
        connection.settings_dict["NAME"], connection.settings_dict["TEST"]["NAME"] = before
        settings.DATABASES["default"]["NAME"] = before[0]


if __name__ == "__main__":
    make()
