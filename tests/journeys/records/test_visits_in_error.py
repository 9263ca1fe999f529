"""A visit that was begun in the wrong chart, in a real browser: the doctor takes it back, the patient reads why."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.journeys.accounts.conftest import Open
from tests.patients.conftest import sign_in
from tests.records.test_encounter_pages import address
from tests.records.test_void_encounter import REASON, measure, ordered

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


def refused(page: Any) -> None:
    """The browser tells of each answer that is no success, as soon as it has it; this one was asked for."""
    if not page.errors:
        page.wait_for_event("console", lambda said: said.type == "error")
    assert {text for text in page.errors if "422" not in text} == set()
    page.errors.clear()


def test_a_visit_in_the_wrong_chart_is_taken_back(running, open_page: Open, fine) -> None:
    measure(running)
    ordered(running)
    running.signs()
    doctor = open_page(address("encounter", running), client=sign_in(running.doctor))
    doctor.get_by_role("link", name="Entered in error…").click()
    expect(doctor.get_by_text("Left as it is, to be looked at one by one")).to_be_visible()
    fine(doctor)
    doctor.get_by_role("button", name="Mark the visit as wrong…").click()
    refused(doctor)
    doctor.get_by_label("What is wrong with this visit").fill(REASON)
    doctor.get_by_role("button", name="Mark the visit as wrong…").click()
    expect(doctor.get_by_text("This visit was entered in error, said by Maren Okafor")).to_be_visible()
    fine(doctor)
    doctor.goto(doctor.url.split("/records/")[0] + reverse("records:encounters", args=[running.patient.pk]))
    expect(doctor.get_by_text(REASON)).to_be_visible()
    fine(doctor)

    rosa = open_page(reverse("records_portal:summaries"), client=sign_in(running.rosa))
    expect(rosa.get_by_text("Entered in error")).to_be_visible()
    fine(rosa)
    rosa.locator("a.title").first.click()
    expect(rosa.get_by_text(REASON)).to_be_visible()
    fine(rosa)
