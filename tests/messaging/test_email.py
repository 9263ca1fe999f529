import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as_system
from healthcare.messaging import sending
from healthcare.messaging.carriers import Refused, email
from healthcare.messaging.models import Message
from healthcare.messaging.sending import send_message
from tests.events.draining import as_worker, drain
from tests.messaging.conftest import the_message
from tests.messaging.mailserver import MailServer
from tests.roles import taking_role

pytestmark = pytest.mark.django_db


def text_of(letter: EmailMessage) -> str:
    return str(letter.get_content()).replace("\r\n", "\n")


def audited(key: Any) -> list[dict[str, Any]]:
    with taking_role("worker"), acting_as_system("test"):
        events = AuditEvent.objects.filter(action="messaging.send", target_id=key).order_by("id")
        return [event.detail | {"outcome": event.outcome} for event in events]


def test_a_mail_goes_out_once(mail: MailServer, post: Any) -> None:
    key = post()
    drain()
    drain()
    with taking_role("worker"):
        send_message(key)
    message = the_message(key)
    assert (message.status, message.attempts, message.error) == ("sent", 1, "")
    assert mail.recipients == ["ada@patients.example"]
    letter = mail.taken[0]
    assert letter["Message-ID"] == message.mail_id == f"<{key}@alderstreet.example>"
    assert letter["To"] == "ada@patients.example"
    assert letter["From"].endswith("<no-reply@alderstreet.example>")
    assert letter["Subject"] == "A letter from Alder Street Clinic"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert text_of(letter) == "Hello Ada,\nread https://clinic.example/a?b=1&c=2.\n"
    assert audited(key) == [{"channel": "email", "status": "sent", "error": "", "outcome": "ok"}]


def test_what_was_accepted_is_not_kept(mail: MailServer, post: Any) -> None:
    key = post()
    drain()
    assert the_message(key).words == {}


def test_html_stands_beside_the_text(mail: MailServer, post: Any, templates: Any) -> None:
    templates("hello.html", "<p>{{ name }}</p>")
    post()
    drain()
    assert [part.get_content_type() for part in mail.taken[0].iter_parts()] == ["text/plain", "text/html"]


def test_other_alphabets_and_dots_arrive_as_they_are(mail: MailServer, post: Any, templates: Any) -> None:
    templates("dots.txt", "Ω {{ clinic_name }}\n.\n..{{ name }}\n.\nend")
    post(template="dots", parameters={"name": "مرحبا"})
    drain()
    assert mail.taken[0]["Subject"] == "Ω Alder Street Clinic"
    assert text_of(mail.taken[0]) == ".\n..مرحبا\n.\nend\n"


@pytest.mark.parametrize("order", ["mail:451 busy", "rcpt:450 greylisted", "rcpt:421 closing", "data:452 full"])
def test_a_temporary_refusal_is_tried_again_later_and_then_goes_once(mail: MailServer, post: Any, order: str) -> None:
    mail.orders.append(order)
    key, before = post(), datetime.now(UTC)
    drain()
    message = the_message(key)
    assert (message.status, message.attempts) == ("queued", 1)
    assert message.error == f"smtp-{order.partition(':')[2][:3]}"
    assert message.next_at >= before + timedelta(seconds=3)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
        drain()
    assert the_message(key).status == "sent"
    assert len(mail.taken) == 1
    assert [line["status"] for line in audited(key)] == ["queued", "sent"]


@pytest.mark.parametrize("order", ["mail:550 no", "rcpt:550 unknown", "data:554 spam"])
def test_a_permanent_refusal_fails_visibly(mail: MailServer, post: Any, order: str) -> None:
    mail.orders.append(order)
    key = post()
    drain()
    message = the_message(key)
    assert (message.status, message.next_at) == ("failed", None)
    assert mail.taken == []
    assert audited(key)[-1]["outcome"] == "failed"


@pytest.mark.parametrize("order", ["data:drop", "data:slow"])
def test_silence_after_the_words_is_unknown_and_never_sent_again(
    mail: MailServer, post: Any, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "READ_SECONDS", 0.5)
    mail.orders.append(order)
    key = post()
    drain()
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=6)):
        drain()
    message = the_message(key)
    assert message.status == "unknown"
    assert message.error in {"SMTPServerDisconnected", "TimeoutError", "ConnectionResetError"}
    assert len(mail.taken) == 1
    assert message.words["name"] == "Ada"  # for a person who sends it again


def test_a_server_that_is_away_is_tried_until_it_is_given_up(post: Any, settings: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.EMAIL_URL = f"smtp://127.0.0.1:{taken.getsockname()[1]}"
        key = post()
        with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False) as clock:
            as_worker(lambda: Message.objects.update(next_at=datetime.now(UTC)))
            for _ in range(8):
                drain()
                clock.shift(timedelta(hours=5))
    message = the_message(key)
    assert (message.status, message.attempts, message.error) == ("dead", 6, "ConnectionRefusedError")


@pytest.fixture
def mute_server() -> Iterator[int]:
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_server_that_says_nothing_costs_seconds_and_is_tried_again(
    mute_server: int, post: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "CONNECT_SECONDS", 0.2)
    settings.EMAIL_URL = f"smtp://127.0.0.1:{mute_server}"
    key = post()
    drain()
    message = the_message(key)
    assert message.status == "queued"
    assert message.error in {"TimeoutError", "SMTPServerDisconnected"}


