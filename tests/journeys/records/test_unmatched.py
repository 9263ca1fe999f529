"""Results of nobody sure, in a real browser: from the list into a chart, wide and narrow, nothing that axe finds."""

import pytest
from playwright.sync_api import expect

from records.models import Entry
from tests.factories import PatientFactory, UnmatchedResultFactory, staff
from tests.journeys.accounts.conftest import Open
from tests.journeys.looking import look
from tests.patients.conftest import sign_in
from tests.roles import as_the_system

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1280, 360])
def test_from_the_list_into_a_chart(width, open_page: Open) -> None:
    patient = PatientFactory(given_name="Teodora", family_name="Brightwater", birth_date="1968-03-12")
    UnmatchedResultFactory()
    client = sign_in(staff("nurse", patient.site))
    page = open_page("/records/unmatched/", client=client, width=width)
    look(page)
    page.get_by_role("link", name="Potassium").click()
    expect(page.get_by_role("heading", name="Of whom it speaks")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Brightwater, Teodora").click()
    expect(page.get_by_role("heading", name="Match a result")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Put it into this chart").click()
    expect(page.get_by_text("It stands in the chart now, and waits to be read.")).to_be_visible()
    assert page.errors == [], page.errors  # type: ignore[attr-defined]
    with as_the_system():
        assert Entry.objects.filter(patient=patient, code="2823-3", data__flag="critical_high").exists()
    page.goto(page.url.split("/records/")[0] + "/records/unmatched/")
    expect(page.get_by_text("Every result has its patient")).to_be_visible()
    look(page)
