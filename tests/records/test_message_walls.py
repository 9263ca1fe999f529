"""Both walls round messages, and what not even SQL under one's own context can do."""

import threading
import uuid
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, connections, transaction

from healthcare.accounts.models import User
from healthcare.accounts.roles import STAFF_ROLES
from healthcare.db.context import acting_as
from patients.models import PatientOwned
from records.actions import messages as verbs
from records.models import Message, Thread
from records.models.messages import THREAD_MOVES
from tests.factories import MessageFactory, PatientFactory, PoolFactory, ThreadFactory, proxy_of, staff
from tests.records.writing import CALM, NOW, Talk, talk
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def told() -> Talk:
    return talk()


def both(user: User, model: type[PatientOwned]) -> set[Any]:
    with as_the_system():
        first = set(model.objects.visible_to(user).values_list("pk", flat=True))
    with acting_as(user):
        second = set(model.objects.values_list("pk", flat=True))
    assert first == second
    return first


def refused(user: User, statement: str, parameters: list[Any]) -> str:
    with pytest.raises(DatabaseError) as problem, acting_as(user), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    cause = problem.value.__cause__
    assert isinstance(cause, psycopg.Error)
    return str(cause.sqlstate)


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_the_walls_agree_for_every_role(told, role) -> None:
    message = MessageFactory(thread=ThreadFactory(patient=told.patient))
    MessageFactory()
    here = staff(role, told.patient.site)
    expected = {message.pk} if role in ("front_desk", "nurse", "doctor") else set()
    assert both(here, Message) == expected
    assert both(here, Thread) == ({message.thread_id} if expected else set())
    assert both(staff(role), Message) == set()


def test_a_patient_sees_their_own_alone(told) -> None:
    message = MessageFactory(thread=ThreadFactory(patient=told.patient))
    MessageFactory()
    assert both(told.rosa, Message) == {message.pk}
    assert both(told.other_rosa, Message) == set()


INSERT = """INSERT INTO records_message (id, created_at, updated_at, thread_id, patient_id, author_id, author_role,
to_patient, as_proxy, body, sent_at) VALUES (uuidv7(), now(), now(), %s, %s, %s, %s, %s, false, 'x', now())"""


def test_nobody_writes_in_anothers_name_role_or_direction(told) -> None:
    thread = told.starts()
    where = [thread.pk, told.patient.pk]
    assert refused(told.rosa, INSERT, [*where, told.nurse.pk, "nurse", True]) == "42501"
    assert refused(told.rosa, INSERT, [*where, told.rosa.pk, "nurse", True]) == "42501"
    assert refused(told.rosa, INSERT, [*where, told.rosa.pk, "patient", True]) == "42501"
    assert refused(told.nurse, INSERT, [*where, told.nurse.pk, "nurse", False]) == "42501"
    assert refused(told.stranger, INSERT, [*where, told.stranger.pk, "nurse", True]) == "42501"


def test_what_was_said_stays_said(told) -> None:
    thread = told.starts()
    for statement in ("UPDATE records_message SET body = 'other'", "DELETE FROM records_message"):
        assert refused(told.rosa, statement, []) == "42501"
        assert refused(told.nurse, statement, []) == "42501"
    assert refused(told.nurse, "DELETE FROM records_thread WHERE id = %s", [thread.pk]) == "42501"
    assert refused(told.nurse, "UPDATE records_thread SET category = 'bill'", []) == "42501"


def test_who_read_it_first_is_said_once_and_only_by_the_other_side(told) -> None:
    thread = told.starts()
    read = "UPDATE records_message SET read_at = now(), read_by_id = %s WHERE thread_id = %s"
    assert refused(told.rosa, read, [told.rosa.pk, thread.pk]) == "42501"
    assert refused(told.nurse, read, [told.doctor.pk, thread.pk]) == "42501"
    told.reads(told.nurse, thread)
    assert refused(told.doctor, read, [told.doctor.pk, thread.pk]) == "23514"


