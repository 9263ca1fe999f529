"""Alerts in a real browser: nothing in a reader's way, and a list that refreshes by itself without moving under one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from alerts.models import Alert
from tests.alerts.conftest import Clinic
from tests.alerts.test_pages import address
from tests.events.draining import as_worker
from tests.factories import (
    AlertFactory,
    AppointmentFactory,
    EntryFactory,
    NoticeFactory,
    PatientFactory,
    PrescriptionFactory,
)
from tests.journeys.accounts.conftest import Open
from tests.patients.conftest import sign_in
from tests.roles import as_the_system

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
WIDTHS = (1280, 360)
CRITICAL = {"flag": "critical_high", "range": {"low": "3.5", "high": "5.1"}}
#: What htmx does every half minute, now.
REFRESH = "part => htmx.ajax('GET', part.getAttribute('hx-get'), {source: part, target: part, swap: 'outerHTML'})"


def potassium(ward: Clinic, patient: Any = None, **fields: Any) -> Alert:
    patient = patient or ward.patient
    said = {"code": "2823-3", "display": "Potassium", "value": "6.3", "unit": "mmol/L", "data": CRITICAL}
    entry = EntryFactory(patient=patient, effective_at=timezone.now(), **said)
    return AlertFactory(patient=patient, source=f"records.entry:{entry.pk}", **fields)


@pytest.fixture
def waiting(ward: Clinic) -> Alert:
    """One of each kind, an exhausted one with a long name, and one that was acknowledged."""
    now = timezone.now()
    alert = potassium(ward, owner=ward.doctor, level=1, raised_at=now - timedelta(minutes=6))
    for level, person in ((0, ward.doctor), (1, ward.doctor)):
        NoticeFactory(
            patient=ward.patient, alert=alert, letter="urgent_alert", area="clinical", recipient=person, level=level,
            state="skipped", reason="bad_address",
        )  # fmt: skip
    long = PatientFactory(
        site=ward.site,
        family_name="Wolfeschlegelsteinhausenbergerdorff",
        given_name="Hubert Blaine",
        preferred_name="Hub",
    )
    potassium(ward, long, level=3, next_at=None, raised_at=now - timedelta(hours=1))
    answered = {"state": "acknowledged", "acknowledged_at": now, "acknowledged_by": ward.colleague, "next_at": None}
    potassium(ward, **answered)
    medicine = PrescriptionFactory(patient=ward.patient, prescriber=ward.provider, status="not_collected")
    source = f"prescriptions.prescription:{medicine.pk}"
    AlertFactory(patient=ward.patient, kind="not_collected", severity="high", source=source, owner=ward.doctor)
    AlertFactory(patient=ward.patient, kind="picked_up", severity="info", source=source, next_at=None)
    with as_the_system():  # a visit and its claims are one transaction
        visit = AppointmentFactory(patient=ward.patient, provider=ward.provider)
    source = f"scheduling.appointment:{visit.pk}"
    AlertFactory(patient=ward.patient, kind="blocked_time", severity="high", source=source)
    return alert


@pytest.fixture
def look(open_page: Open, violations: Callable[[Page], list[str]]) -> Callable[..., None]:
    def looked(user: Any, *paths: str, scheme: str = "light") -> None:
        found, client = [], sign_in(user)
        for path in paths:
            for width in WIDTHS:
                page: Any = open_page(path, client=client, width=width, scheme=scheme)
                where = f"{path} at {width}"
                found += [f"{where}: {problem}" for problem in [*violations(page), *page.errors]]
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    found.append(f"{where}: scrolls sideways")
        assert found == []

    return looked


def test_every_page_of_a_doctor(ward: Clinic, waiting: Alert, look: Callable[..., None]) -> None:
    look(ward.doctor, "/alerts/", "/alerts/inbox", "/alerts/?show=acknowledged", "/alerts/board", address(waiting), "/")


def test_every_page_in_the_dark(ward: Clinic, waiting: Alert, look: Callable[..., None]) -> None:
    look(ward.colleague, "/alerts/", "/alerts/board", address(waiting), scheme="dark")


def test_the_desk_and_a_nurse(ward: Clinic, waiting: Alert, look: Callable[..., None]) -> None:
    look(ward.desk, "/alerts/", "/")
    look(ward.nurse, "/alerts/", address(waiting))


def test_nothing_waits(ward: Clinic, look: Callable[..., None]) -> None:
    look(ward.doctor, "/alerts/", "/alerts/?show=acknowledged", "/alerts/board", "/")


def test_acknowledged_from_the_home_page(ward: Clinic, waiting: Alert, open_page: Open) -> None:
    """Given an urgent potassium, when the doctor acknowledges it, then it waits no more and says who and when."""
    page = open_page("/", client=sign_in(ward.doctor))
    expect(page.get_by_role("heading", name="Urgent alerts")).to_be_visible()
    row = page.locator(".row.alert", has_text="Canaryson").filter(has_text="Potassium")
    expect(row).to_contain_text("6.3 mmol/L")
    expect(row).to_contain_text("Critically high")
    row.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#messages")).to_contain_text("Nobody else is asked any more")
    expect(page.locator("main")).to_contain_text("Dr. Maren Okafor")
    assert as_worker(lambda: Alert.objects.get(pk=waiting.pk)).state == "acknowledged"


@pytest.mark.parametrize("path", ["/", "/alerts/"])
def test_it_refreshes_by_itself(ward: Clinic, open_page: Open, path: str) -> None:
    page: Any = open_page(path, client=sign_in(ward.doctor))
    potassium(ward)
    page.mouse.move(2, 2)
    page.locator("main [data-live]").evaluate(REFRESH)
    expect(page.locator("main [data-live]")).to_contain_text("Potassium")
    page.locator("main [data-live]").evaluate(REFRESH)
    expect(page.locator("main [data-live]")).to_have_count(1)
    assert page.errors == []


@pytest.mark.parametrize("path", ["/", "/alerts/"])
def test_nothing_moves_under_the_pointer_or_the_focus(ward: Clinic, waiting: Alert, open_page: Open, path: str) -> None:
    page: Any = open_page(path, client=sign_in(ward.doctor))
    button = page.locator("main [data-live]").get_by_role("button", name="Acknowledge").first
    changed = page.locator("[data-changed]")
    for use in (button.hover, button.focus):
        use()
        page.locator("main [data-live]").evaluate(REFRESH)
        page.wait_for_load_state("networkidle")
        expect(changed).to_be_hidden()
    potassium(ward, PatientFactory(site=ward.site, family_name="Newcomer"))
    page.locator("main [data-live]").evaluate(REFRESH)
    expect(changed).to_be_visible()
    expect(page.locator("main [data-live]")).not_to_contain_text("Newcomer")
    expect(button).to_be_focused()
    assert page.errors == []
