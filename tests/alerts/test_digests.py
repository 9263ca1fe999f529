"""Once a day: what is kept, what goes at once all the same, what leaves together, and that each leaves once."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import transaction

from alerts import tasks
from alerts.actions import tell_of_appointment, tell_of_medicine, tell_patient, try_another_way, withdraw_outdated
from alerts.actions.letters import Envelope, write_letter
from alerts.models import Digest, Notice
from alerts.queries.people import addressee_of
from alerts.rules import LETTERS
from healthcare.audit.models import AuditEvent
from healthcare.messaging.models import Message as Posted
from patients.models import LetterWish, Patient
from records.models import Entry, Message
from scheduling.models import Appointment
from tests.alerts.conftest import Clinic, as_system
from tests.events.draining import as_worker
from tests.factories import (
    AppointmentFactory,
    ContactPreferenceFactory,
    DigestFactory,
    EntryFactory,
    InvoiceFactory,
    LetterWishFactory,
    MessageFactory,
    PrescriptionFactory,
    ThreadFactory,
    UserFactory,
)
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVENING = datetime(2026, 5, 6, 22, tzinfo=UTC)  # six in New York
MORNING = datetime(2026, 5, 7, 12, tzinfo=UTC)  # eight there
TOPICS = LetterWish.Topic.values


@pytest.fixture
def rosa(clinic: Clinic) -> Iterator[Clinic]:
    """Wants everything once a day; it is evening."""
    for topic in TOPICS:
        LetterWishFactory(patient=clinic.patient, topic=topic, how="daily")
    with time_machine.travel(EVENING, tick=False):
        yield clinic


def tell(clinic: Clinic, letter: str = "privacy_answer", source: str = "") -> None:
    as_system(tell_patient, letter=letter, patient_id=clinic.patient.pk, source=source or f"a.thing:{uuid4()}")


def notices() -> list[tuple[str, str, str, str]]:
    rows = Notice.objects.order_by("created_at", "pk").values_list("letter", "channel", "state", "reason")
    return as_worker(lambda: list(rows))


def post() -> list[Posted]:
    return as_worker(lambda: list(Posted.objects.exclude(error="withdrawn").order_by("created_at")))


def digests() -> list[tuple[str, datetime | None]]:
    return as_worker(lambda: list(Digest.objects.order_by("created_at").values_list("state", "next_at")))


def send(at: datetime = MORNING) -> None:
    """Whatever is due by then, as the relay hands it out; each twice, as it may."""
    with time_machine.travel(at, tick=False):
        for key in as_worker(lambda: list(Digest.objects.order_by("pk").values_list("pk", flat=True))):
            for _each in range(2):
                as_worker(partial(tasks.send_digest, key))


def visit_at(clinic: Clinic, start: datetime) -> Appointment:
    visit: Appointment = AppointmentFactory(patient=clinic.patient, provider=clinic.provider, start=start)
    return visit


def tell_of(visit: Appointment, letter: str = "appointment_booked") -> None:
    as_system(tell_of_appointment, letter=letter, appointment_id=visit.pk, sequence=visit.sequence, now=EVENING)


def change(row: Any, **values: Any) -> None:
    with as_the_system():
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=list(values))


# == What is kept ==
def test_it_is_kept_until_the_morning_and_its_row_says_why(rosa: Clinic) -> None:
    tell(rosa)
    tell(rosa)
    assert notices() == [("privacy_answer", "email", "gathered", "once_a_day")] * 2
    assert post() == []
    assert digests() == [("due", MORNING)]


def test_one_neutral_mail_leaves_with_all_of_it(rosa: Clinic) -> None:
    tell_of(visit_at(rosa, EVENING + 5 * DAY))
    tell(rosa)
    tell(rosa)
    send(MORNING - HOUR)
    assert post() == []
    send()
    (mail,) = post()
    assert (mail.template, mail.address, mail.channel) == ("alerts/digest", "wilhelmina@portal.example", "email")
    assert mail.words["lines"].splitlines() == [
        "- Your visit is booked: Monday, May 11, 2026, 6:00 pm EDT",
        "- An answer to your question about your record (2)",
    ]
    assert {(state, reason) for _letter, _channel, state, reason in notices()} == {("queued", "")}
    assert digests() == [("sent", None)]
    done = AuditEvent.objects.filter(action="alerts.send_digest")
    assert as_worker(lambda: list(done.values_list("detail", flat=True))) == [{"letters": 3, "state": "sent"}]


def test_what_comes_later_leaves_with_the_next(rosa: Clinic) -> None:
    tell(rosa)
    send()
    with time_machine.travel(MORNING + HOUR, tick=False):
        tell(rosa)
    assert digests() == [("sent", None), ("due", MORNING + DAY)]
    send(MORNING + DAY)
    assert [mail.template for mail in post()] == ["alerts/digest"] * 2


def test_told_twice_it_is_kept_once(rosa: Clinic) -> None:
    for _each in range(2):
        tell(rosa, source=f"patients.privacycase:{rosa.patient.pk}")
    send()
    assert post()[0].words["lines"] == "- An answer to your question about your record"


# == What goes at once ==
def test_what_would_come_too_late_goes_at_once(rosa: Clinic) -> None:
    tell_of(visit_at(rosa, MORNING + 23 * HOUR))
    assert notices() == [("appointment_booked", "email", "queued", "")]
    assert digests() == []


def test_an_urgent_envelope_goes_at_once(rosa: Clinic) -> None:
    with as_the_system():
        to = addressee_of(rosa.patient, LETTERS["result_released"])
    assert to.once_a_day
    urgent = Envelope(letter="result_released", patient=rosa.patient, to=to, source="", occasion="now", urgent=True)
    as_system(write_letter, envelope=urgent)
    assert notices() == [("result_released", "email", "queued", "")]


@pytest.mark.parametrize("letter", ["reminder", "wait_offered", "offer_lost", "series_booked", "text_confirmed"])
def test_reminders_offers_and_answers_are_never_kept(rosa: Clinic, letter: str) -> None:
    with as_the_system():
        assert not addressee_of(rosa.patient, LETTERS[letter]).once_a_day


def test_who_has_no_account_hears_at_once(rosa: Clinic) -> None:
    change(rosa.account, is_active=False, deactivated_at=EVENING)
    tell_of(visit_at(rosa, EVENING + 5 * DAY))
    assert notices() == [("appointment_booked", "email", "queued", "")]


def test_where_mail_is_refused_the_next_way_goes_at_once(rosa: Clinic) -> None:
    change(rosa.patient, phone="+15085550123")
    for channel, allowed in (("email", False), ("sms", True)):
        ContactPreferenceFactory(patient=rosa.patient, channel=channel, purpose="visits", allowed=allowed)
    tell_of(visit_at(rosa, EVENING + 5 * DAY))
    assert notices() == [("appointment_booked", "sms", "queued", "")]


# == The way that they wish for, or none ==
@pytest.mark.parametrize(
    ("how", "letter", "way"),
    [
        ("email", "prescription_ready", ("email", "")),
        ("sms", "result_released", ("sms", "")),
        ("sms", "invoice_issued", ("email", "")),  # there is no text for it
        ("none", "result_released", ("email", "refused")),
        ("none", "text_confirmed", ("sms", "")),  # an answer to what they wrote
        ("daily", "reminder", ("sms", "")),  # as usual: it is never kept
    ],
)
def test_the_way_they_wish_for_comes_first(clinic: Clinic, how: str, letter: str, way: tuple[str, str]) -> None:
    change(clinic.patient, phone="+15085550123")
    for purpose in ("visits", "health", "bills"):
        ContactPreferenceFactory(patient=clinic.patient, channel="sms", purpose=purpose, allowed=True)
    LetterWishFactory(patient=clinic.patient, topic=LETTERS[letter].topic, how=how)
    with as_the_system():
        found = addressee_of(clinic.patient, LETTERS[letter])
    assert (found.channel, found.why_not) == way


def test_an_ended_wish_is_none(clinic: Clinic) -> None:
    LetterWishFactory(patient=clinic.patient, how="none", ended_at=EVENING, ended_by=clinic.desk)
    tell(clinic)
    assert notices() == [("privacy_answer", "email", "queued", "")]


# == What is not so any more drops out ==
def a_message(clinic: Clinic) -> tuple[Message, str]:
    message = MessageFactory(thread=ThreadFactory(patient=clinic.patient, started_by=clinic.account), to_patient=True)
    as_system(
        tell_patient,
        letter="new_message",
        patient_id=clinic.patient.pk,
        source=f"records.thread:{message.thread_id}",
        occasion=str(message.pk),
    )
    return message, "over"


def a_result(clinic: Clinic) -> tuple[Entry, str]:
    entry = EntryFactory(patient=clinic.patient)
    tell(clinic, "result_released", f"records.entry:{entry.pk}")
    return entry, "over"


def a_medicine(clinic: Clinic) -> tuple[Any, str]:
    medicine = PrescriptionFactory(patient=clinic.patient, status="ready")
    as_system(tell_of_medicine, prescription_id=medicine.pk)
    return medicine, "over"


def a_visit(clinic: Clinic) -> tuple[Appointment, str]:
    visit = visit_at(clinic, EVENING + 5 * DAY + HOUR * as_worker(Appointment.objects.count))
    tell_of(visit)
    return visit, "outdated"


CHANGES = [
    (a_message, lambda clinic: {"read_at": EVENING, "read_by": clinic.account}),
    (a_result, lambda clinic: {"superseded_at": EVENING}),
    (a_medicine, lambda clinic: {"status": "signed", "ready_at": None, "ready_by": None, "collect_by": None}),
    (a_visit, lambda clinic: {"sequence": 1}),
]


@pytest.mark.parametrize(("make", "over"), CHANGES, ids=[make.__name__ for make, _over in CHANGES])
def test_what_is_over_by_then_is_not_told(rosa: Clinic, make: Any, over: Any) -> None:
    kept, _why = make(rosa)
    gone, why = make(rosa)
    change(gone, **over(rosa))
    tell(rosa)
    send()
    (mail,) = post()
    assert [(state, reason) for _letter, _channel, state, reason in notices()] == [
        ("queued", ""),
        ("skipped", why),
        ("queued", ""),
    ]
    assert len(mail.words["lines"].splitlines()) == 2
    assert kept.pk != gone.pk


def test_a_bill_that_is_paid_by_then_is_not_told(rosa: Clinic) -> None:
    for status in ("issued", "settled"):
        with as_the_system(), transaction.atomic():
            bill = InvoiceFactory(patient=rosa.patient, status=status)
        tell(rosa, "invoice_issued", f"billing.invoice:{bill.pk}")
    send()
    assert [row[2:] for row in notices()] == [("queued", ""), ("skipped", "over")]
    assert post()[0].words["lines"] == "- A new bill"


def test_a_visit_that_is_gone_altogether_is_not_told(rosa: Clinic) -> None:
    envelope = Envelope(
        letter="appointment_booked",
        patient=rosa.patient,
        to=as_worker(lambda: addressee_of(rosa.patient, LETTERS["appointment_booked"])),
        source=f"scheduling.appointment:{uuid4()}",
        occasion=f"appointment_booked:{uuid4()}:0",
    )
    as_system(write_letter, envelope=envelope)
    send()
    assert notices() == [("appointment_booked", "email", "skipped", "outdated")]
    assert digests() == [("empty", None)]


def test_nothing_goes_to_the_dead_nor_where_it_was_refused_since(rosa: Clinic) -> None:
    tell(rosa)
    tell(rosa, "refill_answer")
    wish_for("none", rosa.patient, ["medicines"])
    send()
    assert [row[2:] for row in notices()] == [("queued", ""), ("skipped", "refused")]
    with time_machine.travel(MORNING + HOUR, tick=False):
        tell(rosa)
    change(rosa.patient, deceased=True)
    send(MORNING + DAY)
    assert notices()[-1][2:] == ("skipped", "patient_died")
    assert len(post()) == 1


def test_what_cannot_go_by_mail_any_more_goes_by_itself(rosa: Clinic) -> None:
    change(rosa.patient, phone="+15085550123")
    tell_of(visit_at(rosa, EVENING + 5 * DAY))
    tell(rosa)
    for channel, allowed in (("email", False), ("sms", True)):
        ContactPreferenceFactory(patient=rosa.patient, channel=channel, purpose="visits", allowed=allowed)
    send()
    assert [row[1:] for row in notices()] == [("sms", "queued", ""), ("email", "queued", "")]
    assert [(mail.channel, mail.template) for mail in post()] == [
        ("sms", "alerts/appointment_booked"),
        ("email", "alerts/digest"),
    ]


def test_in_quiet_hours_that_were_set_since_it_waits_for_their_end(rosa: Clinic) -> None:
    tell(rosa)
    change(rosa.patient, quiet_from=time(21), quiet_until=time(10))
    send()
    assert digests() == [("due", MORNING + 2 * HOUR)]
    assert post() == []
    send(MORNING + 2 * HOUR)
    assert len(post()) == 1


def test_two_records_that_became_one_write_one_mail(rosa: Clinic) -> None:
    tell(rosa)
    DigestFactory(patient=rosa.patient, next_at=MORNING)
    send()
    assert sorted(state for state, _next in digests()) == ["empty", "sent"]
    assert len(post()) == 1


# == In the post ==
def test_what_is_outdated_in_the_post_is_taken_back_and_the_rest_leaves(rosa: Clinic) -> None:
    visit, _why = a_visit(rosa)
    tell(rosa)
    send()
    change(visit, sequence=1)
    assert as_system(withdraw_outdated, appointment_id=visit.pk, now=MORNING) == 1
    assert as_system(withdraw_outdated, appointment_id=visit.pk, now=MORNING) == 0
    send()
    (mail,) = post()
    assert mail.words["lines"] == "- An answer to your question about your record"
    assert [row[2:] for row in notices()] == [("skipped", "outdated"), ("queued", "")]


def test_what_a_carrier_has_is_not_taken_back(rosa: Clinic) -> None:
    visit, _why = a_visit(rosa)
    send()
    for mail in post():
        change(mail, status="sent", next_at=None, sent_at=MORNING)
    change(visit, sequence=1)
    assert as_system(withdraw_outdated, appointment_id=visit.pk, now=MORNING) == 0
    assert digests() == [("sent", None)]


def test_when_the_mail_comes_back_each_letter_goes_its_next_way(rosa: Clinic) -> None:
    change(rosa.patient, phone="+15085550123")
    for purpose in ("visits", "health"):
        ContactPreferenceFactory(patient=rosa.patient, channel="sms", purpose=purpose, allowed=True)
    visit, _why = a_visit(rosa)
    a_result(rosa)
    gone, _why = a_result(rosa)
    send()
    change(gone, superseded_at=MORNING)
    (mail,) = post()
    change(mail, status="failed", error="smtp-550", next_at=None)
    for _each in range(2):
        as_system(try_another_way, message_id=mail.pk, now=MORNING)
    texts = [one for one in post() if one.channel == "sms"]
    assert sorted(text.template for text in texts) == ["alerts/appointment_booked", "alerts/result_released"]
    assert {text.words.get("visit", str(visit.pk)) for text in texts} == {str(visit.pk)}


def wish_for(how: str, patient: Patient, topics: Sequence[str] = TOPICS) -> None:
    for topic in topics:
        row = as_worker(LetterWish.objects.filter(patient=patient, topic=topic, ended_at=None).first)
        if row is not None:
            change(row, ended_at=EVENING, ended_by=UserFactory())
        LetterWishFactory(patient=patient, topic=topic, how=how)
