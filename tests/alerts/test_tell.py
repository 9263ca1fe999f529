"""Letters: to whom, without what, once; and a row where one could not be written."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone
from icalendar import Calendar

from alerts import subscribers
from alerts.models import Notice
from alerts.rules import LETTERS
from billing.events import InvoiceIssued
from healthcare.audit.models import AuditEvent
from healthcare.events.facts import name_of
from healthcare.events.registry import all_subscribers
from healthcare.messaging.templating import SUFFIXES
from prescriptions.events import PrescriptionReady
from records.events import MessageSent, ResultReleased, ThreadHandedOn, ThreadOverdue
from scheduling.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    AppointmentRequested,
    RequestDeclined,
    RequestExpired,
)
from scheduling.models import Appointment
from tests.alerts.conftest import Clinic
from tests.events.draining import as_worker, drain
from tests.factories import (
    AppointmentFactory,
    CoverFactory,
    EntryFactory,
    MessageFactory,
    PatientFactory,
    PoolFactory,
    PoolMemberFactory,
    PrescriptionFactory,
    ThreadFactory,
    staff,
)
from tests.messaging.mailserver import MailServer
from tests.roles import as_the_system
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
REQUEST_FACTS = [
    ("appointment_requested", AppointmentRequested, subscribers.confirm_request),
    ("request_declined", RequestDeclined, subscribers.tell_of_declined),
    ("request_expired", RequestExpired, subscribers.tell_of_expired),
]
VISIT_FACTS = [
    ("appointment_booked", AppointmentBooked, subscribers.confirm_booking, "REQUEST"),
    ("appointment_moved", AppointmentMoved, subscribers.confirm_move, "REQUEST"),
    ("appointment_cancelled", AppointmentCancelled, subscribers.confirm_cancellation, "CANCEL"),
]


def notices() -> list[Any]:
    rows = Notice.objects.order_by("created_at", "id")
    return list(rows.values_list("letter", "state", "reason", "recipient__email"))


def cancelled(letter: str) -> dict[str, Any]:
    done = {"status": "cancelled", "cancelled_at": timezone.now(), "cancel_reason": "Cannot come"}
    return done if letter == "appointment_cancelled" else {}


def a_visit(clinic: Clinic, letter: str = "", **fields: Any) -> Appointment:
    given = {"provider": clinic.provider, "reason": "Burning when passing urine", "sequence": 2}
    return AppointmentFactory(patient=clinic.patient, **given | cancelled(letter) | fields)


def deliver(subscriber: Callable[[Any], None], fact: Any) -> None:
    with as_the_system():
        subscriber(fact)


# == Visits ==
@pytest.mark.parametrize(("letter", "fact", "subscriber", "method"), VISIT_FACTS)
def test_a_visit_is_confirmed_once_also_when_delivered_twice(
    clinic: Clinic, mail: MailServer, letter: str, fact: Any, subscriber: Any, method: str
) -> None:
    visit = a_visit(clinic, letter)
    deliver_twice(subscriber, fact(visit.pk, clinic.patient.pk, 2), notices)
    assert as_worker(notices) == [(letter, "queued", "", "wilhelmina@portal.example")]
    drain()
    (sent,) = mail.taken
    text, calendar = sent.iter_parts()
    assert calendar["Content-Type"].params["method"] == method
    event = Calendar.from_ical(str(calendar.get_content())).walk("VEVENT")[0]
    assert event["DTSTART"].dt == visit.starts_at
    assert event["SEQUENCE"] >= visit.sequence, "an older one would be ignored"
    words = str(text.get_content())
    assert "Maren Okafor, MD" in words
    assert "12 Alder Street" in words
    assert "Worcester, MA 01608" in words
    assert "+15085550100" in words
    assert f"{settings.PUBLIC_URL}/portal/" in words
    assert "openstreetmap.org" in words


@pytest.mark.parametrize(("letter", "fact", "subscriber"), REQUEST_FACTS)
def test_what_becomes_of_a_request_is_told_once_without_a_calendar_and_without_a_word_of_why(
    clinic: Clinic, mail: MailServer, letter: str, fact: Any, subscriber: Any
) -> None:
    fields: dict[str, Any] = {"status": "requested", "answer_by": timezone.now() + timedelta(hours=1)}
    if letter != "appointment_requested":
        ended = {"request_end": letter.removeprefix("request_"), "cancel_reason": "Burning is for the nurse"}
        fields |= ended | {"status": "cancelled", "cancelled_at": timezone.now()}
    visit = a_visit(clinic, **fields)
    deliver_twice(subscriber, fact(visit.pk, clinic.patient.pk, 2), notices)
    assert as_worker(notices) == [(letter, "queued", "", "wilhelmina@portal.example")]
    drain()
    (sent,) = mail.taken
    assert not sent.is_multipart()
    words = str(sent.get_content()) + str(sent["Subject"])
    assert "Maren Okafor, MD" in words
    assert "not come" in words
    assert "Burning" not in words


@pytest.mark.parametrize(("letter", "fact", "subscriber"), REQUEST_FACTS)
def test_what_was_answered_meanwhile_is_not_told(
    clinic: Clinic, posted: Any, letter: str, fact: Any, subscriber: Any
) -> None:
    visit = a_visit(clinic)
    deliver_twice(subscriber, fact(visit.pk, clinic.patient.pk, 2), notices)
    assert as_worker(notices) == [(letter, "skipped", "outdated", None)]
    assert posted() == []


def test_the_time_is_that_of_the_site_with_its_zone(clinic: Clinic, posted: Any) -> None:
    start = timezone.now().replace(year=2031, month=1, day=14, hour=14, minute=40, second=0, microsecond=0)
    visit = a_visit(clinic, start=start, sequence=0)
    deliver(subscribers.confirm_booking, AppointmentBooked(visit.pk, clinic.patient.pk, 0))
    assert posted()[0].words["when"] == "Tuesday, Jan 14, 2031, 9:40 am EST"


def test_neither_reason_nor_kind_of_the_visit_nor_the_patients_name_is_said(clinic: Clinic, mail: MailServer) -> None:
    visit = a_visit(clinic)
    deliver(subscribers.confirm_booking, AppointmentBooked(visit.pk, clinic.patient.pk, 2))
    drain()
    (sent,) = mail.taken
    whole = "".join(str(part.get_content()) for part in sent.iter_parts()) + str(sent["Subject"])
    for secret in ("Burning", visit.visit_type.name, "Canaryson", "Wilhelmina", clinic.patient.mrn):
        assert secret not in whole


@pytest.mark.parametrize(("letter", "fact", "subscriber", "method"), VISIT_FACTS)
def test_a_patient_without_an_account_is_written_to_where_they_said(
    clinic: Clinic, posted: Any, letter: str, fact: Any, subscriber: Any, method: str
) -> None:
    other = PatientFactory(site=clinic.site, email="other@mail.example")
    visit = AppointmentFactory(patient=other, **cancelled(letter))
    deliver(subscriber, fact(visit.pk, other.pk, 0))
    assert [message.address for message in posted()] == ["other@mail.example"]


@pytest.mark.parametrize(("letter", "fact", "subscriber", "method"), VISIT_FACTS)
def test_a_patient_without_any_address_has_a_row_that_says_so_delivered_twice_or_once(
    clinic: Clinic, posted: Any, letter: str, fact: Any, subscriber: Any, method: str
) -> None:
    silent = PatientFactory(site=clinic.site, email="")
    visit = AppointmentFactory(patient=silent, **cancelled(letter))
    deliver_twice(subscriber, fact(visit.pk, silent.pk, 0), notices)
    assert as_worker(notices) == [(letter, "skipped", "no_address", None)]
    assert posted() == []
    audit = as_worker(lambda: AuditEvent.objects.get(action="alerts.tell"))
    assert audit.detail == {"letter": letter, "channel": "email", "state": "no_address"}


def test_an_address_that_no_mail_server_takes_is_noted(clinic: Clinic, posted: Any) -> None:
    odd = PatientFactory(site=clinic.site, email="ö@mail.example")
    visit = AppointmentFactory(patient=odd)
    deliver(subscribers.confirm_booking, AppointmentBooked(visit.pk, odd.pk, 0))
    assert as_worker(notices) == [("appointment_booked", "skipped", "bad_address", None)]


@pytest.mark.parametrize(
    ("letter", "told", "fields", "why"),
    [
        ("appointment_booked", 0, {}, "outdated"),
        ("appointment_moved", 1, {}, "outdated"),
        ("appointment_booked", 2, {"status": "cancelled", "cancelled_at": timezone.now()}, "outdated"),
        ("appointment_cancelled", 2, {}, "outdated"),
        ("appointment_booked", 2, {"start": timezone.now() - timedelta(hours=1)}, "visit_past"),
    ],
)
def test_what_is_not_true_any_more_is_not_told_and_noted(
    clinic: Clinic, posted: Any, letter: str, told: int, fields: dict[str, Any], why: str
) -> None:
    visit = AppointmentFactory(patient=clinic.patient, sequence=2, **fields)
    facts = {row[0]: (row[1], row[2]) for row in VISIT_FACTS}
    fact, subscriber = facts[letter]
    deliver(subscriber, fact(visit.pk, clinic.patient.pk, told))
    assert as_worker(notices) == [(letter, "skipped", why, None)]
    assert posted() == []


def test_an_unknown_visit_is_tolerated(clinic: Clinic) -> None:
    deliver(subscribers.confirm_booking, AppointmentBooked(uuid4(), clinic.patient.pk, 0))
    assert as_worker(notices) == []


def test_a_confirmation_is_not_sent_once_the_visit_has_begun(clinic: Clinic, mail: MailServer) -> None:
    visit = a_visit(clinic, start=timezone.now() + timedelta(hours=2))
    deliver(subscribers.confirm_booking, AppointmentBooked(visit.pk, clinic.patient.pk, 2))
    with time_machine.travel(visit.starts_at + timedelta(seconds=1), tick=False):
        drain()
    assert mail.taken == []


# == Something to read ==
def patient_facts(clinic: Clinic) -> dict[str, tuple[Callable[[Any], None], Any]]:
    message = MessageFactory(
        thread=ThreadFactory(patient=clinic.patient, started_by=clinic.nurse), author_role="nurse", to_patient=True
    )
    entry = EntryFactory(patient=clinic.patient)
    ready = PrescriptionFactory(patient=clinic.patient, prescriber=clinic.provider, status="ready")
    return {
        "new_message": (
            subscribers.tell_of_message,
            MessageSent(message.pk, message.thread_id, clinic.patient.pk, to_patient=True),
        ),
        "result_released": (subscribers.tell_of_result, ResultReleased(entry.pk, clinic.patient.pk)),
        "prescription_ready": (subscribers.tell_of_medicine, PrescriptionReady(ready.pk, clinic.patient.pk)),
        "invoice_issued": (subscribers.tell_of_invoice, InvoiceIssued(uuid4(), clinic.patient.pk)),
    }


@pytest.mark.parametrize("letter", ["new_message", "result_released", "prescription_ready", "invoice_issued"])
def test_the_patient_is_told_once_also_when_delivered_twice(clinic: Clinic, mail: MailServer, letter: str) -> None:
    subscriber, fact = patient_facts(clinic)[letter]
    deliver_twice(subscriber, fact, notices)
    assert as_worker(notices) == [(letter, "queued", "", "wilhelmina@portal.example")]
    drain()
    (sent,) = mail.taken
    whole = f"{sent['Subject']} {sent.get_content()}"
    for secret in ("Canaryson", "Hemoglobin", "7.4", "take it with food", "substance"):
        assert secret not in whole
    assert f"{settings.PUBLIC_URL}/portal/" in whole


@pytest.mark.parametrize("letter", ["new_message", "result_released", "invoice_issued"])
def test_what_has_to_be_read_behind_a_sign_in_needs_an_account(clinic: Clinic, posted: Any, letter: str) -> None:
    clinic.patient = PatientFactory(site=clinic.site, email="no-account@mail.example")
    subscriber, fact = patient_facts(clinic)[letter]
    deliver(subscriber, fact)
    assert as_worker(notices) == [(letter, "skipped", "no_account", None)]
    assert posted() == []


def test_a_medicine_that_is_kept_ready_again_is_told_again(clinic: Clinic) -> None:
    ready = PrescriptionFactory(patient=clinic.patient, prescriber=clinic.provider, status="ready")
    for days in (0, 7):
        with as_the_system():
            ready.collect_by += timedelta(days=days)
            ready.save(update_fields=["collect_by"])
        deliver(subscribers.tell_of_medicine, PrescriptionReady(ready.pk, clinic.patient.pk))
    assert len(as_worker(notices)) == 2


def test_what_is_gone_meanwhile_is_not_told(clinic: Clinic) -> None:
    collected = PrescriptionFactory(patient=clinic.patient, prescriber=clinic.provider, status="picked_up")
    deliver(subscribers.tell_of_medicine, PrescriptionReady(collected.pk, clinic.patient.pk))
    deliver(subscribers.tell_of_message, MessageSent(uuid4(), uuid4(), clinic.patient.pk, to_patient=True))
    deliver(subscribers.tell_of_invoice, InvoiceIssued(uuid4(), uuid4()))
    assert as_worker(notices) == []


# == Something to answer ==
def to_answer(clinic: Clinic, **thread: Any) -> list[str]:
    message = MessageFactory(
        thread=ThreadFactory(patient=clinic.patient, started_by=clinic.account, **thread), to_patient=False
    )
    fact = MessageSent(message.pk, message.thread_id, clinic.patient.pk, to_patient=False)
    deliver_twice(subscribers.tell_of_message, fact, notices)
    return [row[3] for row in as_worker(notices)]


def test_who_took_the_thread_is_told_once_delivered_twice(clinic: Clinic) -> None:
    assert to_answer(clinic, taken_by=clinic.desk, taken_at=timezone.now()) == [clinic.desk.email]


def test_else_the_nurses_of_the_site_twice_or_once(clinic: Clinic) -> None:
    other = staff("nurse", clinic.site)
    assert set(to_answer(clinic)) == {clinic.nurse.email, other.email}


def test_who_took_it_and_left_is_not_asked_twice_or_once(clinic: Clinic) -> None:
    gone = staff("nurse", is_active=False, deactivated_at=timezone.now())
    assert to_answer(clinic, taken_by=gone, taken_at=timezone.now()) == [clinic.nurse.email]


def pool_of(clinic: Clinic, *people: Any) -> Any:
    pool = PoolFactory(site=clinic.site)
    for person in people:
        PoolMemberFactory(pool=pool, user=person)
    return pool


def test_the_people_of_the_pool_and_who_stands_in_for_them_twice_or_once(clinic: Clinic) -> None:
    assert to_answer(clinic, pool=pool_of(clinic, clinic.desk)) == [clinic.desk.email]
    cover = staff("front_desk", clinic.site)
    CoverFactory(absent=clinic.desk, cover=cover, role="front_desk")
    assert to_answer(clinic, pool=pool_of(clinic, clinic.desk))[1:] == [cover.email]


def test_of_a_pool_without_anybody_the_nurses_twice_or_once(clinic: Clinic) -> None:
    assert to_answer(clinic, pool=pool_of(clinic, staff("nurse"))) == [clinic.nurse.email]


def test_whom_the_patient_wrote_to_twice_or_once(clinic: Clinic) -> None:
    assert to_answer(clinic, provider=clinic.provider) == [clinic.provider.user.email]


def test_words_of_an_emergency_go_out_at_once_twice_or_once(clinic: Clinic, posted: Any) -> None:
    assert to_answer(clinic, urgent=True) == [clinic.nurse.email]
    assert [row[0] for row in as_worker(notices)] == ["urgent_message"]


def waiting(clinic: Clinic, **fields: Any) -> Any:
    return ThreadFactory(patient=clinic.patient, started_by=clinic.account, **fields)


def test_who_has_it_now_is_told_that_it_was_handed_on_once_delivered_twice(clinic: Clinic) -> None:
    thread = waiting(clinic, taken_by=clinic.desk, taken_at=timezone.now())
    fact = ThreadHandedOn(uuid4(), thread.pk, clinic.patient.pk)
    deliver_twice(subscribers.threads.tell_of_handing_on, fact, notices)
    assert as_worker(notices) == [("message_to_answer", "queued", "", clinic.desk.email)]
    deliver(subscribers.threads.tell_of_handing_on, ThreadHandedOn(uuid4(), thread.pk, clinic.patient.pk))
    assert len(as_worker(notices)) == 2


def test_who_is_to_answer_is_told_that_the_time_has_passed_once_delivered_twice(
    clinic: Clinic, mail: MailServer
) -> None:
    thread = waiting(clinic, pool=pool_of(clinic, clinic.desk))
    fact = ThreadOverdue(thread.pk, clinic.patient.pk, waiting_since=thread.waiting_since)
    deliver_twice(subscribers.threads.tell_of_overdue, fact, notices)
    assert as_worker(notices) == [("message_overdue", "queued", "", clinic.desk.email)]
    drain()
    (sent,) = mail.taken
    assert "waits too long" in sent["Subject"]
    assert "Canaryson" not in f"{sent['Subject']} {sent.get_content()}"


def test_what_was_answered_meanwhile_or_is_unknown_is_told_to_nobody(clinic: Clinic) -> None:
    for key in (waiting(clinic, waiting_since=None).pk, uuid4()):
        deliver(subscribers.threads.tell_of_handing_on, ThreadHandedOn(uuid4(), key, clinic.patient.pk))
        overdue = ThreadOverdue(key, clinic.patient.pk, waiting_since=timezone.now())
        deliver(subscribers.threads.tell_of_overdue, overdue)
    assert as_worker(notices) == []


# == The table ==
def test_the_table_names_facts_that_exist_and_templates_that_are_there() -> None:
    known = {name_of(subscriber.fact) for subscriber in all_subscribers_of_alerts()} | {
        "alerts.AlertRaised",
        "alerts.AlertEscalated",
    }
    for letter in LETTERS.values():
        assert letter.fact in known
        for way in letter.ways:
            found = Path(settings.BASE_DIR) / f"templates/messaging/{letter.template}.{SUFFIXES[way]}"
            assert found.exists(), found


def all_subscribers_of_alerts() -> list[Any]:
    return [found for found in all_subscribers() if found.name.startswith("alerts.")]
