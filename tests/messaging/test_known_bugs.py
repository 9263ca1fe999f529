"""What went wrong in others' post (section 3 of the reference on booking and notifications), row 20; the others stand
beside what they are about: 17 and 18 in tests/alerts/test_stages.py, 19 there and in tests/alerts/test_reminders.py, 21
in tests/chaos, 22 in test_brakes.py, 23 in test_replies.py, 24 in tests/alerts/test_links_in_mails.py, 25 in
tests/events/test_jobs.py.
"""

import ast
import threading
from typing import Any

import pytest
from django.db import connection

from healthcare.devservices.carriers import Carriers
from healthcare.messaging import sending
from tests.architecture.tree import name, parsed, sources
from tests.messaging.conftest import the_message
from tests.roles import taking_role

LATER = {"eta", "countdown", "expires"}  # of Celery: a due time is a row here
TASKS = {"apply_async", "send_task", "retry", "signature"}


@pytest.mark.bug(20)
def test_no_task_is_put_off_in_the_broker() -> None:
    found = [
        f"{name(path)}:{node.lineno}"
        for path in sources()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in TASKS
        and LATER & {keyword.arg for keyword in node.keywords}
    ]
    assert found == [], "A due time is a row with next_at; a broker delivers tasks of tomorrow again and again."


@pytest.mark.bug(20)
@pytest.mark.django_db(transaction=True)
def test_a_message_that_is_delivered_twenty_times_at_once_calls_its_carrier_once(carriers: Carriers, post: Any) -> None:
    key = post("sms")
    gate = threading.Barrier(20, timeout=60)

    def work() -> None:
        try:
            with taking_role("worker"):
                gate.wait()
                sending.send_message(key)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _each in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(carriers.taken) == 1
    assert (the_message(key).status, the_message(key).attempts) == ("sent", 1)
