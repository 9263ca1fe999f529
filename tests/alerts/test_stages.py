"""Three days, a day and two hours before, by kind of visit; by SMS to whom said yes; never at night, never in a heap.
Section 3, rows 17 and 18."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from alerts.actions import plan_kind
from alerts.models import Notice, Reminder, ReminderPlan
from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from healthcare.devservices.carriers import Carriers
from healthcare.messaging.models import Message
from patients.models import Patient
from scheduling import actions as scheduling
from tests.alerts.conftest import as_system
from tests.events.draining import as_worker, drain
from tests.factories import (
    AppointmentFactory,
    ContactPreferenceFactory,
    PatientFactory,
    ReminderFactory,
    ReminderPlanFactory,
    VisitTypeFactory,
    staff,
)
from tests.messaging.mailserver import MailServer
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, NOW, Clinic, make_clinic
from tests.scheduling.test_admin import previewed_then_saved

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOON = NINE + 4 * DAY + 3 * HOUR
NUMBER = "+15085550123"


@pytest.fixture
def world() -> Iterator[Clinic]:
    made = make_clinic()
    with time_machine.travel(NOW, tick=False):
        yield made


def lines() -> list[tuple[str, str, str]]:
    rows = as_worker(lambda: list(Reminder.objects.order_by("sequence", "due_at")))
    return [(row.stage, row.state, row.reason) for row in rows]


def dues() -> list[datetime]:
    return as_worker(lambda: list(Reminder.objects.order_by("due_at").values_list("due_at", flat=True)))


def set_on(patient: Patient, **values: Any) -> None:
    with as_the_system():
        row = Patient.objects.get(pk=patient.pk)
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=list(values))


def says_yes(patient: Patient, **more: Any) -> None:
    """To text messages about visits, at this number."""
    set_on(patient, phone=NUMBER, **more)
    ContactPreferenceFactory(patient=patient, channel="sms", purpose="visits", allowed=True)


def at(moment: datetime) -> None:
    """What is due by then is done."""
    with time_machine.travel(moment, tick=False):
        drain()


# == By kind of visit ==
def test_usually_three_times(world: Clinic) -> None:
    world.book(start=NOON)
    assert dues() == [NOON - 3 * DAY, NOON - DAY, NOON - 2 * HOUR]
    assert lines() == [(stage, "due", "") for stage in ("three_days", "day_before", "two_hours")]


@pytest.mark.parametrize("stages", [[], ["day_before"], ["two_hours", "three_days"]])
def test_otherwise_as_was_said_of_the_kind(world: Clinic, stages: list[str]) -> None:
    ReminderPlanFactory(visit_type=world.visit_type, stages=stages)
    world.book(start=NOON)
    assert {stage for stage, _state, _reason in lines()} == set(stages)


def test_booked_within_a_day_the_last_is_left(world: Clinic) -> None:
    world.book(start=NOW + 7 * HOUR)
    assert lines() == [
        ("three_days", "skipped", "booked_late"),
        ("day_before", "skipped", "booked_late"),
        ("two_hours", "due", ""),
    ]


def test_each_time_of_a_visit_has_its_own(world: Clinic, mail: MailServer) -> None:
    visit = world.book(start=NOON)
    with acting_as(world.rosa):
        scheduling.move_appointment(by=world.rosa, appointment=visit, start=NOON + DAY, now=NOW)
    assert [state for _stage, state, _reason in lines()] == ["superseded"] * 3 + ["due"] * 3
    drain()
    mail.taken.clear()
    for moment in dues():
        at(moment)
    assert len(mail.taken) == 3


def test_an_administrator_says_it_on_a_page_that_shows_it_first(world: Clinic, browser: Any) -> None:
    boss = browser(staff("administrator", world.site))
    add = reverse("admin:alerts_reminderplan_add")
    said = previewed_then_saved(boss, add, {"visit_type": world.visit_type.pk, "stages": ["two_hours"]})
    assert "Two hours before" in said
    assert "until they are moved" in said
    plan = ReminderPlan.objects.get()
    change = reverse("admin:alerts_reminderplan_change", args=[plan.pk])
    assert "Three days before" in previewed_then_saved(boss, change, {"stages": ["two_hours", "three_days"]})
    plan.refresh_from_db()
    assert (plan.visit_type, plan.stages) == (world.visit_type, ["three_days", "two_hours"])
    assert world.visit_type.name in boss.get(reverse("admin:alerts_reminderplan_changelist")).content.decode()


def test_nobody_else_says_it(world: Clinic) -> None:
    with acting_as(world.desk), pytest.raises(NotAllowed):
        plan_kind(by=world.desk, visit_type=world.visit_type, stages=[])


def test_saying_the_same_again_changes_nothing(world: Clinic) -> None:
    boss = staff("administrator", world.site)
    with acting_as(boss):
        first, second = (plan_kind(by=boss, visit_type=world.visit_type, stages=["day_before"]) for _each in "12")
    assert (first.pk, first.updated_at) == (second.pk, second.updated_at)


# == By SMS ==
def test_who_said_yes_is_reminded_by_sms_and_reads_no_name_in_it(
    world: Clinic, mail: MailServer, carriers: Carriers, settings: Any
) -> None:
    says_yes(world.patient)
    world.book(start=NOON)
    drain()
    mail.taken.clear()
    at(NOON - DAY)
    (sms,) = carriers.taken
    assert (sms["to"], mail.taken) == (NUMBER, [])
    assert sms["body"].startswith(f"{settings.CLINIC_NAME}: your visit is on Saturday, May 11, 2030, 12:00 pm EDT.")
    for secret in (world.patient.given_name, world.patient.family_name, world.provider.name, world.visit_type.name):
        assert secret not in sms["body"]
    notice = as_worker(lambda: Notice.objects.get(letter="reminder"))
    assert (notice.channel, notice.state) == ("sms", "queued")


def test_in_their_language(world: Clinic, carriers: Carriers) -> None:
    says_yes(world.patient, language="es")
    world.book(start=NOON)
    at(NOON - DAY)
    assert "su cita es el sábado" in carriers.taken[0]["body"]


def test_who_never_said_yes_is_reminded_by_mail(world: Clinic, mail: MailServer, carriers: Carriers) -> None:
    set_on(world.patient, phone=NUMBER)
    world.book(start=NOON)
    at(NOON - DAY)
    assert (len(mail.taken), len(carriers.taken)) == (2, 0), "the confirmation, and the reminder"


def test_who_objects_to_both_is_not_reminded_and_a_row_says_why(
    world: Clinic, mail: MailServer, carriers: Carriers
) -> None:
    for channel in ("sms", "email"):
        ContactPreferenceFactory(patient=world.patient, channel=channel, purpose="visits", allowed=False)
    world.book(start=NOON)
    at(NOON - DAY)
    assert (list(mail.taken), list(carriers.taken)) == ([], [])
    assert ("day_before", "skipped", "refused") in lines()


def test_the_dead_are_not_reminded(world: Clinic, mail: MailServer, carriers: Carriers) -> None:
    says_yes(world.patient)
    world.book(start=NOON)
    drain()
    mail.taken.clear()
    set_on(world.patient, deceased=True)
    at(NOON - DAY)
    assert (list(mail.taken), list(carriers.taken)) == ([], [])
    assert ("day_before", "skipped", "patient_died") in lines()


# == Not at night ==
def test_in_their_own_quiet_hours_it_waits_and_is_looked_at_again(world: Clinic, mail: MailServer) -> None:
    set_on(world.patient, quiet_from=time(11), quiet_until=time(13))
    visit = world.book(start=NOON)
    drain()
    mail.taken.clear()
    at(NOON - DAY)
    assert mail.taken == []
    assert [state for stage, state, _reason in lines() if stage == "day_before"] == ["due"]
    with time_machine.travel(NOON - DAY + HOUR / 2, tick=False), acting_as(world.desk):
        scheduling.cancel_appointment(by=world.desk, appointment=visit, reason="Ill", now=NOON - DAY + HOUR / 2)
    at(NOON - DAY + HOUR)
    assert [letter["Subject"] for letter in mail.taken if "soon" in letter["Subject"]] == []


def test_what_would_then_come_too_late_is_not_sent(world: Clinic, mail: MailServer) -> None:
    set_on(world.patient, quiet_from=time(9), quiet_until=time(11, 30))
    ReminderPlanFactory(visit_type=world.visit_type, stages=["two_hours"])
    world.book(start=NOON)
    at(NOON - 2 * HOUR)
    assert lines() == [("two_hours", "skipped", "quiet_hours")]


# == Row 17: as often as it is run, and after an outage ==
@pytest.mark.bug(17)
def test_a_dispatcher_that_runs_fifty_times_reminds_once_a_stage(world: Clinic, mail: MailServer) -> None:
    ReminderPlanFactory(visit_type=world.visit_type, stages=["day_before"])
    kind = {"visit_type": world.visit_type, "patient": world.patient}
    for week in range(5):  # a series
        visit = AppointmentFactory(**kind, start=NOON + 7 * week * DAY)
        ReminderFactory(appointment=visit, due_at=visit.starts_at - DAY)
    for week in range(5):
        for _run in range(10):
            at(NOON + (7 * week - 1) * DAY)
    assert len(mail.taken) == 5
    assert len({letter["Message-ID"] for letter in mail.taken}) == 5
    told = as_worker(lambda: list(Notice.objects.values_list("occasion", flat=True)))
    assert len(told) == len(set(told)) == 5


@pytest.mark.bug(17)
def test_after_an_outage_of_half_a_day_one_reminder_goes_and_not_a_heap(world: Clinic, mail: MailServer) -> None:
    world.book(start=NOON)
    drain()
    mail.taken.clear()
    at(NOON - DAY + 12 * HOUR)  # three days and one day before are both overdue
    assert lines()[0] == ("three_days", "skipped", "later_one_due")
    assert len(mail.taken) == 1
    at(NOON - HOUR)
    assert len(mail.taken) == 2
    assert [state for _stage, state, _reason in lines()] == ["skipped", "sent", "sent"]


@pytest.mark.bug(17)
def test_many_at_once_to_one_number_are_spread_over_hours(world: Clinic, carriers: Carriers) -> None:
    says_yes(world.patient)
    kind = VisitTypeFactory()
    for number in range(9):
        visit = AppointmentFactory(patient=world.patient, visit_type=kind, start=NOON + number * HOUR)
        ReminderFactory(appointment=visit, due_at=NOON - DAY)
    at(NOON - DAY)
    assert len(carriers.taken) == 6
    at(NOON - DAY + 2 * HOUR)
    assert len(carriers.taken) == 9


# == Row 18: one that cannot be sent holds up nobody; late or run twice, none is lost or doubled ==
@pytest.mark.bug(18)
def test_whoever_cannot_be_reached_stands_first_and_holds_up_nobody(
    world: Clinic, carriers: Carriers, mail: MailServer
) -> None:
    def reminded(**values: Any) -> Patient:
        patient = PatientFactory(site=world.site, **values)
        ReminderFactory(appointment=AppointmentFactory(patient=patient, start=NOON), due_at=NOON - DAY)
        return patient

    missing, invalid = reminded(email=""), reminded(email="ö@mail.example")
    opted_out, raising = reminded(email="", phone="+15085550199"), reminded(email="", phone="508-5")
    good = reminded(email="", phone=NUMBER)
    for patient in (opted_out, raising, good):
        ContactPreferenceFactory(patient=patient, channel="sms", purpose="visits", allowed=True)
    from healthcare.messaging import opting
    from healthcare.messaging.addresses import address_key

    as_system(lambda by: opting.stop("sms", address_key("sms", "+15085550199"), "reply"))
    at(NOON - DAY + 90 * HOUR / 60)  # the scheduler came an hour and a half late
    at(NOON - DAY + 95 * HOUR / 60)  # and twice in that hour
    assert [sms["to"] for sms in carriers.taken] == [NUMBER]
    rows = as_worker(lambda: list(Reminder.objects.order_by("pk")))
    assert {row.patient_id: row.reason for row in rows} == {
        missing.pk: "no_address",
        invalid.pk: "bad_address",
        raising.pk: "bad_address",
        opted_out.pk: "",  # it was in the post, and failed there:
        good.pk: "",
    }
    failed = as_worker(lambda: Message.objects.exclude(status="sent").get())
    assert (failed.status, failed.error) == ("failed", "opted-out")


@pytest.mark.bug(19)
@pytest.mark.parametrize("when", ["moved", "cancelled"])
def test_what_waits_in_the_post_when_the_visit_changes_is_taken_back(
    world: Clinic, carriers: Carriers, mail: MailServer, when: str, settings: Any
) -> None:
    """The carrier is away when the reminder is due; when it is back, the reminder is true no longer."""
    says_yes(world.patient)
    visit = world.book(start=NOON)
    there, settings.TWILIO_BASE_URL = settings.TWILIO_BASE_URL, "http://127.0.0.1:9"
    at(NOON - DAY)
    with time_machine.travel(NOON - DAY + HOUR, tick=False):
        if when == "moved":
            with acting_as(world.rosa):
                now = NOON - DAY + HOUR
                scheduling.move_appointment(by=world.rosa, appointment=visit, start=NOON + 2 * DAY, now=now)
        else:
            with acting_as(world.desk):
                scheduling.cancel_appointment(by=world.desk, appointment=visit, reason="Ill", now=NOON - DAY + HOUR)
    settings.TWILIO_BASE_URL = there
    at(NOON - DAY + HOUR)
    at(NOON - DAY + 3 * HOUR)
    assert list(carriers.taken) == []
    (reminder,) = as_worker(lambda: list(Message.objects.filter(channel="sms").values_list("status", "error")))
    assert reminder == ("failed", "withdrawn")


def test_the_walls_of_the_plans(world: Clinic) -> None:
    plan = ReminderPlanFactory(visit_type=world.visit_type)
    assert str(plan).startswith("reminders of a kind of visit")
    with acting_as(world.rosa):
        assert ReminderPlan.objects.count() == 1
