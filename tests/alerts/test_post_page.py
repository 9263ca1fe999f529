"""The page of those who keep the post running: how each channel does, what did not go out, and sending it again."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.urls import reverse

from alerts.actions import resend_letter
from alerts.queries.posting import channel_lines
from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from healthcare.devservices.carriers import Carriers
from healthcare.messaging.models import Circuit, Message
from tests.accounts.conftest import audited, colleague, sign_in
from tests.events.draining import as_worker, drain
from tests.messaging.conftest import NUMBER, the_message
from tests.messaging.mailserver import MailServer
from tests.roles import taking_role

pytestmark = pytest.mark.django_db
PAGE = reverse("alerts:post")


@pytest.fixture
def boss() -> Any:
    return colleague("administrator", full_name="Renata Cole")


def again(key: UUID) -> str:
    return reverse("alerts:send_again", args=[key])


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def judged(channel: str = "sms") -> tuple[str, str]:
    with taking_role("worker"):
        line = next(one for one in channel_lines(datetime.now(UTC)) if one.figures.channel == channel)
    return line.role, str(line.says)


def test_it_tells_how_each_channel_does_and_of_no_letter_to_whom_or_what(
    boss: Any, mail: MailServer, carriers: Carriers, post: Any
) -> None:
    mail.orders.append("rcpt:550 unknown")
    failed = post()
    post("sms")
    drain()
    shown = words(sign_in(boss).get(PAGE))
    assert "smtp-550" in shown
    assert again(failed) in shown
    assert "Well" in shown
    for secret in ("ada@patients.example", NUMBER, "Ada"):
        assert secret not in shown


def test_where_nothing_failed_it_says_so(boss: Any) -> None:
    shown = words(sign_in(boss).get(PAGE))
    assert "Everything went out" in shown
    assert shown.count("Nothing was sent yet") == 3


def test_a_press_sends_it_again_and_the_audit_says_who(boss: Any, mail: MailServer, post: Any) -> None:
    mail.orders.append("data:554 spam")
    key = post()
    drain()
    answer = sign_in(boss).post(again(key), follow=True)
    assert "It is being sent again" in words(answer)
    drain()
    assert the_message(key).status == "sent"
    assert audited("alerts.resend_letter", actor_id=boss.pk)
    assert sign_in(boss).post(again(key)).status_code == 404, "it went out"
    assert sign_in(boss).post(again(uuid4())).status_code == 404


def test_what_was_taken_back_is_not_listed(boss: Any, post: Any) -> None:
    key = post()
    as_worker(lambda: Message.objects.filter(pk=key).update(status="failed", error="withdrawn", next_at=None))
    assert "Everything went out" in words(sign_in(boss).get(PAGE))


def test_nobody_else_sends_again(post: Any) -> None:
    nurse = colleague("nurse")
    with acting_as(nurse), pytest.raises(NotAllowed):
        resend_letter(by=nurse, message_id=uuid4())


@pytest.mark.parametrize(
    ("urgent", "said"),
    [(True, ("bad", "Something urgent waits")), (False, ("warn", "Letters are late"))],
)
def test_what_waits_too_long_is_said(post: Any, urgent: bool, said: tuple[str, str]) -> None:
    key = post("sms", urgent=urgent)
    due = datetime.now(UTC) - timedelta(minutes=6)
    as_worker(lambda: Message.objects.filter(pk=key).update(next_at=due))
    assert judged() == said


@pytest.mark.parametrize(
    ("minutes", "said"), [(2, ("bad", "The carrier is down")), (-2, ("warn", "The last attempts failed"))]
)
def test_a_carrier_that_is_down_is_said(minutes: int, said: tuple[str, str]) -> None:
    until = datetime.now(UTC) + timedelta(minutes=minutes)
    as_worker(lambda: Circuit.objects.create(channel="sms", failures=7, open_until=until))
    assert judged() == said
    assert judged("email") == ("off", "Nothing was sent yet")
