"""A real browser in front of the real pages."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page

Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[Open]:
    """`open_page("/accounts/", client=sign_in(user), width=360)`; what the console says stands in `page.errors`."""
    contexts = []

    def opened(path: str, *, client: Client | None = None, width: int = 1280, scheme: Any = "light") -> Page:
        viewport = {"width": width, "height": 900}
        context = browser.new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
        contexts.append(context)
        page: Any = context.new_page()
        page.errors = []
        page.on("console", lambda said: page.errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        if client is not None:
            key = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])
        page.goto(live_server.url + path)
        return page  # type: ignore[no-any-return]

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def look(open_page: Open, violations: Callable[[Page], list[str]]) -> Callable[..., None]:
    """`look(client, "/a/", "/b/")`: nothing in a reader's way on these pages, at either width."""

    def looked(client: Client, *addresses: str, scheme: str = "light") -> None:
        found = []
        for address in addresses:
            for width in (1280, 360):
                page: Any = open_page(address, client=client, width=width, scheme=scheme)
                where = f"{address} at {width}"
                found += [f"{where}: {problem}" for problem in [*violations(page), *page.errors]]
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    found.append(f"{where}: scrolls sideways")
        assert found == []

    return looked
