"""The desk by keyboard alone, somebody without a visit, and the numbers on the wall."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.clinic import Clinic
from tests.journeys.conftest import LooksRight, SignedIn
from tests.journeys.looking import follow

pytestmark = pytest.mark.journey
WITHOUT_A_VISIT = """
SELECT p.mrn, p.family_name FROM patients_patient p JOIN accounts_site s ON s.id = p.site_id
WHERE s.name = 'Alder Street' AND p.deceased IS NOT TRUE AND NOT EXISTS (
    SELECT FROM scheduling_patientclaim c
    WHERE c.patient_id = p.id AND c.during && tstzrange(now() - interval '1 day', now() + interval '3 days'))
ORDER BY p.mrn LIMIT 2
"""


@pytest.fixture
def nobody_expected(clinic: Clinic) -> tuple[str, str]:
    """Record number and family name of somebody who is nowhere else today, at whatever hour this runs."""
    found = clinic.rows(WITHOUT_A_VISIT)
    return found[-1]


def test_from_the_schedule_to_a_booked_visit_by_keys_alone(
    signed_in: SignedIn, looks_right: LooksRight, nobody_expected: tuple[str, str]
) -> None:
    """Given the schedule, when `n` is pressed, a free time is one Enter away, and a name books it."""
    page = signed_in("jodie.parrish", "/scheduling/")
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Next free times", level=1)).to_be_visible()
    expect(page.locator(".rows a.title").first).to_be_focused()
    looks_right(page)
    page.locator(".rows a.title").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#q")).to_be_focused()
    number, name = nobody_expected
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text(f"{name}, ")
    page.keyboard.press("Escape")
    page.locator("body").press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Book a visit")).to_be_visible()
    expect(page.locator('input[name="start"]:checked')).to_have_count(1)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#messages")).to_contain_text("Booked with")


def take_in(page: Page) -> None:
    """With whoever has a moment: in the first hour after midnight it may be the last of them."""
    providers = page.get_by_label("Provider", exact=True)
    for place in range(providers.get_by_role("option").count()):
        providers.select_option(index=place)
        follow(page.get_by_role("button", name=re.compile("^Take .* in$")))
        if page.locator("#messages").inner_text().strip():
            return


def test_somebody_without_a_visit_is_called_by_a_number(
    signed_in: SignedIn, looks_right: LooksRight, nobody_expected: tuple[str, str]
) -> None:
    """Given nobody expected, when they are taken in, then a number stands on the wall without a name."""
    page = signed_in("jodie.parrish", "/scheduling/flow")
    page.get_by_role("link", name="Take somebody in").click()
    mrn, name = nobody_expected
    page.locator("#q").fill(mrn)
    page.locator("#q").press("Enter")
    page.get_by_role("main").get_by_role("link", name=re.compile(name)).first.click()
    looks_right(page)
    page.get_by_label("What is it about?").fill("A cut finger")
    take_in(page)
    expect(page.locator("#messages")).to_contain_text(re.compile(r"with the number \d+"))
    number = re.search(r"number (\d+)", page.locator("#messages").inner_text())
    assert number
    page.get_by_text("Leave a note for the desk").click()
    page.get_by_label("Note for the desk").fill("Rings twice")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.get_by_role("region", name="Visit")).to_contain_text("Rings twice")
    looks_right(page)
    page.goto("/scheduling/numbers")
    expect(page.get_by_role("region", name="Waiting")).to_contain_text(number[1])
    expect(page.get_by_role("main")).not_to_contain_text(name)
    looks_right(page, dark=True)
    page.goto("/scheduling/print")
    expect(page.get_by_role("main")).to_contain_text("Rings twice")
    looks_right(page)
