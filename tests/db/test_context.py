"""Who acts, as the application and as PostgreSQL know it."""

import uuid
from types import SimpleNamespace

import pytest
from django.db import DataError, InternalError, connection, transaction

from healthcare.db.context import NOBODY, Actor, acting_as, acting_as_system, current_actor, replace_actor, sign

pytestmark = pytest.mark.django_db


def person(role: str = "doctor") -> SimpleNamespace:
    return SimpleNamespace(pk=uuid.uuid4(), acting_role=role)


def known_to_database() -> tuple[uuid.UUID | None, str | None, str | None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.user_id(), app.acting_role(), app.system_purpose()")
        return cursor.fetchone()


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_without_a_context_there_is_nobody():
    assert known_to_database() == (None, None, None)
    assert current_actor() == NOBODY


def test_both_walls_know_the_person_and_the_role():
    alice = person("nurse")
    with acting_as(alice) as actor:
        assert known_to_database() == (alice.pk, "nurse", None)
        assert actor == current_actor() == Actor(user_id=alice.pk, role="nurse")
    assert known_to_database() == (None, None, None)
    assert current_actor() == NOBODY


def test_the_role_given_wins_over_the_one_carried():
    with acting_as(person("nurse"), role="patient"):
        assert known_to_database()[1] == "patient"


def test_a_user_without_a_role_is_refused():
    with pytest.raises(ValueError, match="needs a role"), acting_as(SimpleNamespace(pk=uuid.uuid4())):
        pass


def test_nobody_is_allowed_and_sees_nothing():
    with acting_as(None):
        assert known_to_database() == (None, None, None)
        assert current_actor() == NOBODY


def test_the_system_acts_for_a_named_purpose():
    with acting_as_system("seal_audit"):
        assert known_to_database() == (None, None, "seal_audit")


@pytest.mark.parametrize("purpose", ["", "two words", "a:b", "x|y", "x'; --"])
def test_a_purpose_is_one_word(purpose):
    with pytest.raises(ValueError, match="purpose"), acting_as_system(purpose):
        pass


def test_the_inner_context_gives_way_to_the_outer_one():
    alice, bob = person(), person("nurse")
    with acting_as(alice):
        with acting_as(bob):
            assert known_to_database()[0] == bob.pk
        assert known_to_database()[0] == alice.pk
        with acting_as_system("test"):
            assert known_to_database() == (None, None, "test")
        assert known_to_database()[0] == alice.pk


def test_a_failed_statement_inside_leaves_the_outer_context_in_place():
    alice = person()
    with acting_as(alice):
        with pytest.raises(DataError, match="division by zero"), acting_as(person()):
            run("SELECT 1 / 0")
        assert known_to_database()[0] == alice.pk
        assert current_actor().user_id == alice.pk


def test_a_rollback_inside_restores_the_outer_context():
    alice = person()
    with acting_as(alice):
        with acting_as(person()):
            transaction.set_rollback(True)
        assert known_to_database()[0] == alice.pk


def test_read_only_refuses_to_write_and_ends_with_the_block():
    with pytest.raises(InternalError, match="read-only"), acting_as(person(), read_only=True):
        run("DELETE FROM accounts_session")
    with acting_as(person()):
        run("DELETE FROM accounts_session")


def test_replacing_the_actor_changes_the_running_transaction():
    alice = person()
    with acting_as(None):
        replace_actor(alice, "doctor")
        assert known_to_database()[:2] == (alice.pk, "doctor")
        assert current_actor() == Actor(user_id=alice.pk, role="doctor")
        replace_actor(None, None)
        assert known_to_database() == (None, None, None)


def test_nobody_signs_as_an_empty_text():
    assert sign(NOBODY) == ""


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_the_context_begins_one_and_ends_with_it():
    assert not connection.in_atomic_block
    with acting_as(person()):
        assert connection.in_atomic_block
    assert not connection.in_atomic_block
    assert known_to_database() == (None, None, None)


@pytest.mark.django_db(transaction=True)
def test_the_next_user_of_the_connection_finds_no_context_after_an_error():
    with pytest.raises(RuntimeError), acting_as(person()):
        raise RuntimeError("in the middle")
    assert known_to_database() == (None, None, None)
    assert current_actor() == NOBODY
