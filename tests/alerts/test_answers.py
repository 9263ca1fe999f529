"""A reminder answered by SMS, a letter that goes another way because the first failed, and one that is not so any more.
Section 3, rows 18 to 24."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from alerts import subscribers
from alerts.actions import answer_by_text, try_another_way, withdraw_outdated
from alerts.models import Notice
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.devservices.carriers import Carriers
from healthcare.messaging.events import MessageFailed, ReplyAnswers
from healthcare.messaging.models import Message, Reply
from patients.models import ContactPoint, Patient
from scheduling import actions as scheduling
from scheduling.models import Appointment
from tests.alerts.conftest import as_system
from tests.alerts.test_stages import DAY, HOUR, NOON, NUMBER, at, says_yes, set_on
from tests.events.draining import as_worker, drain
from tests.factories import (
    AppointmentFactory,
    ContactPreferenceFactory,
    PatientFactory,
    ReminderFactory,
    ReminderPlanFactory,
)
from tests.messaging.mailserver import MailServer
from tests.messaging.test_replies import write_back
from tests.roles import as_the_system
from tests.scheduling.conftest import NOW, Clinic, make_clinic
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
REMINDED = NOON - DAY


@pytest.fixture
def world(settings: Any) -> Iterator[Clinic]:
    settings.PUBLIC_URL = "https://clinic.example"
    made = make_clinic()
    ReminderPlanFactory(visit_type=made.visit_type)
    says_yes(made.patient)
    with time_machine.travel(NOW, tick=False):
        yield made


@pytest.fixture
def visit(world: Clinic, carriers: Carriers, mail: MailServer) -> Appointment:
    """Reminded of by SMS."""
    booked = world.book(start=NOON)
    at(REMINDED)
    assert carriers.taken.pop()["body"].count("Reply YES") == 1
    mail.taken.clear()
    return booked


def says(word: str, when: datetime = REMINDED + HOUR, sender: str = NUMBER) -> None:
    with time_machine.travel(when, tick=False):
        assert write_back(word, sender=sender).status_code == 200
        drain()


def status(visit: Appointment) -> str:
    return as_worker(lambda: Appointment.objects.get(pk=visit.pk).status)


def bodies(carriers: Carriers) -> list[str]:
    return [sms["body"].partition(": ")[2] for sms in carriers.taken]


def visit_at(patient: Patient, start: datetime, **more: Any) -> Appointment:
    made = AppointmentFactory(patient=patient, start=start, **more)
    ReminderFactory(appointment=made, due_at=start - DAY)
    return made


# == Answered by SMS ==
@pytest.mark.parametrize("word", ["YES", "yes.", "Sí"])
def test_a_yes_confirms_the_visit_and_says_so(visit: Appointment, carriers: Carriers, word: str) -> None:
    says(word)
    assert status(visit) == "confirmed"
    assert bodies(carriers) == ["thank you. We expect you on Saturday, May 11, 2030, 12:00 pm EDT."]
    assert carriers.taken[0]["to"] == NUMBER


def test_a_no_calls_it_off_and_says_so_there_and_by_mail(
    visit: Appointment, carriers: Carriers, mail: MailServer
) -> None:
    says("NO")
    assert status(visit) == "cancelled"
    assert as_worker(lambda: Appointment.objects.get(pk=visit.pk).cancel_reason) == "By text message"
    assert bodies(carriers) == [
        "your visit on Saturday, May 11, 2030, 12:00 pm EDT is cancelled. Nobody waits for you."
    ]
    assert ["cancelled" in letter["Subject"] for letter in mail.taken] == [True]


def test_a_no_that_comes_too_late_calls_nothing_off(world: Clinic, visit: Appointment, carriers: Carriers) -> None:
    with as_the_system():
        world.visit_type.cancel_minutes = 24 * 60
        world.visit_type.save()
    says("NO")
    assert status(visit) == "booked"
    assert "too late to change" in bodies(carriers)[0]


def test_it_is_the_newest_reminder_that_is_answered_whoever_of_the_house_it_is_for(
    world: Clinic, visit: Appointment, carriers: Carriers
) -> None:
    child = PatientFactory(site=world.site)
    says_yes(child)
    second = visit_at(child, NOON + 2 * HOUR)
    at(REMINDED + 2 * HOUR)
    says("YES", REMINDED + 3 * HOUR)
    assert (status(visit), status(second)) == ("booked", "confirmed")
    says("NO", REMINDED + 4 * HOUR)
    assert (status(visit), status(second)) == ("booked", "cancelled"), "it stands and is still the newest"
    says("No!", REMINDED + 4.5 * HOUR)
    assert status(visit) == "booked", "a second no is about the same visit"
    assert bodies(carriers)[-1].startswith("your visit on Saturday, May 11, 2030, 2:00 pm EDT is cancelled")
    says("YES", REMINDED + 5 * HOUR)
    assert (status(visit), status(second)) == ("confirmed", "cancelled"), "then the one before"


def test_an_answer_to_an_earlier_time_of_the_visit_is_none(
    world: Clinic, visit: Appointment, carriers: Carriers
) -> None:
    with time_machine.travel(REMINDED + HOUR / 2, tick=False), acting_as(world.desk):
        scheduling.move_appointment(by=world.desk, appointment=visit, start=NOON + 3 * DAY, now=REMINDED + HOUR / 2)
    says("NO")
    assert status(visit) == "booked"
    assert "no question open" in bodies(carriers)[-1]


@pytest.mark.parametrize(("word", "sender"), [("YES", "+15085550177"), ("NO", "+15085550177")])
def test_who_was_asked_nothing_is_told_that_once_a_day(
    visit: Appointment, carriers: Carriers, word: str, sender: str
) -> None:
    for minutes in range(5):
        says(word, REMINDED + minutes * HOUR / 60, sender)
    assert status(visit) == "booked"
    assert len(carriers.taken) == 1
    assert "no question open" in bodies(carriers)[0]


def test_what_has_begun_is_not_answered_any_more(visit: Appointment, carriers: Carriers) -> None:
    says("YES", NOON + HOUR / 60)
    assert status(visit) == "booked"
    assert "no question open" in bodies(carriers)[0]


def test_the_audit_says_how_it_was_answered(visit: Appointment) -> None:
    says("YES")
    line = as_worker(lambda: AuditEvent.objects.get(action="alerts.answer"))
    assert (line.patient_id, line.actor_id, line.detail) == (visit.patient_id, None, {"channel": "sms", "yes": True})


def test_answered_once_though_delivered_twice(visit: Appointment) -> None:
    with time_machine.travel(REMINDED + HOUR, tick=False):
        write_back("YES")
        reply = as_worker(lambda: Reply.objects.get())
        deliver_twice(
            subscribers.answer_by_text,
            ReplyAnswers(reply.pk, yes=True),
            lambda: [
                list(Message.objects.order_by("pk").values_list("pk", flat=True)),
                list(Appointment.objects.order_by("pk").values_list("status", "confirmed_at")),
            ],
        )
        as_system(answer_by_text, reply_id=uuid4(), yes=True, now=NOW)


def test_after_a_stop_the_next_reminder_comes_by_mail(
    world: Clinic, visit: Appointment, carriers: Carriers, mail: MailServer
) -> None:
    """Row 23: the stop is of SMS; whoever wrote it is still reminded, in the way that is left."""
    says("STOP")
    visit_at(world.patient, NOON + DAY)
    at(NOON)
    assert list(carriers.taken) == []
    assert [letter["Subject"].startswith("Your visit is soon") for letter in mail.taken] == [True]
    told = as_worker(lambda: list(Notice.objects.filter(letter="reminder").order_by("created_at", "channel")))
    assert [(notice.channel, notice.state) for notice in told][1:] == [("email", "queued"), ("sms", "queued")]


# == Another way ==
@pytest.fixture
def reminded(world: Clinic, carriers: Carriers, mail: MailServer) -> Appointment:
    """By SMS, at a number that is none."""
    carriers.behaviour.append("21211")
    made = visit_at(world.patient, NOON)
    at(REMINDED)
    return made


def test_what_certainly_failed_goes_by_the_next_way(
    reminded: Appointment, carriers: Carriers, mail: MailServer
) -> None:
    assert list(carriers.taken) == []
    (letter,) = mail.taken
    assert letter["Subject"].startswith("Your visit is soon")
    assert "Saturday, May 11, 2030, 12:00 pm EDT" in letter.get_content()
    states = as_worker(lambda: dict(Message.objects.values_list("channel", "status")))
    assert states == {"sms": "failed", "email": "sent"}


def test_and_the_number_is_marked(reminded: Appointment) -> None:
    marked = as_worker(lambda: list(ContactPoint.objects.values_list("system", "value", "bad")))
    assert marked == [("phone", NUMBER, "bounced")]


@pytest.mark.parametrize("order", ["500", "drop"])
def test_what_may_have_arrived_goes_no_other_way(
    world: Clinic, carriers: Carriers, mail: MailServer, order: str
) -> None:
    carriers.behaviour.append(order)
    visit_at(world.patient, NOON)
    at(REMINDED)
    at(REMINDED + 12 * HOUR)
    assert mail.taken == []
    assert as_worker(lambda: Message.objects.get().status) == "unknown"


def test_where_there_is_no_other_way_a_row_says_so(world: Clinic, carriers: Carriers, mail: MailServer) -> None:
    ContactPreferenceFactory(patient=world.patient, channel="email", purpose="visits", allowed=False)
    carriers.behaviour.append("21211")
    visit_at(world.patient, NOON)
    at(REMINDED)
    assert mail.taken == []
    told = as_worker(
        lambda: list(Notice.objects.order_by("created_at", "pk").values_list("channel", "state", "reason"))
    )
    assert told == [("sms", "queued", ""), ("email", "skipped", "refused")]


def test_when_both_ways_failed_it_ends_and_a_row_says_so(world: Clinic, carriers: Carriers, mail: MailServer) -> None:
    carriers.behaviour.append("21211")
    mail.orders.append("rcpt:550 unknown")
    visit_at(world.patient, NOON)
    at(REMINDED)
    told = as_worker(lambda: list(Notice.objects.order_by("pk").values_list("state", "reason")))
    assert told == [("queued", ""), ("queued", ""), ("skipped", "no_other_way")]
    at(REMINDED + HOUR)
    assert as_worker(Notice.objects.count) == 3


def test_what_the_carrier_says_later_moves_it_on_too(visit: Appointment, carriers: Carriers, mail: MailServer) -> None:
    from healthcare.messaging.actions import report_state

    with time_machine.travel(REMINDED + HOUR, tick=False):
        sms = as_worker(lambda: Message.objects.get(channel="sms"))
        report_state(by=None, message_id=sms.pk, carrier_id="SM1", state="undelivered", error="30006")
        drain()
    (letter,) = mail.taken
    assert "12:00 pm EDT" in letter.get_content()


def test_what_is_true_no_longer_goes_no_other_way(world: Clinic, visit: Appointment, mail: MailServer) -> None:
    from healthcare.messaging.actions import report_state

    with time_machine.travel(REMINDED + HOUR, tick=False):
        with acting_as(world.desk):
            scheduling.cancel_appointment(by=world.desk, appointment=visit, reason="Ill", now=REMINDED + HOUR)
        sms = as_worker(lambda: Message.objects.get(channel="sms"))
        report_state(by=None, message_id=sms.pk, carrier_id="SM1", state="undelivered", error="30006")
        drain()
    assert ["cancelled" in letter["Subject"] for letter in mail.taken] == [True]


def test_it_moves_on_once_though_delivered_twice(world: Clinic, carriers: Carriers) -> None:
    set_on(world.patient, email="rosa@patients.example")
    carriers.behaviour.append("21211")
    visit_at(world.patient, NOON)
    with time_machine.travel(REMINDED, tick=False):
        drain(1)
        drain(1)
        sms = as_worker(lambda: Message.objects.filter(channel="sms").get())
        assert sms.status == "failed"
        fact = MessageFailed(sms.pk, "sms", "failed", "twilio-21211")
        deliver_twice(
            subscribers.try_another_way, fact, lambda: list(Notice.objects.order_by("pk").values_list("pk", "channel"))
        )


def test_other_failures_move_nothing_on(visit: Appointment) -> None:
    before = as_worker(Notice.objects.count)
    sms = as_worker(lambda: Message.objects.get(channel="sms"))
    with as_the_system():
        subscribers.try_another_way(MessageFailed(sms.pk, "sms", "unknown", "twilio-500"))
    as_system(try_another_way, message_id=sms.pk, now=REMINDED)  # it was sent
    as_system(try_another_way, message_id=uuid4(), now=REMINDED)
    with as_the_system():
        sms.status, sms.error = "failed", "twilio-30006"
        sms.save(update_fields=["status", "error"])
    as_system(try_another_way, message_id=sms.pk, now=NOON)  # too late
    assert as_worker(Notice.objects.count) == before


# == Not so any more ==
@pytest.mark.parametrize("fact", ["moved", "cancelled"])
def test_taken_back_once_though_delivered_twice(
    world: Clinic, mail: MailServer, carriers: Carriers, settings: Any, fact: str
) -> None:
    from scheduling.events import AppointmentCancelled, AppointmentMoved

    settings.TWILIO_BASE_URL = "http://127.0.0.1:9"
    visit, desk, now = world.book(start=NOON), world.desk, REMINDED + HOUR
    at(REMINDED)
    rows = Message.objects.filter(channel="sms")
    with time_machine.travel(now, tick=False), acting_as(desk):
        if fact == "moved":
            scheduling.move_appointment(by=desk, appointment=visit, start=NOON + DAY, now=now)
        else:
            scheduling.cancel_appointment(by=desk, appointment=visit, reason="Ill", now=now)
    subscriber, said = {
        "moved": (subscribers.withdraw_outdated, AppointmentMoved(visit.pk, visit.patient_id, 1)),
        "cancelled": (subscribers.withdraw_outdated_of_cancelled, AppointmentCancelled(visit.pk, visit.patient_id, 0)),
    }[fact]
    deliver_twice(subscriber, said, lambda: list(rows.values_list("status", "error")))
    audit = as_worker(lambda: AuditEvent.objects.get(action="alerts.withdraw_outdated"))
    assert (audit.patient_id, audit.detail) == (visit.patient_id, {"letters": 1})
    assert as_system(withdraw_outdated, appointment_id=uuid4(), now=NOW) == 0
