"""Section 3, row 24: whoever opens every link of every mail twice, as mail scanners do, changes nothing by it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from alerts import actions, subscribers
from alerts.models import Reminder
from scheduling.events import AppointmentBooked, AppointmentMoved, CancelAsked, WaitOffered
from scheduling.links import visit_token
from scheduling.models import Appointment, WaitOffer
from tests.alerts.conftest import Clinic
from tests.events.draining import as_worker, drain
from tests.factories import (
    AppointmentFactory,
    ReminderFactory,
    ResourceFactory,
    WaitFactory,
    WaitOfferFactory,
)
from tests.messaging.mailserver import MailServer

pytestmark = pytest.mark.django_db
LINK = re.compile(rf"{re.escape(settings.PUBLIC_URL)}(\S+)")


def a_visit(clinic: Clinic) -> Appointment:
    return AppointmentFactory(patient=clinic.patient, provider=clinic.provider, sequence=1)


def remind(clinic: Clinic, visit: Appointment) -> None:
    reminder = ReminderFactory(appointment=visit, sequence=1, due_at=timezone.now(), next_at=timezone.now())
    as_worker(lambda: actions.send_reminder(by=None, reminder_id=reminder.pk, now=timezone.now()))
    assert as_worker(lambda: Reminder.objects.get(pk=reminder.pk).state) == "sent"


TOLD: dict[str, Callable[[Clinic, Appointment], None]] = {
    "booked": lambda clinic, visit: as_worker(
        lambda: subscribers.confirm_booking(AppointmentBooked(visit.pk, clinic.patient.pk, 1))
    ),
    "moved": lambda clinic, visit: as_worker(
        lambda: subscribers.confirm_move(AppointmentMoved(visit.pk, clinic.patient.pk, 1))
    ),
    "reminder": remind,
}


def links_of(mail: MailServer) -> list[str]:
    (sent,) = mail.taken
    words = sent.get_body(("plain",)).get_content()
    return LINK.findall(words)


def open_twice(links: list[str]) -> None:
    assert links
    for address in links:
        for method in ("get", "head", "get", "head"):
            assert getattr(Client(), method)(address).status_code in (200, 302), address


@pytest.mark.bug(24)
@pytest.mark.parametrize("letter", TOLD)
def test_letters_about_visits_are_opened_by_anything_and_cancel_nothing(
    clinic: Clinic, mail: MailServer, letter: str, announced: Any
) -> None:
    visit = a_visit(clinic)
    TOLD[letter](clinic, visit)
    drain()
    links = links_of(mail)
    own = f"/scheduling/visits/{visit_token(visit.pk, 1)}/cancel"
    assert own in links
    open_twice(links)
    assert announced(CancelAsked) == []
    assert as_worker(lambda: Appointment.objects.get(pk=visit.pk).status) == "booked"
    assert Client().post(own).status_code == 302, "the link survives"
    drain()
    assert as_worker(lambda: Appointment.objects.get(pk=visit.pk).status) == "cancelled"


@pytest.mark.bug(24)
def test_the_letter_of_an_offer_is_opened_by_anything_and_answers_nothing(clinic: Clinic, mail: MailServer) -> None:
    ResourceFactory(provider=clinic.provider)
    offer = WaitOfferFactory(wait=WaitFactory(patient=clinic.patient), provider=clinic.provider)
    as_worker(lambda: subscribers.tell_of_offer(WaitOffered(offer.pk, clinic.patient.pk)))
    drain()
    open_twice(links_of(mail))
    assert as_worker(lambda: WaitOffer.objects.get(pk=offer.pk).state) == "offered"


def test_the_post_holds_no_link_before_it_leaves(clinic: Clinic) -> None:
    from healthcare.messaging.models import Message

    visit = a_visit(clinic)
    TOLD["booked"](clinic, visit)
    kept = as_worker(lambda: Message.objects.get().parameters)
    assert visit_token(visit.pk, 1).split(".")[1] not in kept
