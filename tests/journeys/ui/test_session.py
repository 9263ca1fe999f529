import pytest
from playwright.sync_api import Page, expect

from tests.journeys.ui.conftest import HOST, Open

pytestmark = pytest.mark.journey
IDLE = 15 * 60


def quiet_for(page: Page, seconds: int) -> None:
    """As if no tab of this browser had reached the server for so long."""
    page.evaluate(f"localStorage.setItem('session.seen', String(Date.now() - {seconds} * 1000))")


def test_two_minutes_before_the_end_the_page_asks(open_page: Open) -> None:
    page, _clinic = open_page()
    quiet_for(page, IDLE - 125)
    page.wait_for_timeout(1200)
    expect(page.locator("#session")).to_be_hidden()
    quiet_for(page, IDLE - 118)
    expect(page.locator("#session")).to_be_visible()
    expect(page.locator("[data-left]")).to_have_text("1:57", timeout=3000)
    assert page.evaluate("document.activeElement.innerText") == "Stay signed in"


def test_escape_does_not_hide_the_warning_unread(open_page: Open) -> None:
    page, _clinic = open_page()
    quiet_for(page, IDLE - 100)
    expect(page.locator("#session")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#session")).to_be_visible()


def test_staying_asks_the_server_and_tells_every_tab(open_page: Open) -> None:
    page, clinic = open_page()
    other = page.context.new_page()
    other.goto(HOST + "/gallery/")
    quiet_for(page, IDLE - 100)
    for tab in (page, other):
        tab.bring_to_front()
        expect(tab.locator("#session")).to_be_visible()
    other.get_by_role("button", name="Stay signed in").click()
    expect(other.locator("#session")).to_be_hidden()
    page.bring_to_front()
    expect(page.locator("#session")).to_be_hidden()
    assert ("POST", "/accounts/keep-alive/") in clinic.asked


def test_when_the_session_is_over_already_staying_loads_the_page_again(open_page: Open) -> None:
    page, clinic = open_page()
    clinic.answers["/accounts/keep-alive/"] = (401, "")
    quiet_for(page, IDLE - 100)
    page.get_by_role("button", name="Stay signed in").click()
    page.wait_for_load_state()
    expect(page.locator("#session")).to_be_hidden()
    assert clinic.times("/gallery/chart/") == 2


def test_at_the_end_the_screen_is_cleared_and_the_session_closed(open_page: Open) -> None:
    page, clinic = open_page()
    quiet_for(page, IDLE + 1)
    page.wait_for_url(HOST + "/accounts/sign-out/")
    assert ("POST", "/accounts/sign-out/") in clinic.asked
    assert "Delgado" not in page.content()


def test_unsaved_work_does_not_keep_an_abandoned_screen_open(open_page: Open) -> None:
    page, _clinic = open_page("/gallery/")
    page.evaluate("document.querySelector('#id_family_name').form.dataset.unsaved = ''")
    page.locator("#id_family_name").fill("Osei")
    quiet_for(page, IDLE + 1)
    page.wait_for_url(HOST + "/accounts/sign-out/")


def test_what_the_reader_does_through_htmx_counts(open_page: Open) -> None:
    page, _clinic = open_page()
    quiet_for(page, 600)
    page.locator("#find").fill("osei")
    expect(page.locator("#found")).to_contain_text("Osei, Grace")
    assert page.evaluate("Date.now() - Number(localStorage.getItem('session.seen'))") < 60_000


def test_what_the_page_does_by_itself_does_not_count(open_page: Open) -> None:
    page, clinic = open_page()
    page.evaluate("document.querySelector('.search').dataset.background = ''")
    quiet_for(page, 600)
    page.locator("#find").fill("osei")
    expect(page.locator("#found")).to_contain_text("Osei, Grace")
    assert page.evaluate("Date.now() - Number(localStorage.getItem('session.seen'))") >= 600_000
    assert clinic.headers[-1]["x-background"] == "1"


def test_the_longest_session_ends_without_a_choice(open_page: Open) -> None:
    page, _clinic = open_page()
    page.evaluate("sessionStorage.setItem('soon', String(Math.floor(Date.now() / 1000) + 60))")
    page.add_init_script(
        "new MutationObserver(() => { const d = document.querySelector('[data-session]');"
        " if (d) d.dataset.endsAt = sessionStorage.getItem('soon'); })"
        ".observe(document, {childList: true, subtree: true})"
    )
    page.reload()
    expect(page.locator("#session")).to_be_visible()
    expect(page.get_by_text("longest time allowed")).to_be_visible()
    expect(page.get_by_role("button", name="Stay signed in")).to_be_hidden()
