"""A group with seats, as the desk plans it, fills it and sees it, in a browser."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from scheduling.models import Appointment
from tests.factories import GroupSessionFactory, PatientFactory, VisitTypeFactory
from tests.journeys.accounts.conftest import Open
from tests.patients.conftest import sign_in
from tests.roles import as_the_system
from tests.scheduling.conftest import make_clinic
from tests.scheduling.pages import at

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"


@pytest.mark.parametrize("width", [1280, 360])
def test_the_desk_plans_a_session_gives_its_seats_and_moves_it(
    open_page: Open, fine: Callable[[Any], None], width: int
) -> None:
    """Given a kind of visit with two seats, when the desk plans a session and seats two, then the third is offered
    another session, the day shows one block, and everybody moves together.
    """
    clinic = make_clinic()
    with as_the_system():
        VisitTypeFactory(name="Diabetes education", seats=2)
        people = [PatientFactory(site=clinic.site, family_name=f"{LONG}-{number}") for number in range(3)]
    who = sign_in(clinic.desk)
    desk: Any = open_page("/scheduling/groups", client=who, width=width)
    fine(desk)
    for hour in ("10 am", "2 pm"):
        desk.goto(desk.url.split("/scheduling/")[0] + "/scheduling/groups/plan")
        desk.get_by_label("Day").fill(f"{at(10):%Y-%m-%d}")
        desk.get_by_label("At", exact=True).fill(hour)
        fine(desk)
        desk.get_by_role("button", name="Plan this session").click()
        expect(desk.locator("#messages")).to_contain_text("Planned")
    fine(desk)
    day: Any = open_page(f"/scheduling/?day={at(9):%Y-%m-%d}", client=who, width=width)
    fine(day)
    day.get_by_text("Group · 0 of 2 seats").first.click()
    expect(day.get_by_role("link", name="Give a seat")).to_be_visible()
    here, session = day.url.split("/scheduling/")[0], day.url.rstrip("/").split("/")[-1]
    for patient in people:
        day.goto(f"{here}/scheduling/patients/{patient.pk}/groups/{session}/seat")
        day.get_by_role("button", name="a seat").click()
        if patient is not people[2]:
            expect(day.locator("#messages")).to_contain_text("The patient gets a message")
            fine(day)
    expect(day.get_by_role("alert")).to_contain_text("These sessions have a free one")
    day = open_page(f"/scheduling/groups/{session}", client=who, width=width)
    expect(day.get_by_role("main")).to_contain_text("2 of 2 seats")
    fine(day)
    day.get_by_role("link", name="Move", exact=True).click()
    day.get_by_label("At", exact=True).fill("4 pm")
    fine(day)
    day.get_by_role("button", name="Move everybody").click()
    expect(day.locator("#messages")).to_contain_text("Moved, with everybody")
    with as_the_system():
        assert {visit.starts_at for visit in Appointment.objects.all()} == {at(16)}
    day.get_by_role("link", name="Cancel the session").click()
    fine(day)
    day.get_by_label("Why is it cancelled?").fill("The dietician is ill")
    day.get_by_role("button", name="Cancel this session").click()
    expect(day.get_by_role("main")).to_contain_text("The dietician is ill")


@pytest.mark.parametrize("width", [1280, 360])
def test_a_patient_takes_a_seat_in_the_portal_and_gives_it_back(
    open_page: Open, fine: Callable[[Any], None], width: int
) -> None:
    """Given a group with free seats, when a patient takes one, then it is among their visits, and can be cancelled."""
    clinic = make_clinic()
    with as_the_system():
        clinic.visit_type = VisitTypeFactory(name="Diabetes education", seats=8)
        GroupSessionFactory(
            provider=clinic.provider, site=clinic.site, visit_type=clinic.visit_type, start=at(10, days=3)
        )
    rosa: Any = open_page("/portal/visits", client=sign_in(clinic.rosa), width=width)
    rosa.get_by_role("link", name="group").first.click()
    expect(rosa.get_by_role("heading", level=1)).to_have_text("Groups with free seats")
    fine(rosa)
    rosa.get_by_role("link", name=f"{at(10, days=3):%B %-d}").click()
    fine(rosa)
    rosa.get_by_label("What is it about?").fill("Feet")
    rosa.get_by_role("button", name="Take a seat").click()
    expect(rosa.locator("#messages")).to_contain_text("You have a seat")
    fine(rosa)
    rosa.get_by_role("link", name="Cancel").first.click()
    fine(rosa)
    rosa.get_by_role("button", name="Cancel").first.click()
    expect(rosa.get_by_role("main")).to_contain_text("cancelled")
