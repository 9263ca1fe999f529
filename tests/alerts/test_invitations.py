"""One visit from its booking to its end, as the patient's calendar hears of it (RFC 5545, 5546 and 6047)."""

from datetime import UTC, datetime, timedelta
from email.utils import parseaddr

import pytest
from django.conf import settings
from django.utils import timezone
from icalendar import Calendar

from scheduling import actions
from scheduling.models import Appointment
from tests.alerts.conftest import Clinic
from tests.events.draining import drain
from tests.factories import VisitTypeFactory, bookable_provider
from tests.messaging.mailserver import MailServer
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


START = datetime(2031, 1, 14, 14, 40, tzinfo=UTC)


def booked(clinic: Clinic) -> Appointment:
    with as_the_system():
        doctor = bookable_provider(clinic.site)
        given = {"provider": doctor, "site": clinic.site, "visit_type": VisitTypeFactory(horizon_days=3650)}
        return actions.book_appointment(by=None, patient=clinic.patient, start=START, now=timezone.now(), **given)


def test_one_entry_for_life_asked_moved_and_taken_out_each_once(clinic: Clinic, mail: MailServer) -> None:
    visit, later = booked(clinic), START + timedelta(days=1)
    drain()
    with as_the_system():
        actions.move_appointment(by=None, appointment=visit, start=later, now=timezone.now())
    drain()
    for _twice in range(2):
        with as_the_system():
            actions.cancel_appointment(by=None, appointment=visit, reason="", now=timezone.now())
        drain()
    parts = [list(sent.iter_parts())[1] for sent in mail.taken]
    assert [part["Content-Type"].params["method"] for part in parts] == ["REQUEST", "REQUEST", "CANCEL"]
    assert {part["Content-Type"].params["charset"] for part in parts} == {"utf-8"}
    calendars = [Calendar.from_ical(str(part.get_content())) for part in parts]
    events = [calendar.walk("VEVENT")[0] for calendar in calendars]
    assert [calendar["METHOD"] for calendar in calendars] == ["REQUEST", "REQUEST", "CANCEL"], "as the mail says"
    assert len({event["UID"] for event in events}) == 1
    assert [event["SEQUENCE"] for event in events] == [0, 1, 2]
    assert [event["DTSTART"].dt for event in events] == [START, later, later]
    assert [event["STATUS"] for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]


def test_who_asks_and_who_comes_and_that_no_answer_is_wanted(clinic: Clinic, mail: MailServer) -> None:
    """RFC 5546, 3.2.2: a REQUEST has an organizer and attendees. Nobody reads replies, so none is asked for."""
    booked(clinic)
    drain()
    (sent,) = mail.taken
    event = Calendar.from_ical(str(list(sent.iter_parts())[1].get_content())).walk("VEVENT")[0]
    assert event["ORGANIZER"] == f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"
    assert event["ORGANIZER"].params["CN"] == settings.CLINIC_NAME
    assert event["ATTENDEE"] == "mailto:wilhelmina@portal.example"
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert event["ATTENDEE"].params["RSVP"] == "FALSE"
    assert "CN" not in event["ATTENDEE"].params, "calendars are shared: the patient's name stays out"
