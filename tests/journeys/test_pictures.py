"""The pictures of the documentation, taken from the running demo; PICTURES=1 takes them anew."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.journeys.conftest import NARROW, LooksRight, SignedIn
from tests.journeys.pictures import keep
from tests.journeys.test_scope import open_chart

pytestmark = pytest.mark.journey
Take = Callable[..., None]


@pytest.fixture
def take(looks_right: LooksRight) -> Take:
    """`take(page, "clinic")`: the page looks right, and the picture of this name is there, new when asked for."""

    def taken(page: Page, name: str) -> None:
        looks_right(page)
        keep(page, name)

    return taken


def test_the_clinic(signed_in: SignedIn, take: Take) -> None:
    page = signed_in("maren.okafor")
    open_chart(page, "Hollis, Edmund")
    take(page, "clinic")


def test_the_search(signed_in: SignedIn, take: Take) -> None:
    take(signed_in("priya.raman", "/patients/search?q=delgado"), "search")


def test_registration(signed_in: SignedIn, take: Take) -> None:
    page = signed_in("jodie.parrish", "/patients/register")
    page.get_by_label("Family name, as on the ID").fill("Whitfeld")
    page.get_by_label("Given names").fill("Dorothy")
    page.get_by_role("textbox", name="Date of birth").fill("Oct 31, 1940")
    page.get_by_label("Sex on the insurance card").select_option(label="Female")
    page.get_by_role("button", name="Register", exact=True).click()
    take(page, "register")


def test_who_can_open_a_chart(signed_in: SignedIn, take: Take) -> None:
    page = signed_in("maren.okafor")
    open_chart(page, "Varga, Ilona")
    page.get_by_role("navigation", name="Chart").get_by_role("link", name="Access").click()
    take(page, "access")


def test_the_portal(signed_in: SignedIn, take: Take) -> None:
    take(signed_in("rosa.delgado", "/portal/", viewport=NARROW), "portal")


def test_who_opened_the_record(signed_in: SignedIn, take: Take) -> None:
    take(signed_in("rosa.delgado", "/portal/openings", viewport=NARROW), "portal-openings")


def test_signing_in(page: Page, clinic: object, take: Take) -> None:
    page.set_viewport_size(NARROW)
    page.goto("/accounts/sign-in/")
    page.evaluate("document.querySelectorAll('#demo-accounts').forEach(e => e.closest('section').remove())")
    take(page, "sign-in")
