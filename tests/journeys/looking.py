"""What every page owes its reader: nothing that axe finds, nothing sideways, nothing in the browser's console."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Locator, Page, Response

HERE = "http://127.0.0.1"
# Said when a newer question replaces the one on its way, as `hx-sync` asks; one that failed says "htmx:sendError" too.
REPLACED = ("htmx:sendAbort,", "htmx:afterRequest,")
AT_REST = "Promise.allSettled(document.getAnimations().map(one => one.finished))"  # colours half way are no colours


def violations(page: Page) -> list[str]:
    """What axe finds wrong once nothing on the page moves: the rule, the place and the reason, a line each."""
    page.wait_for_load_state()
    page.evaluate(AT_REST)
    if not page.evaluate("'axe' in window"):  # once a page: it is looked at in several widths
        page.evaluate(Axe().axe_script)
    rules = page.evaluate("axe.run({resultTypes: ['violations']}).then(found => found.violations)")
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in rules for node in rule["nodes"]]


def follow(link: Locator) -> None:
    """Click what leads to another page, and go on when that has come: a page half way cannot be looked at."""
    with link.page.expect_navigation():
        link.click()


def look(page: Page) -> None:
    """Fails with the rule, the place and the page."""
    where = f"{page.title()} ({page.url}, {page.viewport_size['width']} px)" if page.viewport_size else page.url
    found = violations(page)
    assert found == [], f"{where}: {found}"
    assert sideways(page) <= 0, f"{where} is {sideways(page)} px too wide"


def fine(page: Page) -> None:
    """`look`, and nothing in the console of a page that `open_page` opened."""
    look(page)
    assert page.errors == [], page.errors  # type: ignore[attr-defined]


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def listen(page: Page, complaints: list[str]) -> None:
    """Whatever the console says, but for a page that answered 4xx on purpose and a question taken back."""
    documents: set[str] = set()

    def answered(response: Response) -> None:
        if response.request.is_navigation_request():
            documents.add(response.url)
        if response.status >= 500:
            complaints.append(f"{response.status} {response.url}")
        if not response.url.startswith(HERE):
            complaints.append(f"Asked elsewhere: {response.url}")

    def said(message: ConsoleMessage) -> None:
        about = message.location.get("url", "")
        refused = message.text.startswith("Failed to load resource") and about in documents
        advice = message.type == "verbose"  # of the browser, no fault
        if not (refused or advice or message.text.startswith(REPLACED)):
            complaints.append(f"{message.type}: {message.text} ({about})")

    page.on("response", answered)
    page.on("console", said)
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
