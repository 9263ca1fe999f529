"""A daughter acts for her child and for her mother: with her own account, and every page says for whom."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.clinic import Clinic
from tests.journeys.conftest import NARROW, LooksRight, SignedIn
from tests.journeys.looking import follow
from tests.journeys.test_scope import open_chart

pytestmark = pytest.mark.journey


def set_up_code(page: Page, clinic: Clinic) -> None:
    """The authenticator that acting for others asks for."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up your authenticator")
    page.get_by_role("button", name="Show the QR code").click()
    key = "".join(page.locator("bdi b").inner_text().split())
    page.get_by_label("Six-digit code").fill(clinic.code(key))
    page.get_by_role("button", name="Finish").click()
    expect(page.locator("#codes li")).to_have_count(10)
    follow(page.get_by_role("link", name="I have kept them"))


def test_a_daughter_acts_for_her_child(clinic: Clinic, signed_in: SignedIn, looks_right: LooksRight) -> None:
    """Given that a doctor added her, when she has set up a code, then she reads the child's pages, banner on each."""
    ana = signed_in("ana.delgado", "/portal/people", viewport=NARROW)
    looks_right(ana, dark=True)
    follow(ana.get_by_role("link", name="Theo Delgado"))
    set_up_code(ana, clinic)
    ana.goto("/portal/people")
    ana.get_by_role("link", name="Theo Delgado").click()
    expect(ana.locator(".acting")).to_contain_text("You are acting for Theo Delgado, your child")
    looks_right(ana, dark=True)
    for place in ("Visits", "My record", "Messages", "Medicine"):
        follow(ana.get_by_role("navigation").get_by_role("link", name=place))
        expect(ana.locator(".acting")).to_contain_text("Theo Delgado")
        looks_right(ana)
    follow(ana.get_by_role("link", name="Back to my own pages"))
    follow(ana.get_by_role("link", name="Rosa Delgado-Ferreira"))
    expect(ana.get_by_role("navigation").get_by_role("link", name="Messages")).to_have_count(0)
    looks_right(ana)


def test_who_acts_is_added_at_the_desk_and_ended_by_the_patient(signed_in: SignedIn, looks_right: LooksRight) -> None:
    """Given a helper with an ID, when the desk adds her, then the patient sees it in the portal, and ends it."""
    desk = signed_in("jodie.parrish")
    chart = open_chart(desk, "Delgado-Ferreira, Rosa")
    desk.goto(f"{chart}access")
    looks_right(desk)
    follow(desk.get_by_role("link", name="Add somebody"))
    looks_right(desk)
    desk.get_by_role("button", name="Add this person").click()
    expect(desk.get_by_role("alert")).to_contain_text("Look at a photo ID first")
    looks_right(desk)
    desk.get_by_label("Name of the person").fill("Marta Silva")
    desk.get_by_label("Their e-mail").fill("marta.silva@mail.example")
    desk.get_by_label("They are the patient’s").select_option("other")
    desk.get_by_label("Bills only").check()
    desk.get_by_label("The patient", exact=True).check()
    desk.get_by_label("I looked at a photo ID").check()
    desk.get_by_role("button", name="Add this person").click()
    expect(desk.locator("#proxies")).to_be_visible()
    expect(desk.get_by_role("main")).to_contain_text("Marta Silva, Somebody else: Bills only")
    rosa = signed_in("rosa.delgado", "/portal/people", viewport=NARROW)
    looks_right(rosa, dark=True)
    follow(rosa.get_by_role("link", name=re.compile("End this.*Marta Silva")))
    looks_right(rosa)
    rosa.get_by_role("button", name="End it now").click()
    expect(rosa.locator("#messages")).to_contain_text("They no longer act for you")
    expect(rosa.get_by_role("main")).not_to_contain_text("Marta Silva")
