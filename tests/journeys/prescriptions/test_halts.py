"""A medicine on hold as patients and the dispensary read it, and a prescription on paper, in a real browser."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import expect

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


def test_the_patient_reads_it_and_prints(open_page: Open, fine: Callable[[Any], None], taken: Any) -> None:
    nurse = sign_in(staff("nurse", taken.patient.site))
    day = timezone.localdate().isoformat()
    said = {"act": "hold", "reason": "operation", "day": day}
    nurse.post(f"/prescriptions/patients/{taken.patient_id}/{taken.pk}/halt", said)
    page = open_page("/portal/medicines", client=sign_in(portal_user(taken.patient)), width=360)
    expect(page.get_by_role("region", name="On hold: do not take for now")).to_contain_text(taken.medicine)
    fine(page)
    page.get_by_role("button", name="On paper").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Prescription on paper")
    fine(page)


def test_anybody_checks_a_code(open_page: Open, fine: Callable[[Any], None], taken: Any) -> None:
    made = {"state": "made", "document": uuid4(), "made_at": timezone.now()}
    PrescriptionSheetFactory(prescription=taken, digest=digest_of("a-code"), **made)
    page = open_page("/prescriptions/check/a-code")
    expect(page.get_by_role("heading", level=1)).to_have_text("Is this prescription valid?")
    expect(page.get_by_text("Valid", exact=True)).to_be_visible()
    fine(page)
    page = open_page("/prescriptions/check/another")
    expect(page.get_by_role("heading", level=1)).to_have_text("This code is not known")


def test_the_dispensary_says_what_is_on_hold(open_page: Open, fine: Callable[[Any], None], taken: Any) -> None:
    nurse = sign_in(staff("nurse", taken.patient.site))
    row = PrescriptionFactory(patient=taken.patient, reason="Reflux")
    said = {"act": "hold", "reason": "result", "day": timezone.localdate().isoformat()}
    nurse.post(f"/prescriptions/patients/{row.patient_id}/{row.pk}/halt", said)
    page = open_page("/prescriptions/dispensary", client=sign_in(staff("pharmacist", row.patient.site)))
    expect(page.get_by_role("listitem").filter(has_text=row.medicine)).to_contain_text("Because of a test result")
    fine(page)
