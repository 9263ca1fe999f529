"""Who sees whom: strangers, colleagues who were given access, and two patients in two tabs."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import LooksRight, SignedIn
from tests.journeys.looking import follow
from tests.journeys.test_front_desk import fill_in

pytestmark = pytest.mark.journey
NOBODY = "/patients/019aa5a2-0000-7000-8000-000000000000/"


def open_chart(page: Page, name: str) -> str:
    page.goto(f"/patients/search?q={name}")
    page.get_by_role("main").get_by_role("link", name=name).first.click()
    expect(page.locator(".banner")).to_contain_text(name.split(",")[0])
    return page.url


def register(signed_in: SignedIn, family: str, given: str) -> str:
    """Somebody new at Alder Street: no visit has opened the chart to another site yet. The chart's address."""
    desk = signed_in("jodie.parrish", "/patients/register")
    fill_in(desk, family=family, given=given, born="Aug 14, 1975", sex="Female")
    desk.get_by_role("button", name="Register", exact=True).click()
    expect(desk.locator("#messages")).to_contain_text("Registered.")
    return desk.url


def test_a_stranger_finds_a_masked_line_and_no_chart(signed_in: SignedIn, looks_right: LooksRight) -> None:
    """Given a patient of another site, when a doctor searches, then the name is masked and the chart closed."""
    register(signed_in, "Vanterpool", "Ysolde")
    page = signed_in("sofia.nilsen", "/patients/search?q=Vanterpool")
    masked = page.get_by_role("main").get_by_role("link", name="Not in your care").first
    expect(masked).to_contain_text("V•••, Y•••")
    expect(masked).not_to_contain_text("Vanterpool")
    expect(masked).not_to_contain_text("Aug")
    looks_right(page)
    masked.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not in your scope")
    looks_right(page)
    refused = page.locator("main").inner_text()
    page.goto(NOBODY)
    assert page.locator("main").inner_text() == refused, "a patient and no patient must look the same"


def test_access_is_given_and_ended(signed_in: SignedIn, looks_right: LooksRight) -> None:
    """Given a colleague without access, when she gives it he sees the chart, and when she ends it he does not."""
    doctor, colleague = signed_in("maren.okafor"), signed_in("aaron.feld")
    chart = register(signed_in, "Quennell", "Ottilie")
    doctor.goto(chart)
    colleague.goto(chart)
    expect(colleague.get_by_role("heading", level=1)).to_have_text("Not in your scope")

    doctor.get_by_role("navigation", name="Chart").get_by_role("link", name="Access").click()
    follow(doctor.get_by_role("link", name="Give a colleague access"))
    looks_right(doctor)
    doctor.get_by_label("Colleague").fill("Feld")
    doctor.get_by_label("Until").fill("yesterday")
    doctor.get_by_label("Reason").fill("Second opinion on her heart")
    doctor.get_by_role("button", name="Give access").click()
    expect(doctor.get_by_label("Reason")).to_have_value("Second opinion on her heart")
    looks_right(doctor)
    doctor.get_by_label("Until").fill("")
    doctor.get_by_label("Belongs to the care team").check()
    doctor.get_by_role("button", name="Give access").click()
    expect(doctor.locator("#messages")).to_contain_text("Access is given")
    line = doctor.get_by_role("row").filter(has_text="Aaron Feld")
    expect(line).to_contain_text("Second opinion on her heart")
    looks_right(doctor, dark=True)

    colleague.goto(chart)
    expect(colleague.locator(".banner")).to_contain_text("Quennell")
    colleague.goto("/patients/?name=Quennell")
    expect(colleague.get_by_role("row").filter(has_text="Quennell, Ottilie")).to_be_visible()

    follow(line.get_by_role("link", name=re.compile("^End")))
    looks_right(doctor)
    doctor.get_by_role("button", name="End access now").click()
    expect(doctor.locator("#messages")).to_contain_text("Access has ended")
    colleague.goto(chart)
    expect(colleague.get_by_role("heading", level=1)).to_have_text("Not in your scope")
    colleague.goto("/patients/?name=Quennell")
    expect(colleague.get_by_role("main")).to_contain_text("Nobody fits these filters")


def test_two_patients_in_two_tabs_never_cross(signed_in: SignedIn) -> None:
    """Given two charts open at once, when each is changed in its tab, then each change lands where it was made."""
    first = signed_in("priya.raman")
    second = first.context.new_page()
    luc = open_chart(first, "Moreau, Luc")
    first.goto(f"{luc}change")
    kevin = open_chart(second, "Tran, Kevin")
    second.goto(f"{kevin}change")
    for page, own, town in ((first, "Moreau", "Auburn"), (second, "Tran", "Millbury")):
        expect(page.locator(".banner")).to_contain_text(own)
        page.get_by_label("City").fill(town)
    for page in (first, second):
        page.get_by_role("button", name="Save the details").click()
    for page, own, town, other in ((first, "Moreau", "Auburn", "Millbury"), (second, "Tran", "Millbury", "Auburn")):
        expect(page.locator(".banner")).to_contain_text(own)
        expect(page.get_by_role("region", name="How to reach them")).to_contain_text(town)
        expect(page.get_by_role("region", name="How to reach them")).not_to_contain_text(other)


def test_the_same_patient_changed_twice_shows_the_second_what_the_first_wrote(signed_in: SignedIn) -> None:
    """Given two tabs on one form, when the second saves over the first, then nothing is overwritten unseen."""
    first = signed_in("priya.raman")
    chart = open_chart(first, "Yılmaz, Emre")
    first.goto(f"{chart}change")
    second = first.context.new_page()
    second.goto(f"{chart}change")
    first.get_by_label("City").fill("Grafton")
    first.get_by_role("button", name="Save the details").click()
    expect(first.get_by_role("region", name="How to reach them")).to_contain_text("Grafton")
    second.get_by_label("Street address").fill("5 Oak Street")
    second.get_by_role("button", name="Save the details").click()
    expect(second.get_by_role("main")).to_contain_text("Grafton")
    expect(second.get_by_label("Street address")).to_have_value("5 Oak Street")


def test_the_front_desk_sees_that_allergies_are_not_asked_and_billing_sees_nothing(signed_in: SignedIn) -> None:
    desk, billing = signed_in("jodie.parrish"), signed_in("wei.tran")
    chart = register(signed_in, "Ekwueme", "Zipporah")
    desk.goto(chart)
    expect(desk.locator(".banner")).to_contain_text("Allergies never asked")
    billing.goto(chart)
    expect(billing.locator(".banner")).to_contain_text("Ekwueme")
    expect(billing.locator(".banner")).not_to_contain_text("llerg")


def test_no_chart_for_roles_that_open_none(signed_in: SignedIn, looks_right: LooksRight) -> None:
    chart = open_chart(signed_in("jodie.parrish"), "Castellano, Giulia")
    for role in ("researcher", "privacy_officer", "administrator"):
        page = signed_in(role, chart)
        expect(page.get_by_role("heading", level=1)).to_have_text("This is not open to you")
        expect(page.locator("body")).not_to_contain_text("Castellano")
    looks_right(page)
