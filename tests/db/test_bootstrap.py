"""The one place where the superuser's address is used, on a server that may already have everything."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.conf import settings

from healthcare.db.bootstrap import EXTENSIONS, LOGINS, bootstrap

pytestmark = pytest.mark.django_db


@pytest.fixture
def database():
    name = f"bootstrap_{uuid.uuid4().hex[:8]}"
    yield name
    with psycopg.connect(settings.TEST_BOOTSTRAP_URL, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def state(name: str) -> list[tuple]:
    with psycopg.connect(settings.TEST_BOOTSTRAP_URL, dbname=name) as connection:
        return (
            connection.execute(
                "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcanlogin, rolinherit FROM pg_roles"
                " WHERE rolname !~ '^pg_' ORDER BY 1"
            ).fetchall()
            + connection.execute(
                "SELECT extname FROM pg_extension UNION ALL SELECT datacl::text FROM pg_database"
                " WHERE datname = current_database() ORDER BY 1"
            ).fetchall()
        )


def test_a_second_run_changes_nothing(database, passwords):
    bootstrap(settings.TEST_BOOTSTRAP_URL, database, passwords, testing=True)
    before = state(database)
    bootstrap(settings.TEST_BOOTSTRAP_URL, database, passwords, testing=True)
    assert state(database) == before


def test_no_login_but_the_backup_passes_the_walls(database, passwords):
    bootstrap(settings.TEST_BOOTSTRAP_URL, database, passwords, testing=True)
    roles = {row[0]: row[1:4] for row in state(database) if row[0] in (*LOGINS, "tester")}
    assert set(roles) == {*LOGINS, "tester"}
    assert [name for name, (is_super, bypasses, creates) in roles.items() if is_super or creates] == []
    assert [name for name, (_, bypasses, _) in roles.items() if bypasses] == ["backup"]


def test_the_extensions_are_there(database, passwords):
    bootstrap(settings.TEST_BOOTSTRAP_URL, database, passwords, testing=True)
    assert set(EXTENSIONS) <= {row[0] for row in state(database)}


def test_two_at_once_take_turns(database, passwords):
    def run(_: int) -> None:
        bootstrap(settings.TEST_BOOTSTRAP_URL, f"{database}", passwords, testing=True)

    run(0)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))


def test_others_cannot_even_connect(database, passwords):
    bootstrap(settings.TEST_BOOTSTRAP_URL, database, passwords, testing=True)
    with psycopg.connect(settings.TEST_BOOTSTRAP_URL, dbname=database) as connection:
        row = connection.execute(
            "SELECT has_database_privilege('pg_monitor', current_database(), 'CONNECT')"
        ).fetchone()
    assert row == (False,)
