from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.journeys.ui.conftest import Open

pytestmark = pytest.mark.journey
PAGES = ("/gallery/", "/gallery/portal/", "/gallery/chart/", "/gallery/sign-in/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_stands_in_the_way_of_a_reader(
    open_page: Open, violations: Callable[[Page], list[str]], path: str, width: int, scheme: str
) -> None:
    page, _clinic = open_page(path, width=width, scheme=scheme)
    assert violations(page) == []
    assert page.errors == []


@pytest.mark.parametrize("path", PAGES)
def test_the_dialogs_are_as_open_to_everyone(
    open_page: Open, violations: Callable[[Page], list[str]], path: str
) -> None:
    page, _clinic = open_page(path)
    for dialog in page.locator("body > dialog").all():
        dialog.evaluate("dialog => dialog.showModal()")
        assert violations(page) == []
        dialog.evaluate("dialog => dialog.close()")


@pytest.mark.parametrize("width", [320, 360, 768])
@pytest.mark.parametrize("path", PAGES)
def test_no_page_moves_sideways(open_page: Open, path: str, width: int) -> None:
    page, _clinic = open_page(path, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", PAGES)
def test_text_may_be_twice_as_large(open_page: Open, path: str) -> None:
    page, _clinic = open_page(path)
    page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_wide_text_spacing_cuts_nothing(open_page: Open) -> None:
    """WCAG 1.4.12: line height 1.5, letters .12em, words .16em apart."""
    page, _clinic = open_page("/gallery/", width=360)
    page.evaluate(
        "for (const e of document.querySelectorAll('*')) { e.style.lineHeight = '1.5';"
        " e.style.letterSpacing = '.12em'; e.style.wordSpacing = '.16em'; }"
    )
    cut = page.evaluate(
        "[...document.querySelectorAll('.btn, .tag, .row, h2, .field > label')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflow === 'hidden').length"
    )
    assert cut == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_targets_are_large_enough_for_a_finger_in_the_portal(open_page: Open) -> None:
    page, _clinic = open_page("/gallery/portal/", width=360)
    heights = page.evaluate(
        "[...document.querySelectorAll('main .btn, .nav a')].map(e => e.offsetHeight).filter(h => h)"
    )
    assert min(heights) >= 44


def test_the_printed_page_has_no_controls_and_names_its_printer(open_page: Open) -> None:
    page, _clinic = open_page()
    page.emulate_media(media="print")
    for hidden in (".topbar", ".nav", ".tabs", ".savebar", ".ribbon"):
        assert not page.locator(hidden).first.is_visible()
    assert "Printed" in page.locator(".print-foot").inner_text()
    assert page.locator(".banner").is_visible()
