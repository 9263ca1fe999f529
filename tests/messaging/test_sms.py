from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from healthcare.devservices.carriers import Carriers
from healthcare.messaging import outbound
from tests.events.draining import drain
from tests.messaging.conftest import NUMBER, the_message

pytestmark = pytest.mark.django_db


def test_an_sms_goes_out_once(carriers: Carriers, post: Any, settings: Any) -> None:
    settings.PUBLIC_URL = "https://clinic.example"
    key = post("sms")
    drain()
    drain()
    [sms] = carriers.taken
    assert sms["to"] == NUMBER
    assert sms["from"] == "+12125550199"
    assert sms["body"] == "Hello Ada: https://clinic.example/a?b=1&c=2"
    assert sms["statuscallback"] == f"https://clinic.example/messaging/twilio/{key}/"
    assert (the_message(key).status, the_message(key).carrier_id) == ("sent", sms["id"])


def test_without_a_public_address_there_is_no_callback(carriers: Carriers, settings: Any) -> None:
    from healthcare.messaging.carriers import sms

    settings.TWILIO_BASE_URL = ""
    assert sms._redirected("https://api.twilio.com/x?y=1") == "https://api.twilio.com/x?y=1"
    settings.TWILIO_BASE_URL = "http://127.0.0.1:9"
    assert sms._redirected("https://api.twilio.com/x?y=1") == "http://127.0.0.1:9/x?y=1"


@pytest.mark.parametrize("order", ["500", "503", "drop", "silent"])
def test_a_5xx_or_silence_is_unknown_and_never_sent_again(
    carriers: Carriers, post: Any, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "READ_SECONDS", 0.3)
    carriers.behaviour.append(order)
    key = post("sms")
    drain()
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=6)):
        drain()
    assert the_message(key).status == "unknown"
    assert len(carriers.taken) == (1 if order in {"drop", "silent"} else 0)


def test_429_is_tried_again_not_before_the_carrier_said(carriers: Carriers, post: Any) -> None:
    carriers.behaviour.append("429")
    key, before = post("sms", urgent=True), datetime.now(UTC)  # whose own first wait is a second
    drain()
    message = the_message(key)
    assert (message.status, message.error) == ("queued", "twilio-429")
    assert message.next_at > before + timedelta(seconds=5)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=8)):
        drain()
    assert the_message(key).status == "sent"


def test_a_number_that_cannot_receive_fails(carriers: Carriers, post: Any) -> None:
    carriers.behaviour.append("400")
    key = post("sms")
    drain()
    assert (the_message(key).status, the_message(key).error) == ("failed", "twilio-21211")


def test_a_refused_account_is_tried_again(carriers: Carriers, post: Any) -> None:
    carriers.behaviour.append("401")
    key = post("sms")
    drain()
    assert the_message(key).status == "queued"


def test_a_carrier_that_cannot_be_reached_is_tried_again(carriers: Carriers, post: Any, settings: Any) -> None:
    settings.TWILIO_BASE_URL = "http://127.0.0.1:9"
    key = post("sms")
    drain()
    assert (the_message(key).status, the_message(key).error) == ("queued", "ConnectionRefusedError")


def test_without_an_account_it_waits_visibly(post: Any, settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID = ""
    key = post("sms")
    drain()
    assert (the_message(key).status, the_message(key).error) == ("queued", "unconfigured")
