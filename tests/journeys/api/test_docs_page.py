"""The reference of the API in a real browser: readable, within the page, and without anybody else's host."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.journeys.accounts.conftest import Open

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("path", ["/v1/docs", "/v1/problems/time-taken"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_in_a_readers_way(
    open_page: Open, violations: Callable[[Page], list[str]], path: str, scheme: str
) -> None:
    for width in (1280, 360):
        page: Any = open_page(path, width=width, scheme=scheme)
        assert page.get_by_role("heading", level=1).is_visible()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.errors == []


def test_every_part_comes_from_here(open_page: Open) -> None:
    page: Any = open_page("/v1/docs")
    asked = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    here = urlsplit(page.url).netloc
    assert asked
    assert {urlsplit(address).netloc for address in asked} == {here}
