"""A favourite is kept from a prescription and chosen for the next patient by the keyboard alone, in a real browser."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from healthcare.accounts.models import User
from tests.factories import (
    EntryFactory,
    FavouritePrescriptionFactory,
    PatientFactory,
    PrescriptionFactory,
    ProviderFactory,
    staff,
)
from tests.journeys.accounts.conftest import Open
from tests.journeys.looking import look
from tests.patients.conftest import sign_in

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def doctor() -> User:
    patient = PatientFactory(given_name="Theo")
    EntryFactory(patient=patient, kind="allergy", display="none", code="no-known-allergies", value=None, unit="")
    found = staff("doctor", patient.site)
    provider = ProviderFactory(user=found, name=found.full_name)
    found.written = PrescriptionFactory(patient=patient, prescriber=provider, repeats=2)
    FavouritePrescriptionFactory(user=found, name="Hypertension, elderly", repeats=3)
    return found


def test_kept_from_one_and_chosen_for_another(open_page: Open, fine: Callable[[Any], None], doctor: Any) -> None:
    written, client = doctor.written, sign_in(doctor)
    page = open_page(f"/prescriptions/patients/{written.patient_id}/{written.pk}", client=client)
    page.get_by_role("link", name="Keep as a favourite").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Keep as a favourite")
    fine(page)
    page.get_by_label("Short name").fill("Sugar, start")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Kept as Sugar, start.")).to_be_visible()
    page = open_page(f"/prescriptions/patients/{written.patient_id}/new", client=client)
    fine(page)
    page.keyboard.type("sugar")
    expect(page.get_by_role("button", name="Prescribe Hypertension, elderly")).to_be_hidden()
    fine(page)
    chosen = page.get_by_role("button", name="Prescribe Sugar, start")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(chosen).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("New prescription")
    expect(page.locator("#preview")).to_contain_text(written.sig_text)
    fine(page)


def test_renamed_and_removed(open_page: Open, fine: Callable[[Any], None], doctor: Any) -> None:
    page = open_page("/prescriptions/favourites", client=sign_in(doctor), width=360)
    fine(page)
    page.get_by_label("Short name").fill("")
    page.get_by_role("button", name="Rename Hypertension, elderly").click()
    expect(page.get_by_text("Give it a short name").first).to_be_visible()
    look(page)
    page.get_by_label("Short name").fill("Pressure")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_text("It is called Pressure now.")).to_be_visible()
    page.get_by_role("button", name="Remove Pressure").click()
    expect(page.get_by_text("No favourites yet")).to_be_visible()
    look(page)
