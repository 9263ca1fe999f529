"""Orders and what answers them, in a real browser: by keyboard, wide and narrow, with nothing that axe finds."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from healthcare.accounts.models import User
from patients.models import Patient
from records.models import ServiceRequest
from tests.factories import EntryFactory, PatientFactory, ProviderFactory, ServiceRequestFactory, portal_user, staff
from tests.journeys.accounts.conftest import Open
from tests.journeys.looking import fine
from tests.patients.conftest import sign_in
from tests.roles import as_the_system

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
WIDTHS = (1280, 360)
REPORT = {"text": "No focal consolidation. Heart not enlarged.", "conclusion": "No pneumonia.", "by": "Bay Imaging"}


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(given_name="Rosa", family_name="Delgado-Ferreira")


@pytest.fixture
def doctor(rosa: Patient) -> User:
    return staff("doctor", rosa.site, full_name="Maren Okafor")


def test_two_are_ordered_by_keyboard_alone(rosa, doctor, open_page: Open) -> None:
    ProviderFactory(user=doctor, name="Maren Okafor")
    page = open_page(f"/records/{rosa.pk}/orders/new", client=sign_in(doctor), width=1280)
    page.keyboard.type("bmp")
    expect(page.get_by_label("Lipid panel with direct LDL - Serum or Plasma")).to_have_count(0)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("chest x-ray")
    expect(page.get_by_label("XR Chest 2 Views")).to_be_visible()
    expect(page.get_by_label("Basic metabolic 2000 panel - Serum or Plasma")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.errors == [], page.errors
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ordered: 2.")).to_be_visible()
    with as_the_system():
        assert set(ServiceRequest.objects.values_list("code", flat=True)) == {"24321-2", "36643-5"}


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_look_right(width, rosa, doctor, open_page: Open) -> None:
    provider = ProviderFactory(user=doctor, name="Maren Okafor")
    late = timezone.localdate() - timedelta(days=3)
    order = ServiceRequestFactory(patient=rosa, provider=provider, written_by=doctor, expected_by=late)
    said = {"patient": rosa, "category": "imaging", "code": "36643-5", "display": "XR Chest 2 Views"}
    image = ServiceRequestFactory(**said, provider=provider, written_by=doctor)
    report = EntryFactory(
        patient=rosa,
        kind="diagnostic_report",
        display="XR Chest 2 Views",
        value=None,
        unit="",
        data=REPORT,
        request=image,
        record_status="corrected",
        provider=provider,
    )
    client, base = sign_in(doctor), f"/records/{rosa.pk}"
    page = open_page(f"{base}/orders/", client=client, width=width)
    fine(page)
    origin = page.url.split("/records/")[0]
    for address in (
        f"{base}/orders/new",
        f"{base}/orders/{order.pk}/",
        f"{base}/orders/{order.pk}/answer",
        f"{base}/orders/{image.pk}/",
        f"{base}/orders/{image.pk}/answer",
        f"{base}/entries/{report.pk}/correct-report",
        f"{base}/entries/{report.pk}/release",
        "/records/orders-overdue",
        "/records/results-to-read?all=1",
    ):
        page.goto(f"{origin}{address}")
        fine(page)
    patients = open_page(f"/portal/results/{report.pk}/", client=sign_in(portal_user(rosa)), width=width)
    expect(patients.get_by_text("This result was corrected.")).to_be_visible()
    fine(patients)
