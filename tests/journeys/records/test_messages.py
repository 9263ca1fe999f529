"""A patient's message, from the portal into a pool, to its owner, to who stands in, to the end; wide and narrow."""

import pytest
from playwright.sync_api import Page, expect

from patients.models import Patient
from records.models import Thread
from tests.factories import (
    CoverFactory,
    PatientFactory,
    PoolFactory,
    PoolMemberFactory,
    SiteFactory,
    portal_user,
    staff,
)
from tests.journeys.accounts.conftest import Open
from tests.journeys.looking import fine, follow, look
from tests.patients.conftest import sign_in
from tests.roles import as_the_system

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
TYPED = "Since this morning I have chest pain when I take the new tablets."


@pytest.fixture
def rosa() -> Patient:
    site = SiteFactory(name="Alder Street", phone="+15085550110")
    return PatientFactory(site=site, given_name="Rosa", family_name="Delgado-Ferreira")


def beginning(page: Page) -> str:
    return "/".join(page.url.split("/")[:3])


def writes(portal: Page) -> None:
    """Past the words that sound like an emergency, to the pool that takes it."""
    expect(portal.get_by_text("Not for emergencies.")).to_be_visible()
    fine(portal)
    follow(portal.get_by_role("link", name="Write to the care team").first)
    portal.get_by_label("A medicine, or more of it").check()
    portal.get_by_label("Your message").fill(TYPED)
    follow(portal.get_by_role("button", name="Send"))
    expect(portal.get_by_role("link", name="Call 911 now")).to_be_visible()
    expect(portal.get_by_label("Your message")).to_have_value(TYPED)
    look(portal)
    portal.errors.clear()  # type: ignore[attr-defined]  # the browser says that the form was refused
    follow(portal.get_by_role("button", name="This is not an emergency: send it"))
    expect(portal.locator("main")).to_contain_text("To: Prescriptions, Alder Street.")
    fine(portal)


@pytest.mark.parametrize("width", [1280, 360])
def test_from_the_first_message_to_the_closed_conversation(width: int, rosa: Patient, open_page: Open) -> None:
    """Given a pool, when Rosa writes to it, then one takes it, who stands in answers, and it ends."""
    owner = staff("nurse", rosa.site, full_name="Priya Raman")
    cover = staff("nurse", rosa.site, full_name="Tomasz Wilk")
    pool = PoolFactory(site=rosa.site, name="Prescriptions", takes=["medicine"], answer_hours=4)
    PoolMemberFactory(pool=pool, user=owner)

    portal = open_page("/portal/messages/", client=sign_in(portal_user(rosa)), width=width)
    writes(portal)
    desk = open_page("/records/messages/?show=pools", client=sign_in(owner), width=width)
    expect(desk.get_by_text("Words of an emergency").first).to_be_visible()
    fine(desk)
    follow(desk.get_by_role("link", name="Delgado-Ferreira, Rosa"))
    fine(desk)
    follow(desk.get_by_role("button", name="Take it"))
    fine(desk)
    follow(desk.get_by_role("link", name="Hand it on"))
    expect(desk.get_by_label("Give it to")).to_be_visible()
    fine(desk)

    CoverFactory(absent=owner, cover=cover, role="nurse")
    stands_in = open_page("/records/messages/?show=mine", client=sign_in(cover), width=width)
    fine(stands_in)
    follow(stands_in.get_by_role("link", name="Delgado-Ferreira, Rosa"))
    expect(stands_in.locator("main")).to_contain_text("Standing in")
    expect(stands_in.locator("main")).to_contain_text("Tomasz Wilk")
    stands_in.get_by_label("Answer", exact=True).fill("I called you: stop the tablets until you are seen today.")
    follow(stands_in.get_by_role("button", name="Send"))
    fine(stands_in)
    follow(stands_in.get_by_role("button", name="Waits for the patient", exact=True))
    fine(stands_in)

    portal.reload()
    expect(portal.locator("main")).to_contain_text("stop the tablets")
    portal.get_by_label("Your answer").fill("Thank you. I am on my way.")
    follow(portal.get_by_role("button", name="Send"))
    fine(portal)

    stands_in.reload()
    expect(stands_in.locator("main")).to_contain_text("I am on my way")
    follow(stands_in.get_by_role("button", name="Close the conversation"))
    fine(stands_in)
    portal.goto(f"{beginning(portal)}/portal/messages/")
    expect(portal.get_by_role("heading", name="Closed")).to_be_visible()
    fine(portal)
    stands_in.goto(f"{beginning(stands_in)}/records/messages/?show=closed")
    fine(stands_in)
    with as_the_system():
        thread = Thread.objects.get(patient=rosa)
    assert (thread.status, thread.taken_by, thread.closed_by) == ("closed", owner, cover)
