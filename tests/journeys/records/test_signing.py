"""Several sign, in a real browser: from a template to the signature, the nurse's part, an amendment, a co-signature."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.factories import MacroFactory
from tests.journeys.accounts.conftest import Open
from tests.patients.conftest import sign_in
from tests.records.test_encounter_pages import address
from tests.records.visits import supervised

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
TEMPLATE = {"subjective": "Burning since yesterday.", "assessment": "Cystitis.", "plan": "Nitrofurantoin for 5 days."}


def refused(page: Any) -> None:
    """The browser tells of each answer that is no success, as soon as it has it; this one was asked for."""
    if not page.errors:
        page.wait_for_event("console", lambda said: said.type == "error")
    assert {text for text in page.errors if "422" not in text} == set()
    page.errors.clear()


def part(page: Page, name: str) -> Any:
    return page.get_by_label(name, exact=True)


def test_from_a_template_and_a_phrase_to_the_signature(running, open_page: Open, fine) -> None:
    """What stands already stays, and the draft is kept with what came from the template."""
    MacroFactory(shortcut="uti", name="Cystitis", text="", parts=TEMPLATE)
    MacroFactory(shortcut="clear", name="Lungs clear", text="Lungs clear on both sides.")
    page = open_page(address("note", running), client=sign_in(running.doctor))
    part(page, "Plan").fill("Drink more.")
    page.get_by_role("link", name="Use it").click()
    expect(part(page, "Plan")).to_have_value("Drink more.\nNitrofurantoin for 5 days.")
    part(page, "What you find").press_sequentially("Well. /clear No fever.")
    expect(part(page, "What you find")).to_have_value("Well. Lungs clear on both sides. No fever.")
    part(page, "What the patient tells").press_sequentially(" /nothing such")
    expect(part(page, "What the patient tells")).to_have_value("Burning since yesterday. /nothing such")
    fine(page)
    part(page, "What you find").press_sequentially(" Walks well.")
    page.get_by_role("button", name="Make it a favourite").first.click()
    expect(page.get_by_role("button", name="Favourite", exact=True)).to_have_count(1)
    expect(part(page, "What you find")).to_have_value("Well. Lungs clear on both sides. No fever. Walks well.")
    page.get_by_role("button", name="Sign…").click()
    expect(page.get_by_text("Signed by Maren Okafor")).to_be_visible()
    fine(page)


def test_the_nurse_signs_a_part_and_the_doctor_adds_and_amends(running, open_page: Open, fine) -> None:
    nurse = open_page(address("encounter", running), client=sign_in(running.nurse))
    nurse.get_by_role("link", name="Write the nurse's part").click()
    fine(nurse)
    nurse.get_by_role("button", name="Sign your part…").click()
    expect(nurse.get_by_text("Write what you saw and did")).to_be_visible()
    refused(nurse)
    nurse.get_by_label("What you saw and did").fill("Walks without help.")
    nurse.get_by_role("button", name="Sign your part…").click()
    expect(nurse.get_by_text("Walks without help.")).to_be_visible()
    fine(nurse)

    running.signs()
    doctor = open_page(address("encounter", running), client=sign_in(running.doctor))
    doctor.get_by_role("link", name="Add to it").click()
    doctor.get_by_role("main").get_by_role("textbox").first.fill("The culture grew E. coli.")
    doctor.get_by_role("button", name=re.compile("^Sign the")).click()
    expect(doctor.get_by_text("The culture grew E. coli.")).to_be_visible()
    doctor.get_by_role("link", name="Amend it…").click()
    fine(doctor)
    part(doctor, "Plan").fill("Nitrofurantoin for 7 days.")
    doctor.get_by_role("button", name=re.compile("^Sign the")).click()
    expect(doctor.get_by_text("Nitrofurantoin for 7 days.")).to_be_visible()
    refused(doctor)
    doctor.get_by_label("Why the note is amended").fill("Wrong number of days")
    doctor.get_by_role("button", name=re.compile("^Sign the")).click()
    expect(doctor.get_by_text("The amended note is signed.")).to_be_visible()
    doctor.get_by_text("Version before, signed by Maren Okafor").click()
    fine(doctor)


def test_what_somebody_in_training_signs_waits_for_a_co_signature(running, open_page: Open, fine) -> None:
    supervised(running)
    running.signs()
    page = open_page("/records/notes-to-sign", client=sign_in(running.colleague))
    fine(page)
    page.get_by_role("list", name="Waiting for your co-signature").get_by_role("link").click()
    expect(page.get_by_text("Waits for a co-signature")).to_be_visible()
    fine(page)
    page.get_by_role("button", name="Co-sign the note…").click()
    expect(page.get_by_text("Co-signed. It is final now")).to_be_visible()
    expect(page.get_by_text("Waits for a co-signature")).to_have_count(0)
    fine(page)
