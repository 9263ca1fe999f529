"""The verb `withdraw_messages`: what no carrier was called for is taken back, with its words."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.messaging.actions import NotSendable, send_again, withdraw_messages
from healthcare.messaging.models import Message
from tests.events.draining import as_worker, drain
from tests.factories import UserFactory
from tests.messaging.conftest import the_message
from tests.messaging.mailserver import MailServer

pytestmark = pytest.mark.django_db


def withdraw(*keys: Any) -> int:
    return as_worker(lambda: withdraw_messages(by=None, message_ids=keys, now=timezone.now()))


def test_it_does_not_go_out_and_nothing_of_it_is_kept(mail: MailServer, post: Any, announced: Any) -> None:
    key, other = post(), post()
    assert withdraw(key, uuid4()) == 1
    drain()
    assert len(mail.taken) == 1
    message = the_message(key)
    assert (message.status, message.error, message.parameters, message.next_at) == ("failed", "withdrawn", None, None)
    assert the_message(other).status == "sent"
    assert announced() == [], "nobody has to look for another way"
    assert as_worker(lambda: AuditEvent.objects.get(action="messaging.withdraw").target_id) == key


def test_what_was_sent_stays_sent(mail: MailServer, post: Any) -> None:
    key = post()
    drain()
    assert withdraw(key) == 0
    assert the_message(key).status == "sent"


def test_it_is_not_sent_again_without_its_words(post: Any) -> None:
    key = post()
    withdraw(key)
    with pytest.raises(NotSendable):
        as_worker(lambda: send_again(by=None, message_id=key, now=timezone.now()))


def test_a_page_cannot_withdraw(post: Any) -> None:
    key, user = post(), UserFactory()
    with acting_as(user, "administrator"), pytest.raises(DatabaseError), transaction.atomic():
        withdraw_messages(by=user, message_ids=[key], now=timezone.now())
    assert as_worker(lambda: Message.objects.get(pk=key)).status == "queued"
