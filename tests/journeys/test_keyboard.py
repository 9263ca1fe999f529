"""A nurse finds a patient and opens the chart without a mouse."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("key", ["/", "Control+k"])
def test_from_any_page_to_the_chart_by_keys_alone(
    signed_in: Callable[..., Page], looks_right: Callable[..., None], key: str
) -> None:
    """Given any page, when she presses the key, types, arrows down and presses Enter, then the chart is open."""
    page = signed_in("priya.raman", "/accounts/")
    page.keyboard.press(key)
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("whitf")
    expect(page.locator("#found[aria-busy=false]")).to_contain_text("Whitfield, Dorothy")
    if key == "/":
        looks_right(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".banner")).to_contain_text("Whitfield")


def test_recent_patients_wait_in_the_empty_search(
    signed_in: Callable[..., Page], looks_right: Callable[..., None]
) -> None:
    """Given a chart opened before, when the search is opened and nothing typed, then that patient stands there."""
    page = signed_in("priya.raman", "/patients/search?q=Campbell")
    page.get_by_role("link", name="Campbell, Alistair").first.click()
    expect(page.locator(".banner")).to_contain_text("Campbell")
    page.goto("/")
    expect(page.get_by_role("region", name="Charts you opened last")).to_contain_text("Campbell, Alistair")
    looks_right(page, dark=True)
    page.keyboard.press("/")
    expect(page.locator("#found[aria-busy=false]")).to_contain_text("Campbell, Alistair")


def test_tab_reaches_everything_and_skips_the_menu(signed_in: Callable[..., Page]) -> None:
    """The first Tab offers to skip; after it the next focus lies in the page itself (WCAG 2.4.1)."""
    page = signed_in("priya.raman", "/patients/")
    page.keyboard.press("Tab")
    assert "Skip" in page.evaluate("document.activeElement.innerText")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