def test_a_patient_neither_takes_nor_closes(told) -> None:
    thread = told.starts()
    close = "UPDATE records_thread SET status = 'closed', closed_at = now(), closed_by_id = %s, waiting_since = NULL"
    take = "UPDATE records_thread SET taken_by_id = %s, taken_at = now()"
    assert refused(told.rosa, close, [told.rosa.pk]) == "42501"
    assert refused(told.rosa, take, [told.rosa.pk]) == "42501"
    assert refused(told.nurse, close, [told.doctor.pk]) == "42501", "nobody closes in another's name"
    assert refused(told.rosa, "UPDATE records_thread SET status = 'open'", []) == "42501"
    assert refused(told.rosa, "UPDATE records_thread SET status = 'asked', waiting_since = NULL", []) == "23514"
    told.closes(told.nurse, thread)
    opened = "UPDATE records_thread SET status = 'open', closed_at = NULL, closed_by_id = NULL"
    assert refused(told.nurse, opened, []) == "23514", "it says when"
    assert refused(told.nurse, "UPDATE records_thread SET taken_by_id = %s", [told.doctor.pk]) == "23514"
    with acting_as(told.rosa), connection.cursor() as cursor:
        cursor.execute(f"{opened}, reopened_at = now()")


@pytest.mark.parametrize("before", THREAD_MOVES)
@pytest.mark.parametrize("after", THREAD_MOVES)
def test_both_tables_of_states_agree(told, before, after) -> None:
    who = {"closed_by": told.nurse, "closed_at": NOW}
    ThreadFactory(patient=told.patient, status=before, waiting_since=None, **who if before == "closed" else {})
    closed = "now(), closed_by_id = %s::uuid" if after == "closed" else "NULL, closed_by_id = NULL::uuid"
    opened = ", reopened_at = now()" if (before, after) == ("closed", "open") else ""
    change = f"UPDATE records_thread SET status = '{after}', closed_at = {closed}{opened}"
    if after in THREAD_MOVES[before] or before == after != "closed":
        with acting_as(told.nurse), connection.cursor() as cursor:
            cursor.execute(change, [told.nurse.pk] * (after == "closed"))
            assert cursor.rowcount == 1
    else:
        assert refused(told.nurse, change, [told.nurse.pk] * (after == "closed")) == "23514"


def test_a_pool_is_of_the_site_of_its_thread(told) -> None:
    thread = told.starts()
    elsewhere = PoolFactory()
    with acting_as(told.nurse), connection.cursor() as cursor:
        cursor.execute("UPDATE records_thread SET pool_id = %s WHERE id = %s", [elsewhere.pk, thread.pk])
        with pytest.raises(DatabaseError, match="pool_of_its_site"), transaction.atomic():
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("UPDATE records_thread SET pool_id = NULL WHERE id = %s", [thread.pk])


def test_who_acts_for_the_patient_says_so(told) -> None:
    thread = told.starts()
    ana = proxy_of(told.patient)
    for_rosa = [thread.pk, told.patient.pk, ana.pk, "patient", False]
    assert refused(ana, INSERT, for_rosa) == "42501", "not as if it were the patient"
    told_so = INSERT.replace("false", "true")
    with acting_as(ana), connection.cursor() as cursor:
        cursor.execute(told_so, for_rosa)
    own = [thread.pk, told.patient.pk, told.rosa.pk, "patient", False]
    assert refused(told.rosa, told_so, own) == "42501", "nor the patient as if another"


def test_a_message_is_of_the_patient_of_its_thread(told) -> None:
    thread = told.starts()
    other = PatientFactory(site=told.patient.site)
    with pytest.raises(DatabaseError, match="same_patient"), acting_as(told.nurse):
        insert_at_once([thread.pk, other.pk, told.nurse.pk, "nurse", True])


def insert_at_once(values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_bodies_do_not_decrypt_in_another_row(told) -> None:
    from healthcare.db.fields import UnreadableValue

    first, second = MessageFactory(), MessageFactory()
    with as_the_system(), connection.cursor() as cursor:
        cursor.execute("SELECT body FROM records_message WHERE id = %s", [first.pk])
        (stored,) = cursor.fetchone()
        moved = Message.objects.get(pk=second.pk)
        moved.body = stored
        with pytest.raises(UnreadableValue):
            str(moved.body)


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_are_one_message(told) -> None:
    key, made, problems = uuid.uuid4(), [], []

    def press() -> None:
        try:
            with transaction.atomic(), acting_as(told.rosa):
                thread = verbs.start_thread(
                    by=told.rosa,
                    patient=told.patient,
                    category=Thread.Category.OTHER,
                    body=CALM,
                    now=NOW,
                    idempotency_key=key,
                )
                made.append(thread.pk)
        except Exception as problem:
            problems.append(problem)
        finally:
            connections.close_all()

    presses = [threading.Thread(target=press) for _each in range(6)]
    for one in presses:
        one.start()
    for one in presses:
        one.join()
    assert problems == []
    assert len(made) == 6
    assert len(set(made)) == 1
    with as_the_system():
        assert Message.objects.count() == 1
