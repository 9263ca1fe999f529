"""What each login may do is declared once, and the database is brought to it after every migrate."""

from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from healthcare.db.privileges import Access, converge, converge_after_migrate

pytestmark = pytest.mark.django_db


def may(login: str, privilege: str, table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(%s, %s::regclass, %s)", [login, f"public.{table}", privilege])
        return cursor.fetchone()[0]


def run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def snapshot() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
        )
        return cursor.fetchall()


def test_the_default_is_the_four_ordinary_privileges():
    assert Access() == Access(web="SELECT, INSERT, UPDATE, DELETE", worker="SELECT, INSERT, UPDATE, DELETE")


def test_converging_twice_changes_nothing(as_role):
    with as_role("owner"):
        converge()
        first = snapshot()
        converge()
        assert snapshot() == first


def test_drift_made_by_hand_is_repaired(as_role):
    with as_role("owner"):
        before = snapshot()
        run(
            "GRANT INSERT, UPDATE, DELETE ON patients_usergrant TO web; REVOKE SELECT ON accounts_site FROM web;"
            " GRANT ALL ON django_migrations TO PUBLIC"
        )
        assert may("web", "DELETE", "patients_usergrant")
        converge()
        assert not may("web", "DELETE", "patients_usergrant")
        assert may("web", "SELECT", "accounts_site")
        assert not may("worker", "TRUNCATE", "django_migrations")
        assert snapshot() == before


def test_a_column_granted_by_hand_is_taken_back(as_role):
    with as_role("owner"):
        run("GRANT UPDATE (valid_until) ON patients_usergrant TO web")
        converge()
    with pytest.raises(DatabaseError, match="permission denied"):
        run("UPDATE patients_usergrant SET valid_until = now()")


def test_a_table_without_a_model_is_open_to_nobody(as_role):
    with as_role("owner"):
        run("CREATE TABLE stray (id int); GRANT ALL ON stray TO web, worker, backup, PUBLIC")
        converge()
    for login in ("web", "worker"):
        assert not may(login, "SELECT", "stray")
    assert may("backup", "SELECT", "stray")  # a backup without it would not be one
    assert not may("backup", "INSERT", "stray")


def test_partitions_are_granted_to_nobody():
    """A SELECT on a partition passes by the policies of its parent."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid::regclass::text FROM pg_class WHERE relispartition AND relkind IN ('r', 'p')")
        partitions = [row[0] for row in cursor.fetchall()]
    assert partitions
    assert [table for table in partitions if may("web", "SELECT", table) or may("worker", "SELECT", table)] == []


def test_every_table_of_a_model_has_just_what_its_model_says():
    for model in apps.get_models():
        access = getattr(model, "database_access", None)
        if isinstance(access, Access) and "(" not in access.web:
            for privilege in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"):
                assert may("web", privilege, model._meta.db_table) == (privilege in access.web), (model, privilege)


def test_no_login_of_the_application_may_empty_a_table_or_make_a_trigger():
    for model in apps.get_models():
        for login in ("web", "worker", "backup"):
            for privilege in ("TRUNCATE", "TRIGGER", "REFERENCES"):
                assert not may(login, privilege, model._meta.db_table), (login, privilege, model)


def test_the_backup_reads_every_table_and_writes_none(as_role):
    """Every partition too, and those of months to come: pg_dump locks and reads each by its own name."""
    with as_role("owner"), connection.cursor() as cursor:
        cursor.execute("SELECT app.make_audit_partition((now() + interval '1 year')::date)")
        cursor.execute(
            "SELECT oid::regclass::text, has_table_privilege('backup', oid, 'SELECT'),"
            " has_table_privilege('backup', oid, 'INSERT, UPDATE, DELETE, TRUNCATE') FROM pg_class"
            " WHERE relkind IN ('r', 'p') AND relnamespace IN ('public'::regnamespace, 'private'::regnamespace)"
            " AND oid <> 'private.context_key'::regclass"
        )
        rows = cursor.fetchall()
    assert [row[0] for row in rows if row[1:] != (True, False)] == []
    assert any("auditevent_20" in row[0] for row in rows)


def test_the_backup_may_lock_the_key_of_the_context_and_not_read_it(as_role):
    with as_role("owner"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege('backup', 'private.context_key', wanted)"
            " FROM unnest(ARRAY['MAINTAIN', 'SELECT', 'UPDATE']) AS wanted"
        )
        assert [row[0] for row in cursor.fetchall()] == [True, False, False]


def test_only_the_owner_converges():
    """A flush in a test sends the same signal as another role, which could grant nothing anyway."""
    before = snapshot()
    converge_after_migrate()
    assert snapshot() == before


def test_as_the_owner_the_signal_converges(as_role):
    with as_role("owner"):
        run("GRANT DELETE ON patients_usergrant TO web")
        converge_after_migrate()
    assert not may("web", "DELETE", "patients_usergrant")
