"""What people write back by SMS: STOP, START, HELP, a yes, a no and the rest. Section 3, row 23."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from healthcare.audit.models import AuditEvent
from healthcare.devservices.carriers import Carriers
from healthcare.events import after, registry
from healthcare.messaging import subscribers
from healthcare.messaging.addresses import address_key
from healthcare.messaging.events import MessageFailed, ReplyAnswers, ReplyReceived
from healthcare.messaging.models import OptOut, Reply
from healthcare.messaging.rules import NO, OTHER, START, STOP, WORDS, YES, word_of
from tests.events.draining import as_worker, drain
from tests.messaging.conftest import NUMBER, the_message
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db


def write_back(body: str, *, sender: str = NUMBER, signature: str = "", sid: str = "", **more: str) -> Any:
    """As Twilio tells it, signed with our token."""
    said = {"MessageSid": sid or f"SM{uuid4().hex}", "From": sender, "To": "+12125550199", "Body": body, **more}
    good = RequestValidator("token-of-the-tests").compute_signature(
        "https://clinic.example/messaging/twilio/replies/", said
    )
    client = Client(enforce_csrf_checks=True)
    return client.post("/messaging/twilio/replies/", said, headers={"X-Twilio-Signature": signature or good})


@pytest.fixture(autouse=True)
def reachable(settings: Any, carriers: Carriers) -> None:
    settings.PUBLIC_URL = "https://clinic.example"


def stops() -> list[tuple[str, bool]]:
    """Source, and whether it stands."""
    return as_worker(lambda: [(row.source, row.ended_at is None) for row in OptOut.objects.order_by("created_at")])


def audited(action: str) -> list[Any]:
    return as_worker(lambda: list(AuditEvent.objects.filter(action=action).values_list("detail", flat=True)))


# == Words ==
@pytest.mark.parametrize(
    ("said", "word"),
    [("STOP", STOP), (" stop. ", STOP), ("Stop all", STOP), ("START", START), ("unstop!", START), ("Yes", YES),
     ("¡Sí!", YES), ("no.", NO), ("No problem, see you there", OTHER), ("yes but later", OTHER), ("", OTHER)],
)  # fmt: skip
def test_words_are_known_whatever_stands_around_them(said: str, word: str) -> None:
    assert word_of(said) == word


@given(st.text())
def test_every_text_is_one_word(text: str) -> None:
    assert word_of(text) in WORDS


# == STOP and START ==
@pytest.mark.bug(23)
@pytest.mark.parametrize("said", ["STOP", "stop."])
def test_after_a_stop_nothing_goes_there(carriers: Carriers, post: Any, said: str) -> None:
    answer = write_back(said)
    assert answer.status_code == 200
    assert b"<Message" not in answer.content, "the carrier answers a STOP itself; our answer it would refuse"
    drain()
    routine, urgent = post("sms"), post("sms", urgent=True)
    drain()
    assert not carriers.taken
    for key in (routine, urgent):
        assert (the_message(key).status, the_message(key).error) == ("failed", "opted-out")
        assert the_message(key).attempts == 0
    assert stops() == [("reply", True)]
    assert audited("messaging.stop") == [{"channel": "sms", "source": "reply"}]


@pytest.mark.bug(23)
def test_a_stop_says_so_to_whoever_can_try_another_way(post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    write_back("STOP")
    drain()
    heard: list[MessageFailed] = []
    monkeypatch.setattr(registry, "_after", {})
    after(MessageFailed)(heard.append)
    key = post("sms", urgent=True)
    drain()
    assert heard == [MessageFailed(message_id=key, channel="sms", status="failed", error="opted-out")]


@pytest.mark.bug(23)
@pytest.mark.parametrize("said", ["START", "unstop", "yes"])
def test_a_start_opens_the_way_again(carriers: Carriers, post: Any, said: str, announced: Any) -> None:
    write_back("STOP")
    drain()
    write_back(said)
    drain()
    post("sms")
    drain()
    assert len(carriers.taken) == 1
    assert stops() == [("reply", False)]
    assert audited("messaging.start") == [{"channel": "sms"}]
    assert announced(ReplyAnswers) == [], "a yes after a stop is a start, and no answer to anything"


@pytest.mark.bug(23)
def test_the_carriers_refusal_for_a_stop_is_one(carriers: Carriers, post: Any) -> None:
    carriers.behaviour.append("21610")
    key = post("sms")
    drain()
    assert (the_message(key).status, the_message(key).error) == ("failed", "twilio-21610")
    assert stops() == [("carrier", True)]
    second = post("sms")
    drain()
    assert the_message(second).error == "opted-out"
    write_back("STOP")
    drain()
    assert stops() == [("carrier", True)], "stopped already"


@pytest.mark.bug(23)
def test_and_so_is_one_that_comes_later(post: Any) -> None:
    from healthcare.messaging.actions import report_state

    key: UUID = post("sms")
    drain()
    report_state(by=None, message_id=key, carrier_id="SM1", state="failed", error="21610")
    drain()
    assert stops() == [("carrier", True)]


def test_a_stop_is_of_one_number_and_of_sms_alone(carriers: Carriers, post: Any, mail: Any) -> None:
    write_back("STOP")
    drain()
    post("sms", address="+12125550101")
    post("email", address="ada@patients.example")
    drain()
    assert len(carriers.taken) == len(mail.taken) == 1


def test_the_same_number_is_the_same_key_and_tells_nothing() -> None:
    assert address_key("email", " Ada@Patients.example") == address_key("email", "ada@patients.example")
    assert address_key("sms", NUMBER) != address_key("sms", "+12125550101")
    assert NUMBER[2:] not in address_key("sms", NUMBER)


# == HELP and what we do not know ==
def test_help_is_answered_and_changes_nothing() -> None:
    answer = write_back("help")
    assert "Reply STOP" in answer.content.decode()
    assert answer["Content-Type"].startswith("text/xml")
    drain()
    assert stops() == []


def test_what_we_do_not_know_is_answered_once_a_day_and_its_words_are_kept_nowhere(
    carriers: Carriers, caplog: Any
) -> None:
    caplog.set_level("DEBUG")
    for _each in range(3):
        assert b"<Message" not in write_back("My chest hurts since Xanthippe & I ate <Quux>").content
    drain()
    (sms,) = carriers.taken
    assert "call 911" in sms["body"]
    kept = as_worker(lambda: repr(list(Reply.objects.order_by("pk").values())))
    assert "Xanthippe" not in kept
    assert not [line for line in caplog.records if "Xanthippe" in repr(vars(line))]


def test_what_twilio_answers_itself_is_not_answered_twice() -> None:
    assert b"<Message" not in write_back("HELP", OptOutType="HELP").content
    write_back("pare", OptOutType="STOP")  # a word that only Twilio's settings know
    drain()
    assert stops() == [("reply", True)]


# == A yes and a no ==
@pytest.mark.parametrize(("said", "yes"), [("YES", True), ("no", False)])
def test_a_yes_and_a_no_are_told_once_though_the_carrier_tells_it_twice(said: str, yes: bool, announced: Any) -> None:
    for _each in range(2):
        write_back(said, sid="SM1")
    drain()
    (fact,) = announced(ReplyAnswers)
    assert fact.yes is yes
    reply = as_worker(lambda: Reply.objects.get())
    assert (reply.pk, reply.address, reply.word) == (fact.reply_id, NUMBER, said.lower())


def test_a_reply_delivered_twice_counts_once() -> None:
    write_back("STOP")
    reply = as_worker(lambda: Reply.objects.get())
    fact = ReplyReceived(reply.pk)
    deliver_twice(
        subscribers.handle_reply, fact, lambda: list(OptOut.objects.order_by("pk").values_list("pk", "ended_at"))
    )


# == Who may ==
@pytest.mark.bug(23)
@pytest.mark.parametrize("signature", ["x", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="])
def test_nobody_else_writes_in_somebodys_name(signature: str) -> None:
    assert write_back("STOP", signature=signature).status_code == 403
    drain()
    assert stops() == []


def test_what_comes_from_no_number_is_nobodys() -> None:
    assert write_back("STOP", sender="12345").status_code == 200
    assert as_worker(Reply.objects.count) == 0
    assert Client().get("/messaging/twilio/replies/").status_code == 405
