from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from twilio.request_validator import RequestValidator

from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as_system
from healthcare.devservices.carriers import Carriers
from healthcare.messaging.actions import report_state
from healthcare.messaging.models import Message
from tests.events.draining import as_worker, drain
from tests.messaging.conftest import the_message
from tests.roles import taking_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(carriers: Carriers, post: Any) -> UUID:
    key: UUID = post("sms")
    drain()
    assert the_message(key).status == "sent"
    return key


def report(key: UUID, state: str, error: str = "") -> None:
    report_state(by=None, message_id=key, carrier_id="SM1", state=state, error=error)
    drain()


def test_a_delivery_raises_the_state(sent: UUID) -> None:
    report(sent, "delivered")
    assert the_message(sent).status == "delivered"


def test_a_failure_at_the_carrier_is_visible(sent: UUID) -> None:
    report(sent, "undelivered", "30005")
    assert (the_message(sent).status, the_message(sent).error) == ("failed", "twilio-30005")


@pytest.mark.parametrize("order", [["delivered", "sent", "delivered"], ["sent", "delivered", "failed"]])
def test_repeated_and_late_reports_change_nothing(sent: UUID, order: list[str]) -> None:
    for state in order:
        report(sent, state)
        report(sent, state)
    assert the_message(sent).status == "delivered"


def test_a_report_resolves_what_was_unknown(carriers: Carriers, post: Any) -> None:
    carriers.behaviour.append("drop")
    key = post("sms")
    drain()
    assert the_message(key).status == "unknown"
    report(key, "sent")
    message = the_message(key)
    assert (message.status, message.carrier_id) == ("sent", "SM1")
    assert message.sent_at is not None


def test_a_report_about_what_is_being_sent_waits_for_the_worker(post: Any, carriers: Carriers) -> None:
    from datetime import UTC, datetime

    from healthcare.messaging import sending

    key = post("sms")
    with taking_role("worker"):
        sending.claim(key, datetime.now(UTC))
    report(key, "sent")
    report(key, "delivered")
    assert the_message(key).status == "sending"


def test_a_report_about_nothing_is_nothing(sent: UUID) -> None:
    report(uuid4(), "delivered")
    assert the_message(sent).status == "sent"
    assert not report_state(by=None, message_id=sent, carrier_id="SM1", state="queued", error="")
    assert not report_state(by=None, message_id=sent, carrier_id="SM1", state="nonsense", error="")


def test_what_a_queued_message_is_said_to_be_is_not_believed(post: Any) -> None:
    key = post("sms")
    as_worker(lambda: Message.objects.filter(pk=key).update(next_at="2100-01-01T00:00:00Z"))
    report(key, "failed")
    assert the_message(key).status == "queued"


def call(key: UUID, said: dict[str, str], signature: str | None = None) -> int:
    path = f"/messaging/twilio/{key}/"
    signature = signature or RequestValidator("token-of-the-tests").compute_signature(
        f"https://clinic.example{path}", said
    )
    client = Client(enforce_csrf_checks=True)
    return client.post(path, said, headers={"X-Twilio-Signature": signature}).status_code


def test_twilio_may_report(sent: UUID, settings: Any) -> None:
    settings.PUBLIC_URL = "https://clinic.example"
    assert call(sent, {"MessageSid": "SM1", "MessageStatus": "delivered"}) == 204
    with taking_role("worker"), acting_as_system("test"):
        event = AuditEvent.objects.get(action="messaging.report")
    assert (event.target_id, event.detail["state"]) == (sent, "delivered")
    drain()
    assert the_message(sent).status == "delivered"


@pytest.mark.parametrize("signature", ["", "wrong", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="])
def test_nobody_else_may(sent: UUID, settings: Any, signature: str) -> None:
    settings.PUBLIC_URL = "https://clinic.example"
    assert call(sent, {"MessageStatus": "delivered"}, signature or "x") == 403
    drain()
    assert the_message(sent).status == "sent"


def test_a_signature_for_another_message_does_not_fit(sent: UUID, settings: Any) -> None:
    settings.PUBLIC_URL = "https://clinic.example"
    said = {"MessageStatus": "delivered"}
    other = RequestValidator("token-of-the-tests").compute_signature(
        f"https://clinic.example/messaging/twilio/{uuid4()}/", said
    )
    assert call(sent, said, other) == 403


def test_without_a_token_of_ours_nothing_is_signed(sent: UUID, settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    assert call(sent, {"MessageStatus": "delivered"}, "x") == 403


def test_reading_is_no_report(sent: UUID) -> None:
    assert Client().get(f"/messaging/twilio/{sent}/").status_code == 405
