from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from healthcare.events import after, registry
from healthcare.messaging import sending, tasks
from healthcare.messaging.events import MessageFailed
from healthcare.messaging.figures import messages_figures
from healthcare.messaging.models import Message
from healthcare.messaging.rules import LEASE
from healthcare.messaging.sweeping import end_expired, end_lost_leases, forget_old
from tests.events.draining import as_worker, drain
from tests.messaging.conftest import the_message
from tests.messaging.mailserver import MailServer
from tests.roles import taking_role

pytestmark = pytest.mark.django_db
LATER = LEASE + timedelta(seconds=1)


def claim(key: Any) -> Message:
    with taking_role("worker"):
        held = sending.claim(key, datetime.now(UTC))
    assert held is not None
    return held


def test_what_a_lost_worker_held_becomes_unknown_and_stays_unsent(mail: MailServer, post: Any) -> None:
    key = post()
    claim(key)
    with taking_role("worker"):
        assert end_lost_leases() == 0
    with time_machine.travel(datetime.now(UTC) + LATER):
        with taking_role("worker"):
            assert end_lost_leases() == 1
            assert end_lost_leases() == 0
        drain()
    message = the_message(key)
    assert (message.status, message.error) == ("unknown", "lost-worker")
    assert mail.taken == []


def test_a_worker_that_was_only_slow_can_still_say_so(mail: MailServer, post: Any) -> None:
    key = post()
    held = claim(key)
    with time_machine.travel(datetime.now(UTC) + LATER), taking_role("worker"):
        end_lost_leases()
        sending.settle(held, sending.attempt(held))
    assert the_message(key).status == "sent"


def test_what_nobody_could_send_in_time_fails(post: Any) -> None:
    late = post(expires_at=datetime.now(UTC) + timedelta(minutes=1))
    other = post()
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)), taking_role("worker"):
        assert end_expired() == 1
    assert (the_message(late).status, the_message(late).error) == ("failed", "expired")
    assert the_message(other).status == "queued"


def test_a_bad_end_is_announced(post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[MessageFailed] = []
    monkeypatch.setattr(registry, "_after", {})
    after(MessageFailed)(heard.append)
    key = post(expires_at=datetime.now(UTC))
    drain()
    assert heard == [MessageFailed(message_id=key, channel="email", status="failed", error="expired")]


def test_old_messages_are_forgotten_when_they_have_ended(mail: MailServer, post: Any) -> None:
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC)):
        post()
        drain()
        post()
    post()
    drain()
    with taking_role("worker"):
        as_worker(lambda: Message.objects.filter(status="sent").count())
        assert forget_old() == 2
    assert as_worker(Message.objects.count) == 1


def test_the_jobs_make_their_calls(post: Any) -> None:
    with taking_role("worker"):
        tasks.sweep_messages()
        tasks.prune_messages()
    assert tasks.sweep_messages.job.seconds == 10


def test_figures_are_readable_by_pages_without_reading_messages(post: Any) -> None:
    assert set(messages_figures().values()) == {0.0}
    key = post(urgent=True)
    as_worker(lambda: Message.objects.filter(pk=key).update(next_at=datetime.now(UTC) - timedelta(minutes=1)))
    figures = messages_figures()
    assert figures["queued"] == 1
    assert 59 < figures["oldest_urgent_seconds"] < 90
    assert 59 < figures["oldest_due_seconds"] < 90
    with time_machine.travel(datetime.now(UTC) + LATER), taking_role("worker"):
        sending.claim(key, datetime.now(UTC) - LATER)
        end_lost_leases()
    assert messages_figures()["unknown"] == 1


def test_the_command_counts_and_lists_without_addresses(post: Any) -> None:
    key = post(expires_at=datetime.now(UTC))
    drain()
    said = StringIO()
    with taking_role("worker"):
        call_command("messages", stdout=said)
    assert "email  failed     1" in said.getvalue()
    assert str(key) in said.getvalue()
    assert "@" not in said.getvalue()


def test_a_person_may_decide_to_send_it_again(mail: MailServer, post: Any) -> None:
    mail.orders.append("data:554 spam")
    key = post()
    drain()
    with taking_role("worker"):
        said = StringIO()
        call_command("messages", "--send-again", str(key), "--dry-run", stdout=said)
        call_command("messages", "--send-again", str(uuid4()), "--dry-run", stdout=said)
        assert "would be queued" in said.getvalue()
        assert "nothing to send again" in said.getvalue()
        assert the_message(key).status == "failed"
        call_command("messages", "--send-again", str(key), stdout=said)
    drain()
    assert the_message(key).status == "sent"
    with taking_role("worker"), pytest.raises(CommandError, match="no message"):
        call_command("messages", "--send-again", str(key))


@pytest.mark.parametrize(
    "values",
    [
        {"status": "queued", "next_at": None},
        {"status": "failed"},
        {"status": "sending", "next_at": None},
        {"status": "sent", "next_at": None},
    ],
)
def test_the_database_refuses_half_states(post: Any, values: dict[str, Any]) -> None:
    key = post()
    with pytest.raises(IntegrityError), transaction.atomic():
        as_worker(lambda: Message.objects.filter(pk=key).update(**values))


def test_a_message_is_named_by_kind_and_id(post: Any) -> None:
    key = post()
    assert str(the_message(key)) == f"message {str(key)[-8:]}"
