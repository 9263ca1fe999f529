"""A reminder is made, superseded and withdrawn with its visit, and checked once more when it is due; here of a kind of
visit that patients are reminded of on the day before alone (the others: test_stages.py)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import transaction

from alerts import subscribers, tasks
from alerts.actions import plan_reminders, send_reminder
from alerts.models import Notice, Reminder
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.models import Patient
from scheduling import actions as scheduling
from scheduling.events import AppointmentBooked, AppointmentCancelled, AppointmentMoved
from scheduling.models import Appointment
from tests.alerts.conftest import as_system, reread
from tests.events.draining import as_worker, drain
from tests.factories import AppointmentFactory, PatientFactory, ReminderFactory, ReminderPlanFactory
from tests.messaging.mailserver import MailServer
from tests.roles import as_the_system, taking_role
from tests.scheduling.conftest import NINE, NOW, Clinic, later, make_clinic
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FRIDAY = NINE + 3 * DAY


@pytest.fixture
def world() -> Iterator[Clinic]:
    """Made before the clock is set: the database's own clock says since when a patient is in somebody's care."""
    made = make_clinic()
    ReminderPlanFactory(visit_type=made.visit_type)
    with time_machine.travel(NOW, tick=False):
        yield made


def reminders() -> list[tuple[int, str, str]]:
    """Sequence, state and reason, in their order."""
    rows = as_worker(lambda: list(Reminder.objects.order_by("sequence", "created_at")))
    return [(row.sequence, row.state, row.reason) for row in rows]


def the_reminder(sequence: int = 0) -> Reminder:
    return as_worker(lambda: Reminder.objects.get(sequence=sequence))


def move(world: Clinic, visit: Appointment, start: Any) -> Appointment:
    with acting_as(world.rosa):
        return scheduling.move_appointment(by=world.rosa, appointment=visit, start=start, now=NOW)


def cancel(world: Clinic, visit: Appointment) -> None:
    with acting_as(world.desk):
        scheduling.cancel_appointment(by=world.desk, appointment=visit, reason="Ill", now=NOW)


def send(reminder: Reminder, at: Any) -> Reminder:
    as_system(send_reminder, reminder_id=reminder.pk, now=at)
    return reread(reminder)


# == Within the booking ==
@pytest.mark.parametrize("who", ["rosa", "desk"])
def test_booking_makes_it_in_the_same_transaction_whoever_books(world: Clinic, who: str) -> None:
    visit = world.book(by=getattr(world, who), start=FRIDAY)
    reminder = the_reminder()
    assert (reminder.appointment_id, reminder.patient_id, reminder.stage) == (visit.pk, world.patient.pk, "day_before")
    assert reminder.due_at == reminder.next_at == FRIDAY - DAY
    assert reminders() == [(0, "due", "")]


def test_it_goes_with_a_booking_that_goes_back(world: Clinic) -> None:
    with acting_as(world.rosa), transaction.atomic():
        scheduling.book_appointment(
            by=world.rosa, patient=world.patient, provider=world.provider, site=world.site,
            visit_type=world.visit_type, start=FRIDAY, now=NOW,
        )  # fmt: skip
        transaction.set_rollback(True)
    assert reminders() == []


def test_a_visit_within_a_day_needs_none_and_a_row_says_so(world: Clinic) -> None:
    world.book(start=NOW + timedelta(hours=20))
    assert reminders() == [(0, "skipped", "booked_late")]


def test_moving_supersedes_it_and_makes_the_next(world: Clinic) -> None:
    visit = world.book(start=FRIDAY)
    visit = move(world, visit, FRIDAY + timedelta(hours=2))
    move(world, visit, FRIDAY + DAY)
    assert reminders() == [(0, "superseded", "visit_moved"), (1, "superseded", "visit_moved"), (2, "due", "")]
    assert the_reminder(2).due_at == FRIDAY
    assert [the_reminder(old).next_at for old in (0, 1)] == [None, None]


def test_cancelling_withdraws_it(world: Clinic) -> None:
    visit = world.book(start=FRIDAY)
    cancel(world, visit)
    assert reminders() == [(0, "superseded", "visit_not_open")]
    audit = as_worker(lambda: AuditEvent.objects.get(action="alerts.withdraw_reminders"))
    assert (audit.patient_id, audit.actor_id) == (world.patient.pk, world.desk.pk)


@pytest.mark.parametrize(
    ("subscriber", "fact"),
    [(subscribers.plan_reminders, AppointmentBooked), (subscribers.plan_reminders_again, AppointmentMoved)],
)
def test_planning_twice_is_once(world: Clinic, subscriber: Any, fact: Any) -> None:
    visit = AppointmentFactory(patient=world.patient, visit_type=world.visit_type, start=FRIDAY, sequence=1)
    ReminderFactory(appointment=visit, sequence=0)
    deliver_twice(
        subscriber,
        fact(visit.pk, world.patient.pk, 1),
        lambda: list(Reminder.objects.order_by("sequence").values_list("pk", "sequence", "state")),
    )
    assert reminders() == [(0, "superseded", "visit_moved"), (1, "due", "")]


def test_withdrawing_twice_is_once(world: Clinic) -> None:
    reminder = ReminderFactory(appointment=AppointmentFactory(patient=world.patient))
    fact = AppointmentCancelled(reminder.appointment_id, world.patient.pk, 0)
    deliver_twice(
        subscribers.withdraw_reminders, fact, lambda: list(Reminder.objects.order_by("pk").values_list("pk", "state"))
    )
    assert as_worker(lambda: AuditEvent.objects.filter(action="alerts.withdraw_reminders").count()) == 1


# == When it is due ==
def test_it_is_sent_once_when_due(world: Clinic, mail: MailServer) -> None:
    world.book(start=FRIDAY)
    drain()
    mail.taken.clear()
    with time_machine.travel(FRIDAY - DAY, tick=False):
        drain()
        drain()
        with taking_role("worker"):
            tasks.send_reminder(the_reminder().pk)
    (sent,) = mail.taken
    assert sent["Subject"].startswith("Your visit is soon at")
    assert "Friday, May 10, 2030, 9:00 am EDT" in str(sent.get_content())
    reminder = the_reminder()
    assert (reminder.state, reminder.sent_at, reminder.next_at) == ("sent", FRIDAY - DAY, None)
    notice = as_worker(lambda: Notice.objects.get(letter="reminder"))
    assert (notice.state, notice.recipient_id) == ("queued", world.rosa.pk)


def test_not_before_it_is_due(world: Clinic) -> None:
    world.book(start=FRIDAY)
    assert send(the_reminder(), FRIDAY - DAY - timedelta(seconds=1)).state == "due"


def test_a_late_one_is_still_sent_before_the_visit_and_skipped_after_it_began(world: Clinic) -> None:
    for start in (FRIDAY, later(24 * 60 * 5)):
        AppointmentFactory(patient=world.patient, start=start)
    first, second = [
        ReminderFactory(appointment=visit, due_at=visit.starts_at - DAY)
        for visit in as_worker(lambda: list(Appointment.objects.select_related("patient").order_by("during")))
    ]
    assert send(first, FRIDAY - timedelta(minutes=1)).state == "sent"
    late = send(second, second.appointment.starts_at)
    assert (late.state, late.reason) == ("skipped", "visit_past")


@pytest.mark.bug(19)
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sequence": 1}, "visit_moved"),
        ({"status": "cancelled", "cancelled_at": NOW}, "visit_not_open"),
        ({"status": "no_show", "missed_at": NOW}, "visit_not_open"),
    ],
)
def test_it_is_checked_once_more_before_it_goes(
    world: Clinic, posted: Any, changes: dict[str, Any], reason: str
) -> None:
    """As if the subscribers inside had failed: status and sequence are looked at again."""
    visit = AppointmentFactory(patient=world.patient, start=FRIDAY, **changes)
    reminder = send(ReminderFactory(appointment=visit, sequence=0, due_at=FRIDAY - DAY), FRIDAY - DAY)
    assert (reminder.state, reminder.reason, reminder.next_at) == ("skipped", reason, None)
    assert posted() == []


def test_who_cannot_be_reached_is_noted_and_the_others_are_sent(world: Clinic, mail: MailServer) -> None:
    """One that nobody can be told of stands first in the batch; it holds up none of those behind it."""
    silent, odd, good = (
        PatientFactory(site=world.site, email=email) for email in ("", "ö@mail.example", "good@mail.example")
    )
    for patient in (silent, odd, good):
        ReminderFactory(appointment=AppointmentFactory(patient=patient, start=FRIDAY), due_at=FRIDAY - DAY)
    with time_machine.travel(FRIDAY - DAY, tick=False):
        drain()
    assert mail.recipients == ["good@mail.example"]
    found = {
        row.patient_id: (row.state, row.reason) for row in as_worker(lambda: list(Reminder.objects.order_by("pk")))
    }
    assert found[silent.pk] == ("skipped", "no_address")
    assert found[odd.pk] == ("skipped", "bad_address")
    assert found[good.pk] == ("sent", "")


def test_an_unknown_or_answered_one_is_tolerated(world: Clinic) -> None:
    as_system(send_reminder, reminder_id=uuid4(), now=FRIDAY)
    done = ReminderFactory(
        appointment=AppointmentFactory(patient=world.patient), state="skipped", reason="visit_past", next_at=None
    )
    assert send(done, FRIDAY).state == "skipped"


def test_many_dispatchers_send_one(world: Clinic, posted: Any) -> None:
    visit = AppointmentFactory(patient=world.patient, start=FRIDAY)
    reminder = ReminderFactory(appointment=visit, due_at=FRIDAY - DAY)
    for _ in range(50):
        send(reminder, FRIDAY - DAY)
    assert len(posted()) == 1


# == The walls ==
def test_a_reminder_is_seen_with_the_schedule_of_the_patient(world: Clinic) -> None:
    visit = world.book(start=FRIDAY)
    stranger = PatientFactory()
    for user, seen in ((world.rosa, 1), (world.desk, 1)):
        with acting_as(user):
            assert Reminder.objects.count() == seen
        with as_the_system():
            assert Reminder.objects.visible_to(user).count() == seen
    assert as_worker(lambda: Patient.objects.filter(pk=stranger.pk).exists())
    with acting_as(world.desk):
        plan_reminders(by=world.desk, appointment_id=visit.pk, sequence=0, now=NOW)
    assert reminders() == [(0, "due", "")]
