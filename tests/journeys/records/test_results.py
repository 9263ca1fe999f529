"""A result that was wrong, in a real browser: entered, read, corrected, told again, and flagged for the patient."""

import pytest
from playwright.sync_api import Page, expect

from healthcare.accounts.models import User
from patients.models import Patient
from records.models import Entry
from tests.events.draining import drain
from tests.factories import PatientFactory, ProviderFactory, portal_user, staff
from tests.journeys.accounts.conftest import Open
from tests.journeys.looking import fine, follow, look
from tests.patients.conftest import sign_in
from tests.roles import as_the_system

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(given_name="Rosa", family_name="Delgado-Ferreira")


@pytest.fixture
def doctor(rosa: Patient) -> User:
    doctor = staff("doctor", rosa.site, full_name="Maren Okafor")
    ProviderFactory(user=doctor, name="Maren Okafor")
    return doctor


def newest() -> Entry:
    with as_the_system():
        return Entry.objects.of_kind("laboratory_result").current().get()


def a_nurse_writes_down_what_the_laboratory_says(rosa: Patient, width: int, open_page: Open) -> Page:
    page = open_page(f"/records/{rosa.pk}/results/enter", client=sign_in(staff("nurse", rosa.site)), width=width)
    page.select_option("[name=code]", "4548-4")
    page.fill("[name=value]", "7.4")
    page.select_option("[name=provider]", label="Maren Okafor")
    fine(page)
    follow(page.locator("[data-key-save]"))
    fine(page)
    return page


@pytest.mark.parametrize("width", [1280, 360])
def test_a_wrong_result_is_corrected_and_everybody_learns_of_it(width, rosa, doctor, open_page: Open) -> None:
    nurses = a_nurse_writes_down_what_the_laboratory_says(rosa, width, open_page)
    wrong = newest()

    # The doctor reads it, and writes to the patient.
    doctors = open_page("/records/results-to-read", client=sign_in(doctor), width=width)
    fine(doctors)
    follow(doctors.get_by_role("link", name="Delgado-Ferreira").first)
    expect(doctors.get_by_text("in a moment, by itself")).to_be_visible()
    fine(doctors)
    doctors.fill("[name=comment]", "That is higher than in spring. Call me.")
    follow(doctors.locator("#release button.main"))
    expect(doctors.get_by_text("The patient can read it now.")).to_be_visible()
    drain()

    # The patient reads it, with what it may mean.
    patient = open_page(f"/portal/results/{wrong.pk}/", client=sign_in(portal_user(rosa)), width=width)
    expect(patient.get_by_text("they can be a sign of diabetes")).to_be_visible()
    expect(patient.get_by_text("higher than in spring")).to_be_visible()
    fine(patient)

    # It was wrong: the laboratory says so, and the nurse corrects it.
    origin = nurses.url.split("/records/")[0]
    nurses.goto(f"{origin}/records/{rosa.pk}/entries/{wrong.pk}/correct-result")
    fine(nurses)
    nurses.fill("[name=value]", "5.2")
    follow(nurses.get_by_role("button", name="Correct it"))
    fine(nurses)
    right = newest()
    assert (right.supersedes_id, right.record_status) == (wrong.pk, "corrected")
    drain()

    # The doctor is told again, and the patient reads that it was corrected.
    doctors.goto(f"{origin}/alerts/")
    expect(doctors.get_by_text("corrected").first).to_be_visible()
    fine(doctors)
    patient.goto(f"{origin}/portal/results/")
    expect(patient.get_by_text("Corrected").first).to_be_visible()
    fine(patient)
    follow(patient.get_by_role("link", name="Blood sugar over 3 months").first)
    assert patient.url.endswith(f"/portal/results/{right.pk}/")
    expect(patient.get_by_text("This result was corrected.")).to_be_visible()
    expect(patient.get_by_text("No clinician has read this yet.")).to_be_visible()
    fine(patient)


@pytest.mark.parametrize("width", [1280, 360])
def test_the_pages_of_release_look_right(width, rosa, doctor, open_page: Open) -> None:
    client, desk = sign_in(doctor), sign_in(staff("front_desk", rosa.site))
    nurses = open_page(f"/records/{rosa.pk}/results/enter", client=sign_in(staff("nurse", rosa.site)), width=width)
    nurses.select_option("[name=code]", "4548-4")
    nurses.fill("[name=value]", "7.4")
    follow(nurses.locator("[data-key-save]"))
    hold = f"/records/{rosa.pk}/entries/{newest().pk}/hold"
    page = open_page(hold, client=client, width=width)
    fine(page)
    page.fill("[name=reason]", "He said that he would hurt her.")
    page.fill("[name=until]", "2199-01-01")
    follow(page.locator("#hold button.danger"))
    expect(page.get_by_text("within the next 30").first).to_be_visible()
    expect(page.locator("[name=reason]")).to_have_value("He said that he would hurt her.")
    look(page)
    wish = open_page("/portal/results/when", client=sign_in(portal_user(rosa)), width=width)
    fine(wish)
    wish.get_by_label("When my doctor has sent them to me or spoken to me").check()
    follow(wish.get_by_role("button", name="Save"))
    fine(wish)
    fine(open_page("/records/tests-overdue", client=desk, width=width))
