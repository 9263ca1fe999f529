"""The real `web` login. SET ROLE, which other tests use, can be reset; a login cannot."""

import uuid
from types import SimpleNamespace

import psycopg
import pytest
from django.db import connection as test_connection
from django.db import connections

from healthcare.db.context import Actor, acting_as, sign
from healthcare.db.privileges import Access

pytestmark = [pytest.mark.django_db(transaction=True)]
SYSTEM = Actor(purpose="test")


@pytest.fixture
def web(login_parameters):
    with psycopg.connect(**login_parameters("web"), autocommit=True) as connection:
        yield connection


def test_it_is_nobody_special(web):
    row = web.execute(
        "SELECT session_user, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles"
        " WHERE rolname = session_user"
    ).fetchone()
    assert row == ("web", False, False, False, False)


@pytest.mark.parametrize("role", ["worker", "owner", "backup", "system_actor"])
def test_it_can_become_no_other_role(web, role):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        web.execute(f"SET ROLE {role}")


def test_it_belongs_to_no_other_role(web):
    assert web.execute("SELECT count(*) FROM pg_auth_members WHERE member = 'web'::regrole").fetchone() == (0,)


def test_a_true_system_context_gives_it_nothing(web, committed_patient):
    with web.transaction():
        web.execute("SELECT set_config('app.context', %s, true)", [sign(SYSTEM)])
        assert web.execute("SELECT app.system_purpose()").fetchone() == ("test",)
        assert web.execute("SELECT count(*) FROM patients_patient").fetchone() == (0,)


def test_the_worker_with_the_same_context_sees_the_patient(login_parameters, committed_patient):
    with psycopg.connect(**login_parameters("worker")) as worker:
        assert worker.execute("SELECT count(*) FROM patients_patient").fetchone() == (0,)
        worker.execute("SELECT set_config('app.context', %s, true)", [sign(SYSTEM)])
        assert worker.execute("SELECT count(*) FROM patients_patient").fetchone() == (1,)


@pytest.mark.parametrize("table", ["patients_usergrant", "patients_groupgrant"])
@pytest.mark.parametrize("act", ["INSERT INTO {} DEFAULT VALUES", "UPDATE {} SET permission_id = 1", "DELETE FROM {}"])
def test_it_cannot_write_the_grants(web, table, act):
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
        web.execute(act.format(table))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM private.context_key",
        "INSERT INTO private.context_key VALUES ('x', '', '')",
        "CREATE TABLE mine (id int)",
        "CREATE FUNCTION app.user_id2() RETURNS int LANGUAGE sql RETURN 1",
        "ALTER TABLE patients_patient DISABLE ROW LEVEL SECURITY",
        "DROP POLICY person_sees ON patients_patient",
        "TRUNCATE patients_patient",
        "DELETE FROM audit_auditevent",
        "UPDATE audit_auditevent SET action = 'x.y'",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('/etc/hostname')",
    ],
)
def test_it_cannot(web, statement):
    with pytest.raises(psycopg.errors.Error, match=r"permission denied|must be owner|must be superuser"):
        web.execute(statement)


def test_row_security_cannot_be_switched_off(web):
    with web.transaction():
        web.execute("SET LOCAL row_security = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            web.execute("SELECT * FROM patients_patient")


def test_a_context_ends_with_its_transaction(web):
    with web.transaction():
        web.execute("SELECT set_config('app.context', %s, true)", [sign(Actor(user_id=uuid.uuid4(), role="doctor"))])
        assert web.execute("SELECT app.user_id() IS NOT NULL").fetchone() == (True,)
    assert web.execute("SELECT app.user_id()").fetchone() == (None,)


def test_the_context_does_not_show_in_the_list_of_running_queries(superuser):
    """Parameters are bound on the server; pg_stat_activity shows their places only."""
    alice = SimpleNamespace(pk=uuid.uuid4(), acting_role="doctor")
    with acting_as(alice):
        with test_connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pid = cursor.fetchone()[0]
        with acting_as(alice):
            query = superuser.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone()[0]
    assert "set_config" in query
    assert str(alice.pk) not in query
    assert "$1" in query


def test_every_connection_binds_on_the_server():
    assert all(connections[alias].settings_dict["OPTIONS"]["server_side_binding"] for alias in connections)


def test_what_web_may_is_less_than_what_the_owner_may():
    assert "TRUNCATE" not in Access().web
