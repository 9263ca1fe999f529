"""What a visit dealt with, chosen beside the note in a real browser: nothing typed is lost by a press."""

import pytest
from playwright.sync_api import expect

from tests.journeys.accounts.conftest import Open
from tests.patients.conftest import sign_in
from tests.records.test_diagnoses import address, problem

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def test_problems_are_chosen_and_signed_with_the_note(running, open_page: Open, fine) -> None:
    problem(running)
    problem(running, "Hypertension", "I10")
    page = open_page(address("note", running), client=sign_in(running.doctor))
    page.get_by_label("Plan", exact=True).fill("Drink more.")
    page.get_by_role("button", name="Dealt with in this visit: Type 2 diabetes").click()
    expect(page.get_by_role("button", name="Not in this visit: Type 2 diabetes")).to_be_visible()
    expect(page.get_by_label("Plan", exact=True)).to_have_value("Drink more.")
    page.get_by_role("button", name="Dealt with in this visit: Hypertension").click()
    page.get_by_role("button", name="Make principal: Hypertension").click()
    expect(page.get_by_role("button", name="Make principal: Type 2 diabetes")).to_be_visible()
    fine(page)
    page.get_by_label("Your view", exact=True).fill("Stable.")
    page.get_by_role("button", name="Sign…").click()
    expect(page.get_by_text("Signed by Maren Okafor")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Hypertension").first).to_contain_text("Principal")
    fine(page)
