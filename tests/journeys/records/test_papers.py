"""Papers in a real browser: from the visit to the PDF, a sick note, the patient's own, and a page on paper."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from records.actions.papers import make_paper
from records.models import Paper
from tests.factories import PaperFactory
from tests.journeys.accounts.conftest import Open
from tests.patients.conftest import sign_in
from tests.records.test_encounter_pages import address
from tests.roles import as_the_system

pytestmark = [pytest.mark.journey, pytest.mark.pango, pytest.mark.django_db(transaction=True)]


def worker() -> None:
    """Does what a worker does with what waits."""
    with as_the_system():
        for paper in Paper.objects.filter(state="asked"):
            make_paper(by=None, paper_id=paper.pk, now=timezone.now())


def test_from_the_visit_to_the_summary_and_a_sick_note(running, open_page: Open, fine) -> None:
    running.signs(now=timezone.now())
    page = open_page(address("encounter", running), client=sign_in(running.doctor))
    page.get_by_role("button", name="Visit summary (PDF)").click()
    expect(page.get_by_text("This takes a few seconds.")).to_be_visible()
    fine(page)
    worker()
    expect(page.get_by_role("link", name="Download the PDF")).to_be_visible(timeout=20_000)  # by itself
    fine(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the PDF").click()
    assert download.value.suggested_filename.startswith("summary-")
    page.goto(page.url.split("/records/")[0] + address("encounter", running))
    page.get_by_role("link", name="Sick note…").click()
    fine(page)
    page.get_by_label("To", exact=True).fill((timezone.localdate() + timedelta(days=2)).isoformat())
    page.get_by_role("button", name="Sign…").click()
    expect(page.get_by_role("heading", name="Sick note", level=1)).to_be_visible()
    worker()
    page.get_by_role("link", name="Declare it void…").click()
    fine(page)
    page.get_by_label("Why it is void").fill("Wrong days")
    page.get_by_role("button", name="Declare it void").click()
    expect(page.get_by_text("The sick note is void.")).to_be_visible()
    fine(page)
    page.get_by_role("link", name="All papers").click()
    expect(page.get_by_text("Version 1")).to_be_visible()
    fine(page)


def test_the_patient_takes_their_record_along(running, open_page: Open, fine) -> None:
    running.signs(now=timezone.now())
    failed = {"kind": "immunizations", "state": "failed", "failure": "LookupError"}
    PaperFactory(patient=running.patient, asked_by=running.rosa, asked_as="patient", **failed)
    page = open_page("/portal/papers/", client=sign_in(running.rosa))
    fine(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the record as data (FHIR)").click()
    assert download.value.suggested_filename.startswith("record-")
    bundle = json.loads(Path(download.value.path()).read_text())
    assert {"Patient", "Encounter", "DocumentReference"} <= {one["resource"]["resourceType"] for one in bundle["entry"]}
    page.get_by_role("button", name="Everything: the full chart").click()
    expect(page.get_by_text("You can leave this page")).to_be_visible()
    worker()
    expect(page.get_by_role("link", name="Download the PDF")).to_be_visible(timeout=20_000)
    fine(page)
    page.get_by_role("link", name="All papers").click()
    page.get_by_role("link", name="Immunization certificate").click()
    expect(page.get_by_text("It could not be made.")).to_be_visible()
    fine(page)


@pytest.mark.parametrize("place", ["chart", "portal"])
def test_any_page_on_paper_names_the_patient_and_the_time_and_has_no_navigation(
    place, running, open_page: Open
) -> None:
    running.signs(now=timezone.now())
    who, where = (running.doctor, address("encounter", running)), (running.rosa, "/portal/health/")
    user, start = {"chart": who, "portal": where}[place]
    page: Page = open_page(start, client=sign_in(user))
    page.emulate_media(media="print")
    for hidden in (".topbar", ".nav"):
        assert not page.locator(hidden).first.is_visible()
    foot = page.locator(".print-foot").inner_text()
    for part in ("Delgado", running.patient.mrn, "born", str(running.patient.birth_date.year), "Printed"):
        assert part in foot, foot
