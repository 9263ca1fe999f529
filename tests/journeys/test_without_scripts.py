"""Without JavaScript everything works: search, chart, registration, signing out."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import SignIn

pytestmark = pytest.mark.journey


def test_the_front_desk_works_in_a_browser_without_scripts(new_page: Callable[..., Page], sign_in: SignIn) -> None:
    """Given a browser that runs no script, when one works as on any day, then links and forms do it all."""
    page = sign_in(new_page(java_script_enabled=False), "jodie.parrish")
    expect(page.get_by_role("navigation", name="Front desk")).to_be_visible()
    page.locator("#find").fill("walter lindholm")
    page.locator("#find").press("Enter")
    expect(page.get_by_role("main")).to_contain_text("Nobody found")
    page.get_by_role("navigation").get_by_role("link", name="Register a person").click()
    page.get_by_label("Given names").fill("Walter")
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.get_by_label("Given names")).to_have_value("Walter")
    page.get_by_label("Family name, as on the ID").fill("Lindholm")
    page.get_by_role("textbox", name="Date of birth").fill("May 5, 1950")
    page.get_by_label("Sex on the insurance card").select_option(label="Male")
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.locator(".banner")).to_contain_text("Lindholm")
    page.get_by_role("navigation", name="Chart").get_by_role("link", name="Access").click()
    expect(page.get_by_role("heading", name="Who can open this chart, and why")).to_be_visible()
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_the_menu_of_a_narrow_page_opens_without_scripts(new_page: Callable[..., Page], sign_in: SignIn) -> None:
    page = sign_in(new_page(java_script_enabled=False, viewport={"width": 360, "height": 800}), "ingrid.solberg")
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("navigation", name="Researcher").get_by_role("link", name="Home")).to_be_visible()
