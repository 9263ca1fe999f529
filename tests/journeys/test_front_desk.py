"""The front desk: find, register, correct, and hand out a code for the portal."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import LooksRight, SignedIn

pytestmark = pytest.mark.journey


def fill_in(page: Page, **typed: str) -> None:
    labels = {
        "family": "Family name, as on the ID",
        "given": "Given names",
        "born": "Date of birth",
        "phone": "Mobile phone",
        "postal_code": "ZIP code",
    }
    for name, value in typed.items():
        if name == "sex":
            page.get_by_label("Sex on the insurance card").select_option(label=value)
        else:
            page.get_by_role("textbox", name=labels[name]).fill(value)


def test_nobody_found_leads_to_registration(signed_in: SignedIn, looks_right: LooksRight) -> None:
    """Given a person who was never here, when the search finds nobody, then they are registered and found."""
    page = signed_in("jodie.parrish", "/patients/search?q=Quispe")
    expect(page.get_by_role("main")).to_contain_text("Nobody found")
    looks_right(page)
    page.get_by_role("navigation").get_by_role("link", name="Register a person").click()
    fill_in(page, family="Quispe", given="Mayta", born="Feb 3, 1977", sex="Female", phone="508 555 0199")
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.locator("#messages")).to_contain_text("Registered.")
    expect(page.locator(".banner")).to_contain_text("Quispe")
    expect(page.locator(".banner")).to_contain_text("Feb 3, 1977")
    page.goto("/patients/search?q=quispe")
    expect(page.get_by_role("link", name="Quispe, Mayta")).to_be_visible()


def test_refused_input_is_kept_and_corrected(signed_in: SignedIn, looks_right: LooksRight) -> None:
    """Given a form with mistakes, when it is refused, then it says what fits and keeps every word."""
    page = signed_in("jodie.parrish", "/patients/register")
    fill_in(
        page, family="Ochieng’", given="Akinyi", born="Feb 30, 1990", sex="Female", phone="508 555 01", postal_code="1"
    )
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.locator("[data-errors]")).to_be_focused()
    assert page.title().startswith("Error:")
    for label, kept in (
        ("Family name, as on the ID", "Ochieng’"),
        ("Given names", "Akinyi"),
        ("Date of birth", "Feb 30, 1990"),
        ("Mobile phone", "508 555 01"),
        ("ZIP code", "1"),
    ):
        expect(page.get_by_role("textbox", name=label)).to_have_value(kept)
    expect(page.get_by_label("Mobile phone")).to_have_attribute("aria-invalid", "true")
    looks_right(page, dark=True)
    page.locator("[data-errors] a").first.click()
    expect(page.get_by_role("textbox", name="Date of birth")).to_be_focused()
    fill_in(page, born="Feb 3, 1990", phone="5085550147", postal_code="01608")
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.locator(".banner")).to_contain_text("Ochieng’")


def test_somebody_alike_is_shown_before_anything_is_added(signed_in: SignedIn, looks_right: LooksRight) -> None:
    """Given a patient of nearly this name born that day, when one registers, then one is asked, and may go on."""
    page = signed_in("jodie.parrish", "/patients/register")
    fill_in(page, family="Fontane", given="Elise", born="8/14/1975", sex="Female")
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_role("heading", name="Already registered?")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Fontaine, Elise")
    expect(page.get_by_label("Family name, as on the ID")).to_have_value("Fontane")
    looks_right(page)
    page.get_by_role("button", name="None of them: register as new").click()
    expect(page.locator("#messages")).to_contain_text("Registered.")
    expect(page.locator(".banner")).to_contain_text("Fontane")


def test_the_same_person_is_opened_and_not_registered_twice(signed_in: SignedIn) -> None:
    page = signed_in("jodie.parrish", "/patients/register")
    fill_in(page, family="Goldberg", given="Miriam", born="Sep 9, 1946", sex="Female")
    page.get_by_role("button", name="Register", exact=True).click()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("link", name="Same person").first.click()
    expect(page.locator(".banner")).to_contain_text("Goldberg")
    page.goto("/patients/search?q=Goldberg Miriam")
    expect(page.get_by_role("link", name="Goldberg, Miriam")).to_have_count(1)


def test_details_are_changed_with_the_patient(signed_in: SignedIn, looks_right: LooksRight) -> None:
    page = signed_in("jodie.parrish", "/patients/search?q=Baptiste")
    page.get_by_role("link", name="Baptiste, Marie-Claire").click()
    expect(page.locator(".banner")).to_contain_text("Baptiste")
    looks_right(page, dark=True)
    page.get_by_role("region", name="How to reach them").get_by_role("link", name="Change").click()
    expect(page.get_by_label("Given names")).to_have_value("Marie-Claire")
    looks_right(page)
    page.get_by_label("City").fill("Leicester")
    page.get_by_role("button", name="Save the details").click()
    expect(page.locator("#messages")).to_contain_text("Changed.")
    expect(page.get_by_role("region", name="How to reach them")).to_contain_text("Leicester")
