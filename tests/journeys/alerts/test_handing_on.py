"""An alert handed on, a line put off, an alert acknowledged from the list: in a real browser, by the keyboard too."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from alerts.models import Alert, PutOff
from tests.alerts.conftest import Clinic, reread
from tests.events.draining import as_worker, drain
from tests.factories import AlertFactory, CoverFactory, EntryFactory, ThreadFactory, staff
from tests.journeys.accounts.conftest import Open
from tests.journeys.alerts.test_alerts import WIDTHS, potassium
from tests.patients.conftest import sign_in

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
INBOX = "/alerts/inbox"


@pytest.fixture
def look(violations: Callable[[Page], list[str]]) -> Callable[[Any], None]:
    """At both widths: clean, and nothing scrolls sideways."""

    def looked(page: Any) -> None:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert [*violations(page), *page.errors] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.set_viewport_size({"width": 1280, "height": 900})

    return looked


def test_handed_on_to_who_stands_in(ward: Clinic, open_page: Open, look: Callable[[Any], None]) -> None:
    """Given an urgent potassium and a colleague who is away, when the doctor hands it on to that colleague, then who
    stands in has it and is told, and it stays in the doctor's list until they acknowledge it."""
    alert = potassium(ward, owner=ward.doctor)
    away = staff("doctor", ward.site, full_name="Dr. Ines Away")
    CoverFactory(absent=away, cover=ward.colleague, role="doctor")
    page: Any = open_page(INBOX, client=sign_in(ward.doctor))
    page.get_by_role("link", name="Hand on").click()
    look(page)
    page.get_by_label("Give it to").select_option(label=f"Dr. Ines Away is away: goes to {ward.colleague.full_name}")
    page.get_by_label("A word to them").fill("The lab repeats it, result at noon.")
    page.get_by_role("button", name="Hand it on").click()
    expect(page.locator("#messages")).to_contain_text("Dr. Ines Away is away")
    expect(page.locator("main")).to_contain_text("Handed on by Dr. Maren Okafor")
    expect(page.locator("main")).to_contain_text("result at noon")
    look(page)
    drain()
    assert reread(alert).owner == ward.colleague
    page.goto(page.url.split("/alerts/")[0] + INBOX)
    expect(page.locator("#inbox")).to_contain_text(f"Waiting for {ward.colleague.full_name}")
    look(page)
    theirs: Any = open_page(INBOX, client=sign_in(ward.colleague))
    theirs.get_by_role("button", name="Acknowledge").click()
    expect(theirs.locator("#inbox")).to_contain_text("Alerts (0)")
    page.reload()
    expect(page.locator("#inbox")).to_contain_text("Alerts (0)")


def test_put_off_by_the_keyboard_and_taken_back(ward: Clinic, open_page: Open, look: Callable[[Any], None]) -> None:
    """Given three lines, when the first is put off by the keyboard, then the focus is on the next, the first stands
    under "Put off" with its moment, and taken back it is there again."""
    for _number in range(2):
        EntryFactory(patient=ward.patient, provider=ward.provider, data={"flag": "high"})
    ThreadFactory(patient=ward.patient, provider=ward.provider, waiting_since=timezone.now())
    page: Any = open_page(INBOX, client=sign_in(ward.doctor))
    rows = page.locator("#inbox .rows > li")
    expect(rows).to_have_count(3)
    second = rows.nth(1).locator("a").first.get_attribute("href")
    page.keyboard.press("j")
    rows.first.locator("summary").focus()
    page.keyboard.press("Enter")
    look(page)
    rows.first.get_by_role("button", name="In an hour").focus()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(2)
    expect(page.locator("#messages")).to_contain_text("Put off until")
    assert page.evaluate("document.activeElement.getAttribute('href')") == second
    assert page.url.endswith(INBOX)
    page.get_by_role("link", name="Put off (1)").click()
    expect(page.locator("#inbox")).to_contain_text("Put off until")
    look(page)
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("#inbox")).to_contain_text("You have put nothing off")
    page.get_by_role("link", name="All (3)").click()
    expect(rows).to_have_count(3)
    assert as_worker(lambda: PutOff.objects.lasting(timezone.now()).count()) == 0


def test_a_day_that_has_passed_is_said_beside_what_was_typed(
    ward: Clinic, open_page: Open, look: Callable[[Any], None]
) -> None:
    EntryFactory(patient=ward.patient, provider=ward.provider, data={"flag": "high"})
    page: Any = open_page(INBOX, client=sign_in(ward.doctor))
    page.locator("#inbox summary").click()
    page.get_by_label("On a day").fill("2020-01-06")
    page.get_by_role("button", name="Until that morning").click()
    expect(page.locator("#inbox p[data-focus]")).to_be_focused()
    expect(page.locator("#inbox")).to_contain_text("still to come")
    expect(page.get_by_label("On a day")).to_have_value("2020-01-06")
    page.errors.clear()  # the browser's own word of the refusal
    look(page)


def test_acknowledged_from_the_list(ward: Clinic, open_page: Open) -> None:
    first = AlertFactory(patient=ward.patient, owner=ward.doctor)
    AlertFactory(patient=ward.patient, kind="failed_order", severity="high", owner=ward.doctor)
    page: Any = open_page(INBOX, client=sign_in(ward.doctor))
    rows = page.locator("#inbox .rows > li")
    expect(rows).to_have_count(2)
    rows.first.get_by_role("button", name="Acknowledge").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("You have acknowledged")
    expect(page.locator("#inbox a[data-focus]")).to_be_focused()
    assert as_worker(lambda: Alert.objects.get(pk=first.pk)).state == "acknowledged"
