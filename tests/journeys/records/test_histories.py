"""Allergies, the history and what can be put right, in a real browser: wide and narrow, with nothing that axe finds."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.models import Patient
from records.actions.allergies import change_allergy, record_allergy
from records.actions.histories import record_living, record_operation, record_relative
from records.kinds.social_history import YES
from records.rules.said import Operation, Reaction, Relative
from tests.factories import AppointmentFactory, PatientFactory, ProviderFactory, staff
from tests.journeys.accounts.conftest import Open
from tests.journeys.looking import fine, follow, look
from tests.patients.conftest import sign_in
from tests.roles import as_the_system

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
WIDTHS = (1280, 360)


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(given_name="Rosa", family_name="Delgado-Ferreira")


@pytest.fixture
def nurse(rosa: Patient) -> User:
    return staff("nurse", rosa.site, full_name="Ada Lind")


def tell(nurse: User, rosa: Patient) -> None:
    now = timezone.now()
    worst = Reaction("penicillin", "anaphylaxis", "severe", "medication", criticality="high", verification="confirmed")
    with acting_as(nurse):
        record_allergy(by=nurse, patient=rosa, reaction=worst, now=now)
        dust = Reaction("dust", "sneezing", "mild", verification="unconfirmed")
        record_allergy(by=nurse, patient=rosa, reaction=dust, now=now)
        gone = record_allergy(by=nurse, patient=rosa, reaction=Reaction("aspirin"), now=now)
        said = {"standing": "refuted", "because": "Taken since without a reaction"}
        change_allergy(by=nurse, entry=gone, reaction=Reaction("aspirin"), now=now, **said)
        operation = Operation("Gallbladder removed", "2009-05", "Bay State Surgical")
        record_operation(by=nurse, patient=rosa, operation=operation, now=now)
        record_relative(by=nurse, patient=rosa, relative=Relative("FTH", "Heart attack", "61", died=True), now=now)
        record_living(by=nurse, patient=rosa, answers={"72166-2": "LA15920-4", "93033-9": YES}, now=now)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_look_right(width, rosa, nurse, open_page: Open) -> None:
    tell(nurse, rosa)
    client = sign_in(nurse)
    page = open_page(f"/records/{rosa.pk}/allergies/", client=client, width=width)
    expect(page.get_by_text("May be life-threatening")).to_be_visible()
    fine(page)
    follow(page.get_by_role("link", name="Change penicillin"))
    fine(page)
    for address in ("allergies/add", "history/", "history/living", "history/surgery/add", "history/family/add"):
        page.goto(f"{page.url.split('/records/')[0]}/records/{rosa.pk}/{address}")
        fine(page)
    page.goto(f"{page.url.split('/records/')[0]}/patients/{rosa.pk}/")
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    fine(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_same_allergy_twice_asks_why(width, rosa, nurse, open_page: Open) -> None:
    tell(nurse, rosa)
    page = open_page(f"/records/{rosa.pk}/allergies/add", client=sign_in(nurse), width=width)
    page.get_by_label("Allergic to").fill("Penicillin")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("heading", name="It is on the list already")).to_be_visible()
    look(page)
    page.get_by_label("Why it is recorded a second time").fill("Two kinds of reaction")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_text("On the list of allergies now")).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_home_page_fills_in_what_can_be_put_right(width, rosa, nurse, open_page: Open) -> None:
    provider = ProviderFactory(user=staff("doctor", rosa.site))
    start = timezone.now() + timedelta(days=2)
    with as_the_system():  # a visit stands with its claims
        AppointmentFactory(patient=rosa, provider=provider, site=rosa.site, start=start)
    page = open_page("/", client=sign_in(nurse), width=width)
    line = page.get_by_role("link", name="Allergies never asked")
    expect(line).to_be_visible(timeout=10_000)
    fine(page)
    follow(page.get_by_role("region", name="To put right").get_by_role("link", name="Open"))
    fine(page)
    follow(page.get_by_role("link", name="Allergies never asked"))
    expect(page.get_by_text("Delgado-Ferreira")).to_be_visible()
    fine(page)
