"""Somebody new registers on a phone, and the front desk answers: in a real browser, nothing in a reader's way."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from patients.models import Patient
from tests.factories import PatientFactory, staff
from tests.journeys.accounts.conftest import Open
from tests.journeys.looking import follow
from tests.patients.conftest import sign_in
from tests.patients.registrations import PAGE, WHO, everything, link_of
from tests.roles import as_the_system

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"


def test_from_the_form_to_the_chart(open_page: Open, fine: Callable[[Any], None]) -> None:
    desk = staff("front_desk")
    site = desk.memberships.get().site
    PatientFactory(site=site, **vars(WHO) | {"given_name": "Ngosi", "family_name": f"{WHO.family_name}"})
    page: Any = open_page(PAGE, width=360)
    fine(page)
    page.get_by_label("Given names").fill(WHO.given_name)
    page.get_by_label("Family name").fill(WHO.family_name)
    page.get_by_label("What we shall call you").fill(LONG)
    page.get_by_role("textbox", name="Your date of birth").fill("Feb 30, 1991")
    page.get_by_label("Sex on your insurance card").select_option(label="Female")
    page.get_by_label("E-mail").fill(WHO.email)
    page.get_by_label("Yes, I have received it").check()
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[data-errors]")).to_be_focused()
    expect(page.get_by_label("Given names")).to_have_value(WHO.given_name)
    assert all("422" in said for said in page.errors)  # the browser's own line about the answer
    page.errors.clear()
    fine(page)
    page.get_by_role("textbox", name="Your date of birth").fill("Apr 2, 1991")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    [row] = everything()
    mailed: Any = open_page(link_of(row), width=360)
    mailed.get_by_role("button", name="Yes, send it").click()
    expect(mailed.get_by_role("heading", name="Thank you")).to_be_visible()
    fine(mailed)

    queue: Any = open_page("/patients/registrations", client=sign_in(desk))
    fine(queue)
    follow(queue.get_by_role("link", name=WHO.family_name))
    expect(queue.get_by_role("region", name="Already registered?")).to_contain_text("Ngosi")
    fine(queue)
    queue.get_by_role("button", name="None of them: register as new").click()
    expect(queue.locator("#messages")).to_contain_text("Registered.")
    expect(queue.locator(".banner")).to_contain_text(WHO.family_name)
    with as_the_system():
        assert Patient.objects.filter(given_name=WHO.given_name, preferred_name=LONG, site=site).count() == 1
