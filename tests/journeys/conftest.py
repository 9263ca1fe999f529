"""The running demo, a real browser, and people who sign in as people do."""

import math
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, ViewportSize, expect, sync_playwright

from healthcare.devservices.stages import BROWSERS
from tests.devservices.conftest import open_for_servers
from tests.journeys import looking
from tests.journeys.clinic import Account, Clinic, opened
from tests.journeys.looking import listen, look
from tests.journeys.sharing import OneDemo, misplaced

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 360, "height": 800}
PATIENCE_MS = 60_000  # for whatever a page is to show; a busy machine draws slowly
expect.set_options(timeout=PATIENCE_MS)
LATELY = 100  # seconds; a third of what the clinic takes for proven (STEP_UP_SECONDS)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneDemo:
    return OneDemo(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if found := misplaced(items):
        raise pytest.UsageError(f"Journeys in the running demo stand in tests/journeys itself: {', '.join(found)}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next((found for name in BROWSERS if (found := shutil.which(name))), "")
    if not path:
        pytest.skip("no chromium: apt install chromium")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=QUIET)


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """The demo, from an empty folder; when the tests are done no process of it may be left."""
    folder = tmp_path_factory.mktemp("demo")
    open_for_servers(folder)
    with opened(folder) as clinic:
        yield clinic


@pytest.fixture
def new_page(browser: Browser, clinic: Clinic) -> Iterator[Callable[..., Page]]:
    """Pages of a browser of their own each; whatever one complains of fails the test at its end."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(*, viewport: ViewportSize = WIDE, **options: Any) -> Page:
        options = {"locale": "en-US", "timezone_id": "America/New_York", "reduced_motion": "reduce"} | options
        context = browser.new_context(base_url=clinic.base_url, viewport=viewport, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        context.on("page", lambda page: listen(page, complaints))
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """Somebody who is not signed in."""
    return new_page()


SignIn = Callable[..., Page]
SignedIn = Callable[..., Page]
LooksRight = Callable[..., None]


@pytest.fixture
def sign_in(clinic: Clinic) -> SignIn:
    """`sign_in(page, "nurse")`: by the form, with password and code; `sign_in(page, "luis.marte")` names one."""

    def through_the_form(page: Page, name: str, target: str = "/") -> Page:
        account = clinic.account(name)
        page.goto(target if target != "/" else "/accounts/sign-in/")
        give_password(page, account)
        if account.totp_secret:
            page.get_by_label("Six-digit code").fill(clinic.code(account.totp_secret))
            page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/accounts/sign-in/" not in url or "/role/" in url)
        return page

    return through_the_form


def give_password(page: Page, account: Account, password: str = "") -> None:
    page.get_by_label("E-mail").fill(account.email)
    page.get_by_label("Password").fill(password or account.password)
    page.get_by_role("button", name="Go on").click()


@pytest.fixture(scope="session")
def kept_sessions() -> dict[str, tuple[float, StorageState]]:
    """By name: when they signed in, by the monotonic clock in seconds, and their cookies."""
    return {}


@pytest.fixture
def signed_in(
    new_page: Callable[..., Page], sign_in: SignIn, kept_sessions: dict[str, tuple[float, StorageState]]
) -> Callable[..., Page]:
    """`signed_in("nurse")`: a page of theirs; so lately signed in that no verb asks whether it is still they."""

    def opened(name: str, target: str = "/", **options: Any) -> Page:
        since, state = kept_sessions.get(name, (-math.inf, None))
        if time.monotonic() - since > LATELY:
            state = sign_in(new_page(), name).context.storage_state()
            kept_sessions[name] = time.monotonic(), state
        page = new_page(storage_state=state, **options)
        page.goto(target)
        return page

    return opened


@pytest.fixture
def violations() -> Callable[[Page], list[str]]:
    """What axe finds wrong on a page, one line each."""
    return looking.violations


@pytest.fixture
def looks_right() -> Callable[..., None]:
    """`looks_right(page)`: nothing in a reader's way at either width; `dark=True` by night as well."""

    def check(page: Page, *, dark: bool = False) -> None:
        before = page.viewport_size
        for viewport in (WIDE, NARROW):
            page.set_viewport_size(viewport)
            look(page)
        if dark:
            page.emulate_media(color_scheme="dark")
            look(page)
            page.emulate_media(color_scheme="light")
        if before:
            page.set_viewport_size(before)

    return check


@pytest.fixture
def fine(looks_right: LooksRight) -> Callable[[Any], None]:
    """`fine(page)`: `looks_right`, and nothing in the console of a page that `open_page` opened."""

    def check(page: Any) -> None:
        looks_right(page)
        assert page.errors == [], page.errors

    return check
