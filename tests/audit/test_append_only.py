"""Nothing is changed or removed; months are made ahead; who reads is a policy."""

import uuid
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from healthcare.audit import record
from healthcare.audit.migrations import __name__ as migrations_package
from healthcare.audit.models import AuditEvent
from healthcare.audit.operations import AuditReaders
from healthcare.audit.partitions import make_partitions
from healthcare.db.context import acting_as, acting_as_system
from healthcare.db.uuids import floor7
from tests.audit.conftest import person, write_events
from tests.roles import taking_role

pytestmark = pytest.mark.django_db
OUTSIDE = datetime(2001, 3, 15, tzinfo=UTC)


def sql(statement: str, *values) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def one_event() -> None:
    alice = person()
    with acting_as(alice):
        record("a.b", by=alice)


@pytest.mark.parametrize("statement", ["UPDATE audit_auditevent SET action = 'a.c'", "DELETE FROM audit_auditevent"])
@pytest.mark.parametrize(("login", "why"), [("web", "permission"), ("worker", "permission"), ("owner", "append-only")])
def test_events_are_not_changed_by_anyone(login, why, statement):
    one_event()
    with taking_role(login), pytest.raises(DatabaseError, match=why), transaction.atomic():
        sql(statement)


@pytest.mark.parametrize("table", ["audit_auditevent", "audit_auditevent_default", "audit_auditseal"])
def test_outside_of_test_databases_nothing_empties_the_tables(table):
    from importlib import import_module

    guard = import_module(f"{migrations_package}.0002_append_only").GUARD
    with taking_role("owner"):
        sql(guard)
        for role in ("owner", "web", "worker"):
            with taking_role(role), pytest.raises(DatabaseError, match=r"append-only|permission"), transaction.atomic():
                sql(f"TRUNCATE {table}")


@pytest.mark.parametrize("key", [floor7(OUTSIDE), uuid.uuid4()])
def test_a_key_of_another_time_is_refused_even_to_the_owner(key):
    with taking_role("owner"), pytest.raises(DatabaseError, match="UUIDv7 of this moment"), transaction.atomic():
        load(key)


def test_a_history_is_loaded_by_the_owner_alone_and_says_so():
    sql("SELECT set_config('app.audit_loader', 'on', true)")
    with taking_role("owner"):
        load(floor7(OUTSIDE))
        assert AuditEvent.objects.get(pk=floor7(OUTSIDE)).detail == {"loaded": True}
        with pytest.raises(DatabaseError, match="UUIDv7"), transaction.atomic():
            load(uuid.uuid4())


def load(key: uuid.UUID) -> None:
    sql(
        "INSERT INTO audit_auditevent (id, action, actor_role, purpose, target_type, outcome, detail, request_id)"
        " VALUES (%s, 'a.b', '', '', '', 'ok', '{}', '')",
        key,
    )


# == Months ==


def partition_of(key: uuid.UUID) -> str:
    return sql("SELECT tableoid::regclass::text FROM audit_auditevent WHERE id = %s", key)[0][0]


