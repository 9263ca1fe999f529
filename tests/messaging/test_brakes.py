"""What holds a message back: too many to one address, and a carrier that is down. Section 3, row 22."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from healthcare.devservices.carriers import Carriers
from healthcare.messaging import actions, subscribers
from healthcare.messaging.events import ResendAsked
from healthcare.messaging.figures import channel_figures, messages_figures
from healthcare.messaging.models import Circuit, Message
from healthcare.messaging.rules import BREAKS_AT, LONGEST_BREAK, MOST_AN_HOUR, blames_carrier, open_for
from tests.events.draining import as_worker, drain
from tests.messaging.conftest import the_message
from tests.messaging.mailserver import MailServer
from tests.roles import as_the_system, taking_role
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
START = datetime(2026, 5, 7, 12, tzinfo=UTC)


def states() -> list[tuple[str, str]]:
    return as_worker(lambda: list(Message.objects.order_by("created_at").values_list("status", "error")))


# == So many to one address ==
def test_one_address_gets_so_many_an_hour_and_the_rest_later(carriers: Carriers, post: Any) -> None:
    most = MOST_AN_HOUR["sms"]
    with time_machine.travel(START) as clock:
        for _each in range(most + 2):
            post("sms")
        drain()
        assert len(carriers.taken) == most
        assert states().count(("queued", "capped")) == 2
        clock.shift(timedelta(minutes=62))
        drain()
        assert len(carriers.taken) == most + 2


def test_others_and_what_is_urgent_are_not_held_up(carriers: Carriers, post: Any) -> None:
    for _each in range(MOST_AN_HOUR["sms"]):
        post("sms")
    drain()
    carriers.taken.clear()
    other, urgent = post("sms", address="+12125550101"), post("sms", urgent=True)
    drain()
    assert [the_message(key).status for key in (other, urgent)] == ["sent", "sent"]


def test_what_would_then_be_too_late_fails_and_says_why(carriers: Carriers, post: Any) -> None:
    with time_machine.travel(START):
        for _each in range(MOST_AN_HOUR["sms"]):
            post("sms")
        drain()
        key = post("sms", expires_at=START + timedelta(minutes=20))
        drain()
    assert (the_message(key).status, the_message(key).error, the_message(key).attempts) == ("failed", "capped", 0)


# == A carrier that is down ==
def test_after_so_many_failures_nobody_calls_it_and_one_message_tries(
    carriers: Carriers, post: Any, settings: Any
) -> None:
    there = settings.TWILIO_BASE_URL
    settings.TWILIO_BASE_URL = "http://127.0.0.1:9"
    with time_machine.travel(START) as clock:
        for number in range(BREAKS_AT + 3):
            post("sms", address=f"+121255502{number:02}")
        drain(1)
        tried = [error for _state, error in states()]
        assert tried == ["ConnectionRefusedError"] * BREAKS_AT + ["circuit-open"] * 3
        (figures,) = [one for one in channel_figures() if one.channel == "sms"]
        assert (figures.failures, figures.queued, figures.last_sent) == (BREAKS_AT, BREAKS_AT + 3, None)
        clock.shift(timedelta(seconds=61))
        drain(1)
        assert as_worker(lambda: Circuit.objects.get().failures) == BREAKS_AT + 1, "one went ahead, and failed too"
        settings.TWILIO_BASE_URL = there
        for _each in range(30):
            clock.shift(timedelta(seconds=40))
            drain(1)
    assert {state for state, _error in states()} == {"sent"}
    assert as_worker(lambda: Circuit.objects.values_list("failures", "open_until").get()) == (0, None)


def test_what_is_urgent_always_tries(carriers: Carriers, post: Any) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    as_worker(lambda: Circuit.objects.create(channel="sms", failures=9, open_until=until))
    routine, urgent = post("sms"), post("sms", urgent=True)
    drain()
    assert the_message(urgent).status == "sent"
    assert the_message(routine).status == "sent", "and a success says that the carrier is well again"


def test_one_recipient_that_is_put_off_says_nothing_of_the_server(mail: MailServer, post: Any) -> None:
    mail.orders.extend(["rcpt:450 later"] * (BREAKS_AT + 1))
    for number in range(BREAKS_AT + 2):
        post(address=f"p{number}@patients.example")
    drain(1)
    assert len(mail.taken) == 1


@given(failures=st.integers(0, 10_000))
def test_the_pause_grows_to_five_minutes_at_most(failures: int) -> None:
    assert timedelta(seconds=30) <= open_for(failures) <= open_for(failures + 1) <= LONGEST_BREAK


@pytest.mark.parametrize(
    ("channel", "error", "blames"),
    [("sms", "twilio-500", True), ("sms", "twilio-21211", False), ("sms", "twilio-20003", True),
     ("email", "smtp-421", True), ("email", "smtp-450", False), ("email", "TimeoutError", True),
     ("push", "TimeoutError", False), ("sms", "unconfigured", False), ("email", "HeaderInjection", False)],
)  # fmt: skip
def test_which_failures_are_the_carriers(channel: str, error: str, blames: bool) -> None:
    assert blames_carrier(channel, error) is blames


# == Row 22: down for six hours ==
@pytest.mark.bug(22)
def test_a_carrier_down_for_long_leaves_a_dead_letter_that_a_person_sees_and_sends_again(
    carriers: Carriers, post: Any, settings: Any
) -> None:
    there = settings.TWILIO_BASE_URL
    settings.TWILIO_BASE_URL = "http://127.0.0.1:9"
    with time_machine.travel(datetime.now(UTC)) as clock:  # the figures are of the last days by the database's clock
        key = post("sms")
        waits = []
        for _each in range(400):
            drain(1)
            message = the_message(key)
            if message.status == "dead":
                break
            waits.append(message.next_at - datetime.now(UTC))
            clock.move_to(message.next_at)
        assert (message.status, message.error, message.attempts) == ("dead", "ConnectionRefusedError", 6)
        assert max(waits) > timedelta(minutes=20), "it waits longer each time"
        assert messages_figures()["dead"] == 1
        assert [one.dead for one in channel_figures()] == [0, 1, 0]
        settings.TWILIO_BASE_URL = there
        actions.ask_to_send_again(by=None, message_id=key)
        clock.shift(timedelta(minutes=10))
        drain()
    assert the_message(key).status == "sent"
    assert [one.last_sent is not None for one in channel_figures()] == [False, True, False]


def test_a_person_asks_once_and_delivered_twice_it_is_once(mail: MailServer, post: Any) -> None:
    mail.orders.append("data:554 spam")
    key = post()
    drain()
    deliver_twice(
        subscribers.resend,
        ResendAsked(key),
        lambda: list(Message.objects.order_by("pk").values_list("status", "next_at")),
    )
    drain()
    assert the_message(key).status == "sent"
    with as_the_system():
        subscribers.resend(ResendAsked(key))
    assert the_message(key).status == "sent"
    said = StringIO()
    with taking_role("worker"):
        call_command("messages", stdout=said)
    assert "email  sent       1" in said.getvalue()


# == Words are forgotten ==
def test_the_words_of_an_sms_are_kept_until_it_is_said_to_have_arrived(carriers: Carriers, post: Any) -> None:
    from healthcare.messaging.sweeping import forget_words

    arrived, silent = post("sms"), post("sms")
    drain()
    assert the_message(arrived).words
    actions.report_state(by=None, message_id=arrived, carrier_id="SM1", state="delivered", error="")
    drain()
    assert not the_message(arrived).words
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)), taking_role("worker"):
        assert forget_words() == 1
    assert not the_message(silent).words


# == In the reader's language ==
def test_a_letter_is_in_the_readers_language_where_it_has_one(carriers: Carriers, post: Any, templates: Any) -> None:
    templates("hello.es.sms.txt", "Hola {{ name }}: {{ link }}")
    for number, language in enumerate(("es", "es-MX", "pt", "", "../x")):
        post("sms", language=language, address=f"+1212555030{number}")
    drain()
    assert [sms["body"].split()[0] for sms in carriers.taken] == ["Hola", "Hola", "Hello", "Hello", "Hello"]
