"""Rows written by a ready-made statement stand as those that the ORM writes."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from healthcare.db.context import acting_as_system
from healthcare.db.inserting import insert_into, insert_rows
from healthcare.events.models import JobTick
from healthcare.messaging.models import Message
from tests.roles import taking_role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def worker():
    with taking_role("worker"), acting_as_system("test"):
        yield


def test_rows_come_back_as_they_were_written():
    now = timezone.now()
    ticks = [JobTick(job="tests.one", tick=1, finished_at=now), JobTick(job="tests.two", tick=2)]
    with CaptureQueriesContext(connection) as asked:
        insert_rows(*ticks)
    assert len(asked.captured_queries) == 1
    found = list(JobTick.objects.filter(job__startswith="tests.").order_by("tick"))
    assert found == ticks
    for there, here in zip(found, ticks, strict=True):
        assert [getattr(there, field.attname) for field in JobTick._meta.concrete_fields] == [
            getattr(here, field.attname) for field in JobTick._meta.concrete_fields
        ]
    assert found[0].created_at - now < timedelta(minutes=1)
    assert not ticks[0]._state.adding


def test_fields_are_written_as_they_are_saved():
    message = Message(channel="email", address="ada@example.com", template="x", dedupe_key="k", next_at=timezone.now())
    insert_rows(message)
    assert Message.objects.get().address == "ada@example.com"
    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM messaging_message")
        assert "ada" not in cursor.fetchone()[0], "encrypted, as by save()"


def test_a_row_in_the_way_is_an_error_or_let_be():
    insert_rows(JobTick(job="tests.one", tick=1))
    with pytest.raises(IntegrityError, match="jobtick_once"), transaction.atomic():
        insert_rows(JobTick(job="tests.one", tick=1))
    insert_rows(JobTick(job="tests.one", tick=1), JobTick(job="tests.one", tick=2), ignore_conflicts=True)
    assert JobTick.objects.filter(job="tests.one").count() == 2


def test_nothing_is_nothing_and_the_statement_is_made_once():
    with CaptureQueriesContext(connection) as asked:
        insert_rows()
    assert asked.captured_queries == []
    assert insert_into(JobTick, 2) is insert_into(JobTick, 2)
