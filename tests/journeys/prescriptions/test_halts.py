"""A medicine on hold, the list reviewed, and a prescription on paper, in a real browser."""

import os
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from prescriptions.models import Prescription
from prescriptions.queries.codes import digest_of
from tests.factories import (
    EntryFactory,
    MedicationStatementFactory,
    PatientFactory,
    PrescriptionFactory,
    PrescriptionSheetFactory,
    portal_user,
    staff,
)
from tests.journeys.accounts.conftest import Open
from tests.patients.conftest import sign_in

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"


@pytest.fixture
def taken() -> Prescription:
    """One that is collected, one that is ready, and one told from elsewhere."""
    theo = PatientFactory(given_name="Theo", family_name=LONG)
    EntryFactory(patient=theo, kind="allergy", display="none", code="no-known-allergies", value=None, unit="")
    MedicationStatementFactory(patient=theo, sig_text="One in the evening")
    PrescriptionFactory(patient=theo, status="ready", reason="High blood pressure")
    found: Prescription = PrescriptionFactory(patient=theo, status="picked_up", reason="Knee pain", repeats=2)
    return found


def shot(page: Page, name: str) -> None:
    if folder := os.environ.get("SHOTS"):
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})


def test_a_nurse_puts_it_on_hold_and_reviews_the_list(open_page: Open, fine: Callable[[Any], None], taken: Any) -> None:
    client = sign_in(staff("nurse", taken.patient.site, full_name="Nadia Ferreira"))
    here = f"/prescriptions/patients/{taken.patient_id}/"
    page = open_page(f"{here}{taken.pk}", client=client)
    page.get_by_role("link", name="Hold or stop…").click()
    page.get_by_label("Why", exact=True).select_option(label="Before an operation or examination")
    page.get_by_label("In your words", exact=True).fill("Knee on Friday")
    fine(page)
    shot(page, "halt")
    page.get_by_role("button", name="Save").click()
    row = page.get_by_role("region", name="Active").get_by_role("listitem").filter(has_text=taken.medicine)
    expect(row).to_contain_text("by Nadia Ferreira: Before an operation or examination. Knee on Friday.")
    page.get_by_role("button", name="Reviewed, nothing changed").click()
    expect(page.get_by_role("region", name="Review", exact=True)).to_contain_text("Reviewed by Nadia Ferreira")
    fine(page)
    shot(page, "list")
    page.goto(page.url.split("/prescriptions")[0] + f"{here}{taken.pk}")
    fine(page)
    shot(page, "prescription")


def test_the_patient_reads_it_and_prints(open_page: Open, fine: Callable[[Any], None], taken: Any) -> None:
    nurse = sign_in(staff("nurse", taken.patient.site))
    day = timezone.localdate().isoformat()
    said = {"act": "hold", "reason": "operation", "day": day}
    nurse.post(f"/prescriptions/patients/{taken.patient_id}/{taken.pk}/halt", said)
    page = open_page("/portal/medicines", client=sign_in(portal_user(taken.patient)), width=360)
    expect(page.get_by_role("region", name="On hold: do not take for now")).to_contain_text(taken.medicine)
    fine(page)
    shot(page, "portal")
    page.get_by_role("button", name="On paper").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Prescription on paper")
    fine(page)
    shot(page, "portal-sheet")


def test_anybody_checks_a_code(open_page: Open, fine: Callable[[Any], None], taken: Any) -> None:
    made = {"state": "made", "document": uuid4(), "made_at": timezone.now()}
    PrescriptionSheetFactory(prescription=taken, digest=digest_of("a-code"), **made)
    page = open_page("/prescriptions/check/a-code")
    expect(page.get_by_role("heading", level=1)).to_have_text("Is this prescription valid?")
    expect(page.get_by_text("Valid", exact=True)).to_be_visible()
    fine(page)
    shot(page, "check")
    page = open_page("/prescriptions/check/another")
    expect(page.get_by_role("heading", level=1)).to_have_text("This code is not known")
    shot(page, "unknown")


def test_the_dispensary_says_what_is_on_hold(open_page: Open, fine: Callable[[Any], None], taken: Any) -> None:
    nurse = sign_in(staff("nurse", taken.patient.site))
    row = PrescriptionFactory(patient=taken.patient, reason="Reflux")
    said = {"act": "hold", "reason": "result", "day": timezone.localdate().isoformat()}
    nurse.post(f"/prescriptions/patients/{row.patient_id}/{row.pk}/halt", said)
    page = open_page("/prescriptions/dispensary", client=sign_in(staff("pharmacist", row.patient.site)))
    expect(page.get_by_role("listitem").filter(has_text=row.medicine)).to_contain_text("Because of a test result")
    fine(page)
    shot(page, "dispensary")
