"""Vital signs by keyboard alone, and how they went: trends and growth, wide and narrow."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from healthcare.accounts.models import User
from patients.models import Patient
from tests.factories import PatientFactory, staff
from tests.journeys.accounts.conftest import Open
from tests.journeys.looking import fine
from tests.patients.conftest import sign_in
from tests.records.measuring import measure, result

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
WIDTHS = (1280, 360)
DAY = timedelta(days=1)
BY_HAND_MS = 60  # between two keys: a quick typist
AT_MOST = 15.0  # seconds


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(given_name="Rosa", family_name="Delgado-Ferreira")


@pytest.fixture
def nurse(rosa: Patient) -> User:
    return staff("nurse", rosa.site, full_name="Ada Lind")


def test_a_nurse_records_vital_signs_by_keyboard_in_fifteen_seconds(rosa, nurse, open_page: Open) -> None:
    """Given the form, when she types and presses Tab and Enter, then all of it stands there before 15 s are over."""
    page = open_page(f"/records/{rosa.pk}/vitals/record", client=sign_in(nurse), width=1280)
    expect(page.get_by_label("Blood pressure")).to_be_focused()
    began = time.monotonic()
    for typed in ("128/82", "76", "16", "98.6 F", "97", "180 lb", "5'5"):
        page.keyboard.type(typed, delay=BY_HAND_MS)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("Recorded. Everything is in range.")
    took = time.monotonic() - began
    main = page.get_by_role("main")
    for value in ("128/82 mmHg", "76 /min", "37 °C", "97 %", "81.65 kg", "165.1 cm"):
        expect(main).to_contain_text(value)
    assert took < AT_MOST, f"It took {took:.1f} s."


@pytest.mark.parametrize("width", WIDTHS)
def test_trends_look_right(width, rosa, nurse, open_page: Open) -> None:
    for days, upper, lower in ((120, "162", "98"), (60, "150", "92"), (10, "136", "84")):
        measure(nurse, rosa, at=timezone.now() - days * DAY, systolic=upper, diastolic=lower, weight="81.5")
        result(nurse, rosa, f"{7 + days / 100:.1f}", at=timezone.now() - days * DAY)
    page = open_page(f"/records/{rosa.pk}/trends/85354-9", client=sign_in(nurse), width=width)
    expect(page.get_by_role("img", name="Blood pressure over time")).to_be_visible()
    fine(page)
    base = page.url.split("/records/")[0]
    for address in (f"/records/{rosa.pk}/trends/4548-4", f"/patients/{rosa.pk}/"):
        page.goto(base + address)
        fine(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_growth_looks_right(width, rosa, nurse, open_page: Open) -> None:
    today = timezone.localdate()
    child = PatientFactory(site=rosa.site, sex="female", sex_at_birth="", birth_date=today - 1200 * DAY)
    for days, weight, height in ((1100, "6.1", "60"), (800, "10", "77"), (400, "12.2", "88"), (2, "14.9", "97")):
        measure(nurse, child, at=timezone.now() - days * DAY, weight=weight, height=height)
    page = open_page(f"/records/{child.pk}/growth", client=sign_in(nurse), width=width)
    for name in ("Weight", "Height", "Body mass index"):
        expect(page.get_by_role("img", name=name)).to_be_visible()
    fine(page)
