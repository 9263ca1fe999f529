"""A question about a result, from the result itself to the copy of the conversation in the chart; wide and narrow."""

import pytest
from playwright.sync_api import expect

from records.models import Entry
from tests.factories import EntryFactory, PatientFactory, SiteFactory, portal_user, staff
from tests.journeys.accounts.conftest import Open
from tests.journeys.looking import fine, follow
from tests.patients.conftest import sign_in
from tests.roles import as_the_system

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1280, 360])
def test_from_a_result_to_the_chart(width: int, open_page: Open) -> None:
    """Given a result, when Rosa asks about it, then the doctor sees which one, answers, and files the conversation."""
    rosa = PatientFactory(site=SiteFactory(name="Alder Street"), given_name="Rosa", family_name="Delgado-Ferreira")
    result = EntryFactory(patient=rosa)
    doctor = staff("doctor", rosa.site, full_name="Maren Okafor")

    portal = open_page(f"/portal/results/{result.pk}/", client=sign_in(portal_user(rosa)), width=width)
    follow(portal.get_by_role("link", name="Ask about this"))
    expect(portal.get_by_label("A test result")).to_be_checked()
    expect(portal.get_by_role("link", name="Blood sugar over 3 months (A1c)")).to_be_visible()
    fine(portal)
    portal.get_by_label("Your message").fill("What does this mean for me?")
    follow(portal.get_by_role("button", name="Send"))
    expect(portal.get_by_role("link", name="Blood sugar over 3 months (A1c)")).to_be_visible()
    fine(portal)

    chart = open_page("/records/messages/", client=sign_in(doctor), width=width)
    follow(chart.get_by_role("link", name="Delgado-Ferreira, Rosa"))
    expect(chart.get_by_role("link", name="Blood sugar over 3 months (A1c)")).to_be_visible()
    chart.get_by_label("Answer", exact=True).fill("Your sugar was a little high. We talk about it on Monday.")
    follow(chart.get_by_role("button", name="Send"))
    follow(chart.get_by_role("button", name="File to the chart"))
    fine(chart)
    follow(chart.get_by_role("link", name="by Maren Okafor"))
    expect(chart.locator("main")).to_contain_text("What does this mean for me?")
    expect(chart.locator("main")).to_contain_text("We talk about it on Monday.")
    fine(chart)
    chart.goto(chart.url.rsplit("/", 2)[0] + "/")
    expect(chart.locator("main")).to_contain_text("Test result: 2 messages")
    fine(chart)
    with as_the_system():
        assert Entry.objects.get(patient_id=rosa.pk, kind="conversation").author == doctor
