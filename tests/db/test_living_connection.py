"""Whether a connection lives is asked of the socket, and of the server only when something waits there."""

import psycopg
import pytest
from django.db import connection
from django.db.backends.postgresql import base

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def backend_pid():
    connection.ensure_connection()
    return connection.connection.info.backend_pid


def test_a_living_one_is_asked_nothing(backend_pid, monkeypatch):
    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", lambda self: pytest.fail("the server was asked"))
    assert connection.is_usable()


def test_one_that_the_server_ended_is_found_and_replaced(backend_pid, superuser: psycopg.Connection):
    superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [backend_pid])
    assert not connection.is_usable()
    connection.health_check_enabled, connection.health_check_done = True, False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone()[0] != backend_pid


def test_one_that_was_closed_here_is_not_usable(backend_pid):
    connection.connection.close()
    assert not connection.is_usable()
    connection.close()
    assert not connection.is_usable()
