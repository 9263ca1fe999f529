"""From a closed chart to an open one: in an emergency, on request, and why not; and what the privacy officer finds."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import LooksRight, SignedIn, SignIn
from tests.journeys.looking import follow
from tests.journeys.test_scope import register

pytestmark = pytest.mark.journey
REASON = "Brought in unconscious, nobody knows her medicines"


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def test_a_doctor_breaks_the_glass_and_the_officer_reviews_it(
    new_page: Callable[..., Page], sign_in: SignIn, signed_in: SignedIn, looks_right: LooksRight
) -> None:
    """Given a closed chart, when a doctor opens it in an emergency, then every page says so until it ends."""
    chart = register(signed_in, "Abernathy", "Odessa")
    doctor = sign_in(new_page(), "aaron.feld", chart)  # a session of its own: its key changes with the glass
    heading(doctor, "Not in your scope")
    looks_right(doctor)
    doctor.get_by_role("link", name="Why can I not open it?").click()
    heading(doctor, "Why can I not open this chart?")
    looks_right(doctor)
    doctor.goto(chart)
    doctor.get_by_role("link", name="Open in an emergency").click()
    heading(doctor, "Open a chart in an emergency")
    expect(doctor.locator("body")).not_to_contain_text("Abernathy")
    looks_right(doctor)
    doctor.get_by_label("The patient is treated now").check()
    doctor.get_by_label("In one sentence").fill("urgent")
    doctor.get_by_role("button", name="Open the chart").click()
    expect(doctor.get_by_label("In one sentence")).to_have_value("urgent")
    looks_right(doctor)
    doctor.get_by_label("In one sentence").fill(REASON)
    doctor.get_by_role("button", name="Open the chart").click()
    glass = doctor.locator(".glass")
    expect(glass).to_contain_text(re.compile(r"(59|60) minutes left"))
    expect(doctor.locator(".banner")).to_contain_text("Abernathy")
    looks_right(doctor, dark=True)
    doctor.get_by_role("navigation", name="Chart").get_by_role("link", name="Medicines").click()
    expect(glass).to_be_visible()

    review(signed_in, looks_right)
    follow(glass.get_by_role("link", name="End now"))
    looks_right(doctor)
    doctor.get_by_role("button", name="End it now").click()
    expect(doctor.locator("#messages")).to_contain_text("Your emergency access has ended.")
    doctor.goto(chart)
    heading(doctor, "Not in your scope")


def review(signed_in: SignedIn, looks_right: LooksRight) -> None:
    """The privacy officer finds it in the queue, with what was done meanwhile, and says that it was right."""
    officer = signed_in("privacy_officer", "/patients/emergencies")
    row = officer.get_by_role("row").filter(has_text=REASON)
    expect(row).to_contain_text("Abernathy, Odessa")
    looks_right(officer, dark=True)
    row.get_by_role("link", name="Aaron Feld").click()
    heading(officer, "Review an emergency access")
    deeds = officer.get_by_role("region", name="What was done in the chart meanwhile")
    expect(deeds).to_contain_text("Opened the record")
    looks_right(officer)
    officer.get_by_label("Justified", exact=True).check()
    officer.get_by_label("Why").fill("The ambulance confirms it")
    officer.get_by_role("button", name="Keep the review").click()
    expect(officer.locator("#messages")).to_contain_text("The review is kept.")


def test_a_colleague_asks_and_is_let_in(signed_in: SignedIn, looks_right: LooksRight) -> None:
    """Given a closed chart, when a colleague asks and who cares for the patient agrees, then it opens."""
    chart = register(signed_in, "Thistlewood", "Percival")
    asker, carer = signed_in("aaron.feld", chart), signed_in("maren.okafor")
    asker.get_by_role("link", name="Ask for access").click()
    heading(asker, "Ask for access to a chart")
    looks_right(asker)
    asker.get_by_label("Why").fill("Referred to me for his knee")
    asker.get_by_role("button", name="Ask for access").click()
    expect(asker.locator("#messages")).to_contain_text("Your request is on its way")
    expect(asker.locator("main")).not_to_contain_text("Thistlewood")
    looks_right(asker)

    carer.goto("/patients/requests")
    row = carer.get_by_role("row").filter(has_text="Referred to me for his knee")
    expect(row).to_contain_text("Thistlewood, Percival")
    looks_right(carer)
    row.get_by_role("link", name="Aaron Feld").click()
    carer.get_by_label("Yes, to what is ticked").check()
    looks_right(carer)
    carer.get_by_role("button", name="Answer").click()
    expect(carer.locator("#messages")).to_contain_text("Answered.")

    asker.goto("/patients/requests")
    asker.get_by_role("row").filter(has_text="his knee").get_by_role("link", name="Open the chart").click()
    expect(asker.locator(".banner")).to_contain_text("Thistlewood")


def test_an_administrator_sees_why_and_no_name(signed_in: SignedIn, looks_right: LooksRight) -> None:
    chart = register(signed_in, "Quimby", "Hortensia")
    number = signed_in("jodie.parrish", chart).locator(".banner bdi[dir=ltr]").first.inner_text()
    administrator = signed_in("administrator", "/patients/explain")
    administrator.get_by_label("E-mail of the person").fill("maren.okafor@alderstreet.example")
    administrator.get_by_label("Patient").fill(number)
    administrator.get_by_role("button", name="Explain").click()
    expect(administrator.get_by_role("heading", name="Doctor")).to_be_visible()
    expect(administrator.locator("main")).to_contain_text("Can open the chart")
    expect(administrator.locator("body")).not_to_contain_text("Quimby")
    looks_right(administrator, dark=True)
