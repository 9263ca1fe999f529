"""Notes in a real browser: kept as one types, and nothing typed is lost on the way."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from healthcare.accounts.models import Session
from records.models import Entry
from records.rules.notes import note_text
from tests.journeys.accounts.conftest import Open
from tests.journeys.conftest import LooksRight
from tests.journeys.looking import look
from tests.patients.conftest import sign_in
from tests.records.test_encounter_pages import address, diagnose, measure
from tests.records.visits import TEXT, Visit
from tests.roles import as_the_system

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def note(open_page: Open, running: Visit) -> Callable[..., Page]:
    """`note()`: the page in a browser of its own, each time."""

    def opened(width: int = 1280) -> Page:
        return open_page(address("note", running), client=sign_in(running.doctor), width=width)

    return opened


def kept(running: Visit) -> str:
    draft = running.draft()
    return note_text(draft.content).plan if draft else ""


def state(page: Page) -> Any:
    return page.locator("#save-state")


def saved(page: Page) -> None:
    expect(state(page)).to_contain_text("Draft saved")


def enter(page: Page, client: Client, url: str) -> None:
    """Somebody signs in in another tab of the same browser: the session's cookie is another one."""
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": url}])


# == In the ordinary way ==
def test_a_note_is_kept_as_one_types_and_signed(running, note) -> None:
    page = note()
    page.get_by_label("Your view").press_sequentially("Cystitis.")
    page.get_by_label("Plan", exact=True).press_sequentially("Rest.")
    saved(page)
    assert kept(running) == "Rest."
    page.get_by_label("Plan", exact=True).press_sequentially(" Fluids.")
    page.get_by_role("button", name="Sign…").click()
    expect(page.get_by_text("Signed by Maren Okafor")).to_be_visible()
    expect(page.get_by_text("Rest. Fluids.")).to_be_visible()
    assert page.errors == []  # type: ignore[attr-defined]


def test_a_note_that_is_kept_already_is_signed_as_well(running, note) -> None:
    page = note()
    page.get_by_label("Your view").press_sequentially("Cystitis.")
    page.get_by_label("Plan", exact=True).press_sequentially("Rest.")
    saved(page)
    page.reload()
    page.get_by_role("button", name="Sign…").click()
    expect(page.get_by_text("Signed by Maren Okafor")).to_be_visible()


def test_by_keyboard_alone(running, note) -> None:
    page = note()
    page.get_by_label("Your view").focus()
    page.keyboard.type("Cystitis.")
    page.keyboard.press("Tab")
    page.keyboard.type("Rest.")
    page.keyboard.press("Control+s")
    saved(page)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Signed by Maren Okafor")).to_be_visible()


def test_a_killed_browser_loses_nothing_that_was_kept(running, note) -> None:
    page = note()
    page.get_by_label("Plan", exact=True).fill("Rest.")
    saved(page)
    page.context.close()
    again = note()
    expect(again.get_by_label("Plan", exact=True)).to_have_value("Rest.")


def test_the_proof_of_identity_keeps_the_text(running, note) -> None:
    page = note()
    Session.objects.filter(user=running.doctor).update(stepped_up_at=timezone.now() - timedelta(hours=1))
    page.get_by_label("Your view").fill("Cystitis.")
    page.get_by_label("Plan", exact=True).fill("Rest.")
    page.get_by_role("button", name="Sign…").click()
    expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
    assert kept(running) == "Rest."


# == Two windows ==
def test_two_windows_show_both_texts_and_nothing_is_lost(running, note, looks_right: LooksRight) -> None:
    one, other = note(), note()
    one.get_by_label("Plan", exact=True).fill("Typed in the first.")
    saved(one)
    other.get_by_label("Plan", exact=True).fill("Typed in the second.")
    other.get_by_role("button", name="Compare the two texts").click()
    expect(other.get_by_label("Saved in the other window")).to_have_value("Typed in the first.")
    expect(other.get_by_label("Typed here")).to_have_value("Typed in the second.")
    assert kept(running) == "Typed in the first."
    looks_right(other)
    other.get_by_label("Typed here").fill("Typed in both.")
    other.get_by_role("button", name="Save the text typed here").click()
    expect(other.get_by_label("Plan", exact=True)).to_have_value("Typed in both.")
    assert kept(running) == "Typed in both."


