"""What every page owes its reader: nothing that axe finds, nothing sideways, nothing in the browser's console."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Response

HERE = "http://127.0.0.1"
AT_REST = "Promise.allSettled(document.getAnimations().map(one => one.finished))"  # colours half way are no colours


def violations(page: Page) -> list[str]:
    """What axe finds wrong once nothing on the page moves: the rule, the place and the reason, a line each."""
    page.evaluate(AT_REST)
    answer = Axe().run(page, options={"resultTypes": ["violations"]}).response
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in answer["violations"]
        for node in rule["nodes"]
    ]


def look(page: Page) -> None:
    """Fails with the rule, the place and the page."""
    where = f"{page.title()} ({page.url}, {page.viewport_size['width']} px)" if page.viewport_size else page.url
    found = violations(page)
    assert found == [], f"{where}: {found}"
    assert sideways(page) <= 0, f"{where} is {sideways(page)} px too wide"


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def listen(page: Page, complaints: list[str]) -> None:
    """Whatever the console says, but for the browser's own line about a page that answered 4xx on purpose."""
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
        if message.text.startswith("Failed to load resource") and about in documents:
            return
        if message.type != "verbose":  # advice of the browser, no fault
            complaints.append(f"{message.type}: {message.text} ({about})")

    page.on("response", answered)
    page.on("console", said)
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
