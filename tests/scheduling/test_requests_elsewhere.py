"""A time that was only asked for: in no calendar before the clinic agrees, and in /v1 nobody's twice."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.models import Appointment, TimeClaim
from tests.bearer import Program, token_for
from tests.factories import PatientFactory, VisitTypeFactory, portal_user
from tests.roles import as_the_system
from tests.scheduling.at_once import rounds
from tests.scheduling.conftest import Clinic, make_clinic
from tests.scheduling.pages import at
from tests.scheduling.test_api_book import asked as body_of
from tests.scheduling.test_feeds import of_patient, of_provider

WINDOWS = 8


def told(address: str) -> list[str]:
    answer = Client().get(address)
    assert answer.status_code == 200
    return [event["UID"].split("@")[0] for event in Calendar.from_ical(answer.content).walk("VEVENT")]


# == Calendars ==
@pytest.mark.django_db
def test_what_was_only_asked_for_is_in_no_calendar_until_it_is_agreed_to(clinic: Clinic) -> None:
    clinic.visit_type = VisitTypeFactory(portal_mode="request")
    visit = clinic.book(start=at(10), now=timezone.now())
    feeds = [of_patient(clinic), of_provider(clinic)]
    assert [told(feed) for feed in feeds] == [[], []]
    with acting_as(clinic.desk):
        actions.accept_request(by=clinic.desk, appointment=visit, now=timezone.now())
    assert [told(feed) for feed in feeds] == [[str(visit.pk)], [str(visit.pk)]]


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["declined", "withdrawn", "expired"])
def test_what_was_never_agreed_to_does_not_come_as_cancelled_either(clinic: Clinic, end: str) -> None:
    clinic.visit_type = VisitTypeFactory(portal_mode="request")
    visit = clinic.book(start=at(10), now=timezone.now())
    with as_the_system():
        now = timezone.now()
        if end == "expired":
            actions.expire_requests(by=None, now=visit.answer_by)
        elif end == "withdrawn":
            actions.cancel_appointment(by=None, appointment=visit, reason="", now=now)
    if end == "declined":
        with acting_as(clinic.desk):
            actions.decline_request(by=clinic.desk, appointment=visit, reason="No", now=timezone.now())
    with as_the_system():
        assert Appointment.objects.get(pk=visit.pk).request_end == end
    assert [told(feed) for feed in (of_patient(clinic), of_provider(clinic))] == [[], []]


# == /v1 ==
def keys() -> list[Any]:
    with as_the_system():
        return list(TimeClaim.objects.values_list("appointment_id", flat=True))


@pytest.mark.django_db
def test_a_program_that_asks_twice_with_one_key_holds_one_time(api: Callable[..., Program], clinic: Clinic) -> None:
    clinic.visit_type = VisitTypeFactory(portal_mode="request")
    program = api(clinic.rosa)
    body = body_of(clinic, start=at(10).isoformat())
    first, again = (program.write("/appointments", body, Idempotency_Key="once") for _each in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    assert [str(key) for key in keys()] == [first.json()["id"]]


@pytest.mark.django_db
def test_a_program_that_asks_twice_without_a_key_is_told_that_the_time_is_taken(
    api: Callable[..., Program], clinic: Clinic
) -> None:
    clinic.visit_type = VisitTypeFactory(portal_mode="request")
    program = api(clinic.rosa)
    body = body_of(clinic, start=at(10).isoformat())
    assert program.write("/appointments", body).json()["status"] == "requested"
    second = program.write("/appointments", body)
    assert second.status_code == 409
    assert second.json()["alternatives"]
    assert len(keys()) == 1


@pytest.mark.django_db(transaction=True)
def test_of_programs_that_ask_for_one_time_at_once_one_holds_it() -> None:
    clinic = make_clinic()
    clinic.visit_type = VisitTypeFactory(portal_mode="request")
    patients = [[PatientFactory(site=clinic.site) for _each in range(WINDOWS)] for _place in range(3)]
    programs = [[Program(token_for(portal_user(patient))) for patient in mine] for mine in patients]

    def client(place: int) -> Callable[[int], str]:
        def ask(number: int) -> str:
            start = at(9 + number, 5 * place, days=3).isoformat()
            answer = programs[place][number].write("/appointments", body_of(clinic, start=start))
            return f"{answer.status_code} {answer.json().get('status')}"

        return ask

    outcomes = rounds(WINDOWS, [client(place) for place in range(3)])
    assert outcomes == {"201 requested": WINDOWS, "409 409": 2 * WINDOWS}
    assert len(keys()) == WINDOWS
