"""Of visits that were booked, moved or called off together the patient is told once, with all their times."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.utils import timezone
from icalendar import Calendar

from alerts import subscribers
from alerts.models import Notice
from healthcare.ui.dates import moment_text
from scheduling.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    SeriesBooked,
    SeriesCancelled,
    SeriesMoved,
)
from tests.alerts.conftest import Clinic
from tests.events.draining import as_worker, drain
from tests.factories import AppointmentFactory
from tests.messaging.mailserver import MailServer
from tests.roles import as_the_system
from tests.twice import deliver_twice

pytestmark = pytest.mark.django_db
FACTS = [
    ("series_booked", SeriesBooked, subscribers.confirm_series, {}),
    ("series_moved", SeriesMoved, subscribers.confirm_series_move, {"change_id": uuid4()}),
    ("series_cancelled", SeriesCancelled, subscribers.confirm_series_cancellation, {"change_id": uuid4()}),
]
ONE_BY_ONE = [
    (AppointmentBooked, subscribers.confirm_booking),
    (AppointmentMoved, subscribers.confirm_move),
    (AppointmentCancelled, subscribers.confirm_cancellation),
]


def cancelled(letter: str) -> dict[str, Any]:
    done = {"status": "cancelled", "cancelled_at": timezone.now(), "cancel_reason": "The course is over"}
    return done if letter == "series_cancelled" else {}


def visits_of(clinic: Clinic, letter: str) -> list[Any]:
    series_id, start = uuid4(), timezone.now().replace(microsecond=0) + timedelta(days=3)
    given = {"patient": clinic.patient, "provider": clinic.provider, "series_id": series_id, "reason": "A rash"}
    return [AppointmentFactory(start=start + timedelta(weeks=n), **given, **cancelled(letter)) for n in range(3)]


def notices() -> list[Any]:
    return list(Notice.objects.values_list("letter", "state"))


@pytest.mark.parametrize(("letter", "fact", "subscriber", "more"), FACTS)
def test_one_letter_with_all_times_and_one_calendar_also_when_delivered_twice(
    clinic: Clinic, mail: MailServer, letter: str, fact: Any, subscriber: Any, more: dict[str, Any]
) -> None:
    visits = visits_of(clinic, letter)
    told = fact(visits[0].series_id, clinic.patient.pk, tuple(visit.pk for visit in visits), **more)
    deliver_twice(subscriber, told, notices)
    assert as_worker(notices) == [(letter, "queued")]
    drain()
    (sent,) = mail.taken
    text, calendar = sent.iter_parts()
    words = str(text.get_content())
    for visit in visits:
        with timezone.override(visit.time_zone):
            assert moment_text(visit.starts_at) in words
    assert f"{settings.PUBLIC_URL}/portal/" in words
    assert "rash" not in words + str(calendar.get_content())
    assert calendar["Content-Type"].params["method"] == "PUBLISH"
    events = Calendar.from_ical(str(calendar.get_content())).walk("VEVENT")
    assert [event["DTSTART"].dt for event in events] == [visit.starts_at for visit in visits]
    assert len({event["UID"] for event in events}) == 3
    status = "CANCELLED" if letter == "series_cancelled" else "CONFIRMED"
    assert {str(event["STATUS"]) for event in events} == {status}


def test_what_was_called_off_meanwhile_is_not_in_it_and_of_nothing_there_is_no_letter(
    clinic: Clinic, mail: MailServer
) -> None:
    gone, *_others = visits_of(clinic, "series_cancelled")
    stands, *_others = visits_of(clinic, "series_booked")
    told = (gone.pk, stands.pk)
    with as_the_system():
        subscribers.confirm_series(SeriesBooked(uuid4(), clinic.patient.pk, told))
        subscribers.confirm_series(SeriesBooked(uuid4(), clinic.patient.pk, told[:1]))
    drain()
    (sent,) = mail.taken
    _text, calendar = sent.iter_parts()
    (event,) = Calendar.from_ical(str(calendar.get_content())).walk("VEVENT")
    assert event["DTSTART"].dt == stands.starts_at
    assert len(as_worker(notices)) == 1


@pytest.mark.parametrize(("fact", "subscriber"), ONE_BY_ONE)
def test_the_visits_of_a_series_have_no_letters_of_their_own(clinic: Clinic, fact: Any, subscriber: Any) -> None:
    (visit, *_others) = visits_of(clinic, "series_cancelled" if fact is AppointmentCancelled else "")
    with as_the_system():
        subscriber(fact(visit.pk, clinic.patient.pk, 0, in_series=True))
    assert as_worker(notices) == []
