"""Who somebody is, in a real browser: nothing in a reader's way, no date shifted by its zone, two tabs kept apart."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from patients.models import Patient
from tests.factories import DuplicatePairFactory, PatientFactory, PatientLinkFactory, staff
from tests.journeys.accounts.conftest import Open
from tests.patients.conftest import sign_in
from tests.roles import as_the_system

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"


def test_the_pages_read_well(open_page: Open, violations: Callable[[Page], list[str]]) -> None:
    desk = staff("front_desk")
    site = desk.memberships.get().site
    rosa = PatientFactory(site=site, given_name="Rosa", family_name=LONG)
    PatientLinkFactory(patient=rosa, other=PatientFactory(site=site, given_name="Carmen", family_name=LONG))
    DuplicatePairFactory(patient=rosa, other=PatientFactory(site=site, given_name="Rosita", family_name=LONG))
    client, found = sign_in(desk), []
    pages = [f"/patients/{rosa.pk}/{page}" for page in ("family", "label", "family/newborn", "")]
    for address in (*pages, "/patients/duplicates", "/patients/register?caller=1", "/patients/register/unidentified"):
        for width in (1280, 360):
            page: Any = open_page(address, client=client, width=width)
            found += [f"{address} at {width}: {problem}" for problem in [*violations(page), *page.errors]]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{address} at {width}: scrolls sideways")
    assert found == []


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Adak"])
def test_a_browser_at_the_other_end_of_the_world_shifts_no_birthday(
    browser: Browser, live_server: Any, zone: str
) -> None:
    desk = staff("front_desk")
    context = browser.new_context(timezone_id=zone, reduced_motion="reduce")
    key = sign_in(desk).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/patients/register")
    page.get_by_label("Family name, as on the ID").fill("Delgado")
    page.get_by_label("Given names").fill("Rosa")
    page.get_by_role("textbox", name="Date of birth").fill("Jan 1, 2000")
    page.get_by_label("Sex on the insurance card").select_option(label="Female")
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.locator(".banner")).to_contain_text("Jan 1, 2000")
    page.get_by_role("region", name="Details").get_by_role("link", name="Change").click()
    expect(page.get_by_role("textbox", name="Date of birth")).to_have_value("Jan 1, 2000")
    page.get_by_label("City").fill("Boston")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("Changed.")
    context.close()
    with as_the_system():
        assert Patient.objects.get(family_name="Delgado").birth_date.isoformat() == "2000-01-01"


def test_two_tabs_of_one_browser_save_in_turns(browser: Browser, live_server: Any) -> None:
    desk = staff("front_desk")
    two = [
        PatientFactory(site=desk.memberships.get().site, given_name=given, family_name="Delgado")
        for given in ("Rosa", "Carmen")
    ]
    context = browser.new_context(reduced_motion="reduce")
    key = sign_in(desk).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])
    tabs = [context.new_page() for _each in two]
    for tab, patient in zip(tabs, two, strict=True):
        tab.goto(f"{live_server.url}/patients/{patient.pk}/change")
    for tab, patient in zip(tabs, two, strict=True):
        tab.get_by_label("City").fill(f"City of {patient.given_name}")
    for tab, patient in zip(reversed(tabs), reversed(two), strict=True):
        tab.get_by_role("button", name="Save").click()
        expect(tab.locator("#messages")).to_contain_text("Changed.")
        expect(tab.locator(".banner")).to_contain_text(patient.given_name)
    context.close()
    with as_the_system():
        found = {row.given_name: row.city for row in Patient.objects.filter(family_name="Delgado")}
    assert found == {"Rosa": "City of Rosa", "Carmen": "City of Carmen"}