def test_the_whole_conversation_has_an_end(mail: MailServer, post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(email, "CARRIER_SECONDS", 0)
    key = post()
    drain()
    assert the_message(key).error == "TimeoutError"
    assert mail.taken == []


def test_nothing_goes_in_the_clear_when_tls_was_asked_for(mail: MailServer, post: Any, settings: Any) -> None:
    """The server does not offer STARTTLS, as when somebody on the way has stripped it."""
    settings.EMAIL_URL = f"smtp://user:secret@127.0.0.1:{mail.port}?tls=1"
    key = post()
    drain()
    assert the_message(key).error == "SMTPNotSupportedError"
    assert mail.taken == []


def test_implicit_tls_does_not_fall_back(mail: MailServer, post: Any, settings: Any) -> None:
    settings.EMAIL_URL = f"smtps://127.0.0.1:{mail.port}"
    key = post()
    drain()
    assert the_message(key).status == "queued"
    assert mail.taken == []


def test_a_password_that_is_refused_is_tried_again(mail: MailServer, post: Any, settings: Any) -> None:
    settings.EMAIL_URL = f"smtp://user:secret@127.0.0.1:{mail.port}"
    key = post()
    drain()
    assert the_message(key).status == "queued"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://127.0.0.1", email.Server("127.0.0.1", 25, "", "", "")),
        ("smtp://a%40b:p%2Fw@mail.example?tls=1", email.Server("mail.example", 587, "a@b", "p/w", "starttls")),
        ("smtps://mail.example", email.Server("mail.example", 465, "", "", "implicit")),
        ("smtp://mail.example:2525?tls=1", email.Server("mail.example", 2525, "", "", "starttls")),
    ],
)
def test_addresses_of_servers(url: str, expected: email.Server) -> None:
    assert email.server(url) == expected


@pytest.mark.parametrize(
    ("url", "code"),
    [("", "unconfigured"), ("http://mail.example", "unconfigured"), ("smtp://mail.example", "plaintext")],
)
def test_where_no_mail_may_go(url: str, code: str) -> None:
    with pytest.raises(Refused, match=code):
        email.server(url)


def test_after_its_end_it_is_not_sent(mail: MailServer, post: Any) -> None:
    key = post(expires_at=datetime.now(UTC) + timedelta(minutes=5))
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=6)):
        drain()
    assert (the_message(key).status, the_message(key).error) == ("failed", "expired")
    assert mail.taken == []


def test_it_is_not_tried_beyond_its_end(mail: MailServer, post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mail.orders.append("mail:451 busy")
    monkeypatch.setattr("healthcare.messaging.sending._random.random", lambda: 1.0)  # the longest wait: 30 s
    key = post(expires_at=datetime.now(UTC) + timedelta(seconds=20))
    drain()
    assert (the_message(key).status, the_message(key).error) == ("failed", "smtp-451")


def test_a_broken_template_fails_before_any_carrier_is_called(mail: MailServer, post: Any, settings: Any) -> None:
    key = post()
    settings.CLINIC_NAME = "Clinic\nBcc: all@patients.example"
    drain()
    assert (the_message(key).status, the_message(key).error) == ("failed", "HeaderInjection")
    assert mail.taken == []


def test_a_mistake_of_ours_in_the_carrier_counts_as_unknown(post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(letter: Any) -> str:
        raise ZeroDivisionError

    monkeypatch.setitem(sending.CARRIERS, "email", explode)
    key = post()
    drain()
    assert (the_message(key).status, the_message(key).error) == ("unknown", "ZeroDivisionError")


def test_two_workers_with_the_same_id_send_once(mail: MailServer, post: Any) -> None:
    key = post()
    with taking_role("worker"):
        first = sending.claim(key, datetime.now(UTC))
        assert sending.claim(key, datetime.now(UTC)) is None
        assert first is not None
        sending.settle(first, sending.attempt(first))
    assert the_message(key).status == "sent"
    assert len(mail.taken) == 1


def test_who_has_lost_the_lease_changes_nothing(mail: MailServer, post: Any) -> None:
    key = post()
    with taking_role("worker"):
        held = sending.claim(key, datetime.now(UTC))
        assert held is not None
        held.lease_token = uuid4()
        sending.settle(held, sending.Verdict("sent"))
    assert the_message(key).status == "sending"


def test_the_carrier_is_called_outside_any_transaction(
    transactional_db: None, mail: MailServer, post: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection, transaction

    inside: list[bool] = []
    real = sending.CARRIERS["email"]

    def look(letter: Any) -> str:
        inside.append(connection.in_atomic_block)
        return real(letter)

    monkeypatch.setitem(sending.CARRIERS, "email", look)
    with transaction.atomic():
        key = post()
    drain()
    assert inside == [False]
    assert the_message(key).status == "sent"


def test_no_thread_is_left_behind(mail: MailServer, post: Any) -> None:
    before = threading.active_count()
    post()
    drain()
    assert threading.active_count() == before
