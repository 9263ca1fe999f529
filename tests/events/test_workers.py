"""What Celery does round each task of a worker."""

from typing import Any

import pytest
from celery.fixups.django import DjangoWorkerFixup
from celery.signals import task_postrun, task_prerun
from django.db import connection

from healthcare.celery import app


@pytest.mark.django_db
def test_celery_closes_no_connection_between_tasks(monkeypatch: Any) -> None:
    closed: list[bool] = []
    monkeypatch.setattr(connection, "close", lambda: closed.append(True))
    worker = DjangoWorkerFixup(app)
    for _task in range(10):
        worker.close_database()
    assert closed == []


@pytest.mark.parametrize("signal", [task_prerun, task_postrun])
def test_an_old_or_broken_connection_is_left_before_and_after_a_task(monkeypatch: Any, signal: Any) -> None:
    looked: list[bool] = []
    monkeypatch.setattr("healthcare.celery.close_old_connections", lambda: looked.append(True))
    signal.send(sender=None)
    assert looked == [True]