# == Without connection ==
def test_a_lost_connection_is_said_and_made_good(running, note) -> None:
    page = note()
    page.context.set_offline(True)
    page.get_by_label("Plan", exact=True).fill("Written in the lift.")
    expect(page.get_by_text("cannot be reached")).to_be_visible()
    expect(page.get_by_label("Plan", exact=True)).to_have_value("Written in the lift.")
    assert kept(running) == ""
    page.context.set_offline(False)
    saved(page)
    assert kept(running) == "Written in the lift."
    expect(page.get_by_text("cannot be reached")).to_be_hidden()


# == Without session ==
def end_sessions(running: Visit) -> None:
    Session.objects.filter(user=running.doctor).delete()


def test_a_session_that_ends_while_one_types_costs_nothing(running, note, live_server) -> None:
    page = note()
    end_sessions(running)
    page.get_by_label("Plan", exact=True).fill("Typed after the session ended.")
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    assert kept(running) == ""
    page.get_by_role("button", name="Sign…").click()
    expect(page.get_by_label("Plan", exact=True)).to_have_value("Typed after the session ended.")
    enter(page, sign_in(running.doctor), live_server.url)
    saved(page)
    assert kept(running) == "Typed after the session ended."


def test_another_person_in_the_same_browser_does_not_become_the_author(running, note, live_server) -> None:
    page = note()
    end_sessions(running)
    page.get_by_label("Plan", exact=True).fill("Dr. Okafor's own words.")
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    enter(page, sign_in(running.colleague), live_server.url)
    expect(page.get_by_text("Somebody else is signed in")).to_be_visible()
    assert running.draft() is None
    enter(page, sign_in(running.doctor), live_server.url)
    saved(page)
    assert kept(running) == "Dr. Okafor's own words."


def test_when_the_time_is_over_unsaved_text_is_hidden_and_comes_back(running, note, live_server) -> None:
    page = note()
    end_sessions(running)
    page.get_by_label("Plan", exact=True).fill("Typed at the last moment.")
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.evaluate("localStorage.setItem('session.seen', '1')")  # as if nobody had touched it for hours
    expect(page.locator("main")).to_be_hidden()
    assert "Delgado" not in page.title()
    expect(page.get_by_role("link", name="Sign in in a new tab")).to_be_visible()
    page.evaluate("localStorage.setItem('session.seen', String(Date.now()))")  # the sign-in in the other tab
    enter(page, sign_in(running.doctor), live_server.url)
    expect(page.get_by_label("Plan", exact=True)).to_have_value("Typed at the last moment.")
    saved(page)
    assert kept(running) == "Typed at the last moment."


def test_nothing_clinical_is_kept_in_the_browser(running, note) -> None:
    page = note()
    page.get_by_label("Plan", exact=True).fill("A word nobody else uses: zygomorphic.")
    saved(page)
    stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "zygomorphic" not in stored


# == To the eye ==
@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_stands_in_a_readers_way(running, note, open_page, width) -> None:
    measure(running, encounter=running.encounter)
    diagnose(running, running.encounter, "Acute cystitis without hematuria", "N30.00")
    running.saves(replace(TEXT, plan=""))
    doctor = sign_in(running.doctor)
    for name in ("note", "encounters", "encounter", "start", "finish", "throw_away"):
        look(open_page(address(name, running), client=doctor, width=width))
    running.signs(version=1)
    for name in ("encounter", "add_addendum"):
        look(open_page(address(name, running), client=doctor, width=width))
    look(open_page("/records/notes-to-sign", client=doctor, width=width))
    rosa = sign_in(running.rosa)
    for path in ("/portal/summaries/", f"/portal/summaries/{running.encounter.pk}/"):
        look(open_page(path, client=rosa, width=width))
    with as_the_system():
        assert Entry.objects.filter(kind="note").count() == 1
