"""From asking that the record be amended to the answer, the disagreement and the rebuttal, wide and narrow."""

import pytest
from playwright.sync_api import expect

from patients.models import Patient
from records.models import AmendmentRequest
from tests.factories import EntryFactory, PatientFactory, portal_user, staff
from tests.journeys.accounts.conftest import Open
from tests.journeys.looking import fine, follow, look
from tests.patients.conftest import sign_in
from tests.roles import as_the_system

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
WANTED, REASON = "It should say that I was fasting.", "I had eaten nothing since the evening."


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(given_name="Rosa", family_name="Delgado-Ferreira")


@pytest.mark.parametrize("width", [1280, 360])
def test_from_asking_to_the_rebuttal(width: int, rosa: Patient, open_page: Open) -> None:
    """Given a result, when Rosa asks for an amendment and it is denied, then she disagrees and reads the rebuttal."""
    doctor = staff("doctor", rosa.site, full_name="Dr. Maren Okafor")
    result = EntryFactory(patient=rosa, author=doctor, enterer=doctor)
    page = open_page(f"/portal/results/{result.pk}/", client=sign_in(portal_user(rosa)), width=width)
    follow(page.get_by_role("link", name="Something here is wrong"))
    fine(page)
    page.get_by_label("What should it say?").fill(WANTED)
    page.get_by_label("Why?").fill("no")
    follow(page.get_by_role("button", name="Send to the clinic"))
    expect(page.get_by_label("What should it say?")).to_have_value(WANTED)
    look(page)
    page.errors.clear()  # type: ignore[attr-defined]  # the browser says that the form was refused
    page.get_by_label("Why?").fill(REASON)
    follow(page.get_by_role("button", name="Send to the clinic"))
    expect(page.locator("main")).to_contain_text("You have an answer by")
    fine(page)
    with as_the_system():
        asked = AmendmentRequest.objects.get(patient=rosa)

    clinic = open_page("/records/amendments-to-answer", client=sign_in(doctor), width=width)
    fine(clinic)
    follow(clinic.get_by_role("link", name="Delgado-Ferreira, Rosa"))
    fine(clinic)
    follow(clinic.get_by_role("button", name="Make it mine"))
    form = clinic.locator("#deny")
    form.get_by_label("On which ground").select_option("accurate")
    form.get_by_label("Why, in plain words").fill("It says what the laboratory told us.")
    follow(form.get_by_role("button", name="Deny"))
    fine(clinic)

    page.goto(f"{page.url.split('/portal/')[0]}/portal/amendments/{asked.pk}/")
    fine(page)
    page.get_by_label("Why do you disagree?").fill("I was there, and I had not eaten.")
    follow(page.get_by_role("button", name="Keep my statement"))
    expect(page.locator("main")).to_contain_text("I had not eaten")
    fine(page)

    clinic.reload()
    clinic.get_by_label("What the clinic answers").fill("The laboratory was asked again.")
    follow(clinic.get_by_role("button", name="Keep this answer"))
    fine(clinic)
    clinic.goto(f"{clinic.url.split('/records/')[0]}/records/{rosa.pk}/entries/{result.pk}/")
    expect(clinic.locator("main")).to_contain_text("I had not eaten")
    fine(clinic)
    page.goto(f"{page.url.split('/portal/')[0]}/portal/amendments/")
    fine(page)
    page.goto(f"{page.url.split('/portal/')[0]}/portal/results/{result.pk}/")
    expect(page.locator("main")).to_contain_text("The laboratory was asked again.")
    fine(page)
