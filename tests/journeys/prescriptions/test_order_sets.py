"""An order set is chosen by the keyboard, changed, answered once and signed, in a real browser."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from healthcare.accounts.models import User
from prescriptions import actions
from prescriptions.models import Medication
from prescriptions.rules.sig import Sig
from tests.factories import EntryFactory, OrderSetFactory, OrderSetLineFactory, PatientFactory, ProviderFactory, staff
from tests.journeys.accounts.conftest import Open
from tests.journeys.looking import look
from tests.patients.conftest import sign_in
from tests.roles import as_the_system

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
LINES = ("warfarin 5 mg, tablet", "ibuprofen 400 mg, tablet", "omeprazole 20 mg, delayed-release capsule")


@pytest.fixture
def doctor() -> User:
    with as_the_system():
        actions.load_knowledge(by=None)
    patient = PatientFactory(given_name="Theo")
    EntryFactory(patient=patient, kind="allergy", display="none", code="no-known-allergies", value=None, unit="")
    found = staff("doctor", patient.site)
    ProviderFactory(user=found, name=found.full_name)
    chosen = OrderSetFactory(name="Knee and heart")
    for position, label in enumerate(LINES, 1):
        medicine = Medication.objects.get(label=label)
        sig = Sig(Decimal(1), medicine.dose_unit, medicine.route, "once_daily", 30)
        OrderSetLineFactory(order_set=chosen, position=position, medication=medicine, sig=sig.content())
    found.patient_id = patient.pk
    return found


@pytest.mark.parametrize("width", [1280, 360])
def test_chosen_changed_answered_once_and_signed(
    open_page: Open, fine: Callable[[Any], None], doctor: Any, width: int
) -> None:
    page = open_page(f"/prescriptions/patients/{doctor.patient_id}/new", client=sign_in(doctor), width=width)
    page.keyboard.type("knee")
    chosen = page.get_by_role("button", name="Choose Knee and heart")
    expect(chosen).to_be_visible()
    fine(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(chosen).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("3 prescriptions to sign")
    fine(page)
    page.get_by_role("button", name=f"Leave out {LINES[2]}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 prescriptions to sign")
    sheet = page.locator("section.card", has=page.get_by_role("heading", name=LINES[1], exact=True))
    sheet.locator("summary").click()
    sheet.get_by_label("For how many days").fill("3")
    sheet.get_by_label("For how many days").press("Tab")
    expect(sheet.get_by_text("Draft kept")).to_be_visible()
    expect(sheet).to_contain_text("for 3 days")
    fine(page)
    page.get_by_role("button", name="Sign 2 prescriptions…").click()
    expect(page.get_by_text("Choose a reason to go on").first).to_be_visible()
    look(page)
    page.get_by_label("Reason").select_option("benefit")
    page.get_by_role("button", name="Sign 2 prescriptions…").click()
    expect(page.get_by_text("Signed: 2 prescriptions.")).to_be_visible()