def test_the_worker_makes_months_ahead_and_the_web_login_may_not():
    with taking_role("worker"):
        assert make_partitions(datetime(2026, 11, 21, tzinfo=UTC), ahead=0) == 0
        assert make_partitions(datetime(2011, 11, 21, tzinfo=UTC)) == 4
        assert make_partitions(datetime(2011, 11, 21, tzinfo=UTC)) == 0
    names = {row[0] for row in sql("SELECT relid::text FROM pg_partition_tree('audit_auditevent') WHERE level = 1")}
    assert {f"audit_auditevent_{month}" for month in ("2011_11", "2011_12", "2012_01", "2012_02")} < names
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        make_partitions(datetime(2030, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("month", ["1999-12-01", "2040-01-01"])
def test_no_partition_is_made_for_a_month_so_far_away(month):
    with taking_role("worker"), pytest.raises(DatabaseError, match="so far away"), transaction.atomic():
        sql("SELECT app.make_audit_partition(%s::date)", month)


def test_rows_of_the_default_partition_move_into_their_month():
    first, last, after = (floor7(datetime(2001, *day, tzinfo=UTC)) for day in [(3, 1), (3, 31, 23, 59, 59), (4, 1)])
    sql("SELECT set_config('app.audit_loader', 'on', true)")
    with taking_role("owner"):
        for key in (first, last, after):
            load(key)
        assert {partition_of(key) for key in (first, last, after)} == {"audit_auditevent_default"}
    with taking_role("worker"):
        assert make_partitions(OUTSIDE, ahead=0) == 1
    with taking_role("owner"):
        assert [partition_of(key) for key in (first, last, after)] == [
            "audit_auditevent_2001_03",
            "audit_auditevent_2001_03",
            "audit_auditevent_default",
        ]
        for key in (last, after):  # the trigger came back, and came with the new partition
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                sql("DELETE FROM audit_auditevent WHERE id = %s", key)


def test_an_event_of_now_lies_in_the_partition_of_this_month():
    one_event()
    with taking_role("owner"):
        key = AuditEvent.objects.latest("id").id
        assert partition_of(key) == f"audit_auditevent_{datetime.now(UTC):%Y_%m}"


def test_partitions_are_closed_to_every_login():
    one_event()
    for partition in (f"audit_auditevent_{datetime.now(UTC):%Y_%m}", "audit_auditevent_default"):
        for login in ("web", "worker"):
            with taking_role(login), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                sql(f"SELECT * FROM {partition}")


def test_about_a_patient_is_found_along_the_index():
    write_events(5)
    with taking_role("owner"):
        sql("SET LOCAL enable_seqscan = off")
        sql("SET LOCAL enable_bitmapscan = off")
        plan = sql(
            "EXPLAIN SELECT * FROM audit_auditevent WHERE patient_id = %s ORDER BY id DESC LIMIT 25", uuid.uuid4()
        )
    assert "patient_id_id_idx" in str(plan) or "by_patient" in str(plan)
    assert "->  Sort" not in str(plan)


# == Readers ==


def test_one_sees_ones_own_acts_the_privacy_officer_all():
    alice, bob, officer = person("nurse"), person("doctor"), person("privacy_officer")
    for user in (alice, bob):
        with acting_as(user):
            record("a.b", by=user)
    for user, seen in [(alice, 1), (bob, 1), (officer, 2), (person("administrator"), 0), (None, 0)]:
        with acting_as(user):
            assert AuditEvent.objects.count() == seen


def test_the_system_sees_all_in_a_worker_and_nothing_in_a_page():
    one_event()
    with acting_as_system("seal_audit"):
        assert AuditEvent.objects.count() == 0
    with taking_role("worker"), acting_as_system("seal_audit"):
        assert AuditEvent.objects.count() == 1


def test_an_app_to_the_right_lets_more_people_read():
    patient, alice = uuid.uuid4(), person("nurse")
    with acting_as(alice):
        record("a.b", by=alice, patient_id=patient)
    readers = AuditReaders(
        "test_readers", sees=f"(SELECT app.acting_role()) = 'patient' AND patient_id = '{patient}'", changes=True
    )
    assert "test_readers" in readers.describe()
    with taking_role("owner"), connection.schema_editor() as editor:
        readers.state_forwards("audit", None)
        readers.database_forwards("audit", editor, None, None)
    with acting_as(person("patient")):
        assert AuditEvent.objects.about_patient(patient).count() == 1
    with taking_role("owner"), connection.schema_editor() as editor:
        readers.database_backwards("audit", editor, None, None)
    with acting_as(person("patient")):
        assert AuditEvent.objects.about_patient(patient).count() == 0
    assert AuditReaders("x", sees="true").tables == ("audit_auditevent",)
