"""The frame and the gallery in a real browser, under the real policy; every request is answered here, by no server."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from csp.utils import build_policy
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import resolve
from playwright.sync_api import Browser, Page, Route

from tests.ui.conftest import _alone  # noqa: F401  the same stand-ins as in the tests without a browser
from tests.ui.places import person

HOST = "http://clinic.test"
FOUND = """<p class="vh" role="status">2 people found</p><ul class="rows">
<li><a class="row" href="/patients/a/">Osei, Grace</a></li>
<li><a class="row" href="/patients/b/">Osei, Kofi</a></li></ul>"""
KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Clinic:
    """Answers the browser: gallery pages drawn by the views, static files from disk, a word for the rest."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.asked: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.answers: dict[str, tuple[int, str]] = {"/patients/search/": (200, FOUND)}
        self.policy = build_policy()

    def answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(HOST).partition("?")[0]
        self.asked.append((route.request.method, path))
        self.headers.append(route.request.headers)
        if path.startswith("/static/"):
            file = finders.find(path.removeprefix("/static/"))
            route.fulfill(path=file, content_type=KINDS[path.rsplit(".", 1)[-1]])
            return
        status, body = self.answers.get(path) or (200, self.page(path))
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": self.policy}
        route.fulfill(status=status, body=body, headers=headers)

    def page(self, path: str) -> str:
        if not path.startswith("/gallery/"):
            return f"<!doctype html><title>{path}</title><h1>{path}</h1>"
        request: HttpRequest = RequestFactory().get(path)
        request.user = self.user
        return resolve(path).func(request).content.decode()

    def times(self, path: str) -> int:
        return sum(asked == path for _method, asked in self.asked)


Open = Callable[..., tuple[Page, Clinic]]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """`open_page("/gallery/", width=360, scheme="dark", single_keys=False)` gives the page and the clinic behind it."""
    contexts = []

    def opened(path: str = "/gallery/chart/", *, width: int = 1280, scheme: Any = "light", **user: Any) -> Any:
        viewport = {"width": width, "height": 900}
        context = browser.new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
        contexts.append(context)
        clinic = Clinic(person(**user))
        context.route("**/*", clinic.answer)
        page = context.new_page()
        page.errors = []
        page.on("console", lambda message: page.errors.append(message.text))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(HOST + path)
        return page, clinic

    yield opened
    for context in contexts:
        context.close()
