"""The second wall round a table, tried on one made for it."""

import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from healthcare.db.context import acting_as, acting_as_system
from healthcare.db.rowsecurity import CompositeParentKey, ProtectTable

pytestmark = pytest.mark.django_db
ALICE, BOB = (SimpleNamespace(pk=uuid.uuid4(), acting_role="doctor") for _ in range(2))
MINE = "owner_id = (SELECT app.user_id())"


def run(statement: str, *values: Any) -> list[Any]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else [cursor.rowcount]


def protect(operation: Any, as_role: Any) -> None:
    with as_role("owner"), connection.schema_editor() as editor:
        operation.database_forwards("db", editor, None, None)


@pytest.fixture
def scratch(as_role) -> None:
    with as_role("owner"):
        run("CREATE TABLE scratch (id int, owner_id uuid, note text); GRANT ALL ON scratch TO web, worker, backup")
    protect(ProtectTable("scratch", sees=MINE), as_role)
    with as_role("owner"):
        for number, person in enumerate((ALICE, BOB, BOB)):
            run("INSERT INTO scratch VALUES (%s, %s, '')", number, person.pk)


def seen() -> int:
    return run("SELECT count(*) FROM scratch")[0][0]


def test_without_a_context_there_are_no_rows(scratch):
    assert seen() == 0


def test_each_sees_their_own(scratch):
    with acting_as(ALICE):
        assert seen() == 1
    with acting_as(BOB):
        assert seen() == 2


def test_a_row_cannot_be_added_for_another_or_for_nobody(scratch):
    with acting_as(ALICE):
        run("INSERT INTO scratch VALUES (9, %s, '')", ALICE.pk)
        with pytest.raises(DatabaseError, match="row-level security"):
            run("INSERT INTO scratch VALUES (9, %s, '')", BOB.pk)
    with pytest.raises(DatabaseError, match="row-level security"):
        run("INSERT INTO scratch VALUES (9, %s, '')", ALICE.pk)


def test_anothers_row_cannot_be_changed_nor_given_away(scratch):
    with acting_as(ALICE):
        assert run("UPDATE scratch SET note = 'x'") == [1]
        with pytest.raises(DatabaseError, match="row-level security"):
            run("UPDATE scratch SET owner_id = %s", BOB.pk)


def test_nothing_is_removed_unless_the_table_says_so(scratch):
    with acting_as(ALICE):
        assert run("DELETE FROM scratch") == [0]


def test_the_worker_sees_all_as_the_system_and_nothing_without(scratch, as_role):
    with as_role("worker"):
        assert seen() == 0
        with acting_as_system("test"):
            assert seen() == 3


def test_the_worker_acting_for_a_person_sees_what_the_person_sees(scratch, as_role):
    with as_role("worker"), acting_as(ALICE):
        assert seen() == 1


def test_a_true_system_context_opens_nothing_to_the_web_login(scratch):
    with acting_as_system("test"):
        assert seen() == 0
        with pytest.raises(DatabaseError, match="row-level security"):
            run("INSERT INTO scratch VALUES (9, %s, '')", ALICE.pk)


def test_the_owner_of_the_table_sees_every_row_by_its_own_policy(scratch, as_role):
    """Without one, forced row security lets migrations of data change nothing, silently."""
    with as_role("owner"):
        assert run("UPDATE scratch SET note = 'migrated'") == [3]


def test_the_backup_reads_past_the_wall(scratch, as_role):
    with as_role("backup"):
        assert seen() == 3


@pytest.mark.parametrize("act", ["SELECT count(*) FROM scratch", "UPDATE scratch SET note = ''"])
def test_a_forged_context_raises_instead_of_showing_nothing(scratch, act):
    run("SELECT set_config('app.context', %s, true)", f"u:{ALICE.pk}:doctor|9999999999|x|y")
    with pytest.raises(DatabaseError, match="forged"):
        run(act)


def test_own_conditions_for_adding_changing_and_removing(as_role):
    with as_role("owner"):
        run("CREATE TABLE scratch (id int, owner_id uuid, note text); GRANT ALL ON scratch TO web")
    protect(ProtectTable("scratch", sees="true", adds="note = 'new'", changes="note <> ''", removes=MINE), as_role)
    run("INSERT INTO scratch VALUES (1, %s, 'new'), (2, %s, 'new')", ALICE.pk, BOB.pk)
    with pytest.raises(DatabaseError, match="row-level security"):
        run("INSERT INTO scratch VALUES (3, NULL, 'other')")
    with pytest.raises(DatabaseError, match="row-level security"):
        run("UPDATE scratch SET note = ''")
    with acting_as(ALICE):
        assert run("DELETE FROM scratch") == [1]


def test_protection_can_be_taken_back_by_a_migration(scratch, as_role):
    operation = ProtectTable("scratch", sees=MINE)
    with as_role("owner"), connection.schema_editor() as editor:
        operation.database_backwards("db", editor, None, None)
    assert seen() == 3
    assert "scratch" in operation.describe()


@pytest.fixture
def parent_and_child(as_role) -> None:
    with as_role("owner"):
        run("CREATE TABLE parent (id int PRIMARY KEY, patient_id int)")
        run("CREATE TABLE child (parent_id int, patient_id int)")
    protect(CompositeParentKey("child", "parent_id", "parent"), as_role)


def test_a_child_belongs_to_its_parents_patient(parent_and_child, as_role):
    with as_role("owner"):
        run("INSERT INTO parent VALUES (1, 100)")
        run("INSERT INTO child VALUES (1, 100); SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="child_parent_id_same_patient"):
            run("INSERT INTO child VALUES (1, 200)")


def test_the_pair_can_be_taken_back(parent_and_child, as_role):
    operation = CompositeParentKey("child", "parent_id", "parent")
    with as_role("owner"), connection.schema_editor() as editor:
        operation.database_backwards("db", editor, None, None)
    with as_role("owner"):
        run("INSERT INTO child VALUES (1, 200)")
    assert "child" in operation.describe()
