"""The pictures of the documentation, taken from the running demo; PICTURES=1 takes them anew."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.journeys.conftest import NARROW, LooksRight, SignedIn
from tests.journeys.test_scope import open_chart

pytestmark = pytest.mark.journey
FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
LARGEST = 150_000  # bytes
MOMENT = ["Nov 23, 2026", "9:52 am EST"]
# The moments of this run would change every picture; one stands for all.
STILL = """moment => {
  for (const time of document.querySelectorAll('time[datetime*="T"]'))
    time.textContent = moment.slice(0, time.textContent.includes(":") ? 2 : 1).join(", ");
  document.querySelectorAll('input').forEach(input => input.blur());
}"""
Take = Callable[..., None]


@pytest.fixture
def take(looks_right: LooksRight) -> Take:
    """`take(page, "clinic")`: the page looks right, and the picture of this name is there, new when asked for."""

    def taken(page: Page, name: str) -> None:
        looks_right(page)
        page.evaluate(STILL, MOMENT)
        picture = smaller(page.screenshot())
        path = FOLDER / f"{name}.png"
        if os.environ.get("PICTURES"):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(picture)
        assert path.exists(), f"{path.name} is missing: run this test with PICTURES=1."
        assert path.stat().st_size < LARGEST
        with Image.open(path) as kept:
            assert kept.size == Image.open(io.BytesIO(picture)).size

    return taken


def smaller(picture: bytes) -> bytes:
    """With 128 colors, which flat pages do not miss."""
    with Image.open(io.BytesIO(picture)) as image:
        reduced = image.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    file = io.BytesIO()
    reduced.save(file, "PNG", optimize=True)
    return file.getvalue()


def test_the_clinic(signed_in: SignedIn, take: Take) -> None:
    page = signed_in("maren.okafor")
    open_chart(page, "Hollis, Edmund")
    take(page, "clinic")


def test_the_search(signed_in: SignedIn, take: Take) -> None:
    take(signed_in("priya.raman", "/patients/search?q=delgado"), "search")


def test_registration(signed_in: SignedIn, take: Take) -> None:
    page = signed_in("jodie.parrish", "/patients/register")
    page.get_by_label("Family name, as on the ID").fill("Whitfeld")
    page.get_by_label("Given names").fill("Dorothy")
    page.get_by_role("textbox", name="Date of birth").fill("Oct 31, 1940")
    page.get_by_label("Sex on the insurance card").select_option(label="Female")
    page.get_by_role("button", name="Register", exact=True).click()
    take(page, "register")


def test_who_can_open_a_chart(signed_in: SignedIn, take: Take) -> None:
    page = signed_in("maren.okafor")
    open_chart(page, "Varga, Ilona")
    page.get_by_role("navigation", name="Chart").get_by_role("link", name="Access").click()
    take(page, "access")


def test_the_portal(signed_in: SignedIn, take: Take) -> None:
    take(signed_in("rosa.delgado", "/portal/", viewport=NARROW), "portal")


def test_who_opened_the_record(signed_in: SignedIn, take: Take) -> None:
    take(signed_in("rosa.delgado", "/portal/openings", viewport=NARROW), "portal-openings")


def test_signing_in(page: Page, clinic: object, take: Take) -> None:
    page.set_viewport_size(NARROW)
    page.goto("/accounts/sign-in/")
    page.evaluate("document.querySelectorAll('#demo-accounts').forEach(e => e.closest('section').remove())")
    take(page, "sign-in")
