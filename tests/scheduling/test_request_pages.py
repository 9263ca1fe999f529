"""A time that is asked for, on the pages of the patient and of the desk, and in /v1."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.models import Appointment
from tests.factories import VisitTypeFactory
from tests.roles import as_the_system
from tests.scheduling.pages import at, text

pytestmark = pytest.mark.django_db
LIST = "/scheduling/requests"


@pytest.fixture
def asked(clinic) -> Any:
    clinic.visit_type = VisitTypeFactory(portal_mode="request", name="Skin check")
    return clinic.book(start=at(10), now=timezone.now(), reason="A mole")


def page(visit: Any, name: str) -> str:
    return reverse(f"scheduling:{name}", args=[visit.patient_id, visit.pk])


def now_of(visit: Any) -> Appointment:
    with as_the_system():
        return Appointment.objects.get(pk=visit.pk)


# == The patient ==
def test_the_patient_asks_reads_that_it_waits_and_takes_it_back(browser, clinic) -> None:
    clinic.visit_type = VisitTypeFactory(portal_mode="request")
    portal = browser(clinic.rosa)
    address = reverse("scheduling_portal:book", args=[clinic.provider.pk])
    typed = {"site": str(clinic.site.pk), "visit_type": clinic.visit_type.slug, "start": at(10).isoformat()}
    shown = portal.get(address, typed)
    assert "The clinic agrees to visits of this kind first" in text(shown)
    assert "Ask for this time" in text(shown)
    key = shown.context["form"]["key"].value()
    answer = portal.post(address, typed | {"key": str(key), "reason": "A mole"}, follow=True)
    assert "You asked for this time. We send you a message" in text(answer)
    assert "please do not come before it has agreed" in text(answer)
    for absent in ("Change the time", "I will come", "Add to my calendar"):
        assert absent not in text(answer)
    with as_the_system():
        visit = Appointment.objects.get()
    back = reverse("scheduling_portal:cancel", args=[visit.pk])
    assert "Take your request back?" in text(portal.get(back))
    assert "Change the time instead" not in text(portal.get(back))
    assert "You have taken your request back" in text(portal.post(back, {"reason": ""}, follow=True))
    assert "You took it back" in text(portal.get(reverse("scheduling_portal:visit", args=[visit.pk])))


def test_a_refusal_keeps_what_was_typed(browser, clinic, asked) -> None:
    for hour in (12, 14):
        clinic.book(start=at(hour), now=timezone.now())
    address = reverse("scheduling_portal:book", args=[clinic.provider.pk])
    typed = {"site": str(clinic.site.pk), "visit_type": clinic.visit_type.slug, "start": at(16).isoformat()}
    typed |= {"key": "01937a5e-8c00-7000-8000-0000000000d1", "reason": "My other mole"}
    answer = browser(clinic.rosa).post(address, typed)
    assert "You have asked for several times already" in text(answer, 422)
    assert "My other mole" in text(answer, 422)


# == The desk ==
def test_the_desk_agrees_from_the_list(browser, clinic, asked) -> None:
    desk = browser(clinic.desk)
    assert clinic.patient.family_name in text(desk.get(LIST))
    assert "Times that patients asked for" in text(desk.get("/"))
    answer = desk.post(page(asked, "accept"), {"next": LIST}, follow=True)
    assert "Agreed. The visit is booked" in text(answer)
    assert "Nobody waits for an answer" in text(answer)
    assert now_of(asked).status == "booked"
    assert "Times that patients asked for" not in text(desk.get("/"))
    assert "Agreed to" in text(desk.get(page(asked, "visit")))


def test_the_visit_offers_an_answer_and_nothing_else(browser, clinic, asked) -> None:
    shown = text(browser(clinic.desk).get(page(asked, "visit")))
    for present in ("Agree to this time", "Decline…", "Answer by", "Asked for"):
        assert present in shown
    for absent in ("Cancel the visit…", ">Check in<", ">Move<", "Did not come"):
        assert absent not in shown


def test_the_desk_declines_and_the_patient_reads_why(browser, clinic, asked) -> None:
    desk = browser(clinic.desk)
    assert "Decline this request" in text(desk.get(page(asked, "decline")))
    assert "Enter" in text(desk.post(page(asked, "decline"), {"reason": ""}), 422)
    answer = desk.post(page(asked, "decline"), {"reason": "See your own doctor first"}, follow=True)
    assert "Declined. The patient gets a message" in text(answer)
    portal = text(browser(clinic.rosa).get(reverse("scheduling_portal:visit", args=[asked.pk])))
    assert "The clinic could not agree to it" in portal
    assert "See your own doctor first" in portal
    assert "The clinic said no" in text(desk.get(page(asked, "visit")))


def test_of_two_desks_the_second_reads_what_happened(browser, clinic, asked) -> None:
    desk = browser(clinic.desk)
    with acting_as(clinic.desk):
        actions.accept_request(by=clinic.desk, appointment=asked, now=timezone.now())
    late = desk.post(page(asked, "decline"), {"reason": "No"})
    assert "This request is “Booked” already" in text(late, 422)
    assert now_of(asked).status == "booked"


def test_ten_cost_as_many_queries_as_one(browser, clinic, assert_queries) -> None:
    from tests.factories import AppointmentFactory

    def ask(hour: int) -> None:
        fields = {"status": "requested", "answer_by": at(hour), "provider": clinic.provider, "site": clinic.site}
        AppointmentFactory(patient=clinic.patient, start=at(hour), **fields)

    ask(6)
    desk = browser(clinic.desk)
    with assert_queries(at_most=12) as one:
        text(desk.get(LIST))
    for hour in range(7, 16):
        ask(hour)
    with assert_queries(at_most=12) as ten:
        text(desk.get(LIST))
    assert len(ten) == len(one)


# == /v1 ==
def test_a_program_asks_and_another_answers(api, clinic) -> None:
    clinic.visit_type = VisitTypeFactory(portal_mode="request")
    body = {"provider": str(clinic.provider.pk), "visit_type": clinic.visit_type.slug, "start": at(10).isoformat()}
    asked = api(clinic.rosa).write("/appointments", body)
    assert (asked.status_code, asked.json()["status"]) == (201, "requested")
    assert asked.json()["answer_by"]
    address = f"/appointments/{asked.json()['id']}"
    desk = api(clinic.desk)
    assert desk.write(f"{address}/decline", {"reason": ""}).status_code == 422
    agreed = desk.write(f"{address}/accept", {})
    assert (agreed.status_code, agreed.json()["status"]) == (200, "booked")
    assert desk.write(f"{address}/decline", {"reason": "No"}).status_code == 409
    assert api(clinic.rosa).write(f"{address}/accept", {}).status_code == 403


def test_a_program_declines(api, clinic, asked) -> None:
    said = api(clinic.desk).write(f"/appointments/{asked.pk}/decline", {"reason": "Call first"})
    assert (said.status_code, said.json()["status"], said.json()["cancel_reason"]) == (200, "cancelled", "Call first")
