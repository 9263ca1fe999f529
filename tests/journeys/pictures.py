"""Pictures for the documentation: taken from a page, and kept under `docs/pictures` when PICTURES=1 asks for it."""

import io
import os
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
LARGEST = 150_000  # bytes
MOMENT = ["Nov 23, 2026", "9:52 am EST"]
# The days of this run would change every picture; one stands for all.
STILL = """moment => {
  for (const time of document.querySelectorAll('time[datetime*="T"]'))
    if (/[0-9]{4}/.test(time.textContent))
      time.textContent = moment.slice(0, time.textContent.includes(":") ? 2 : 1).join(", ");
  document.querySelectorAll('input').forEach(input => input.blur());
}"""


def keep(page: Page, name: str) -> None:
    """The picture of this name is there, small, and of the size of this page."""
    page.evaluate(STILL, MOMENT)
    page.evaluate("window.scrollTo(0, 0)")
    picture = smaller(page.screenshot())
    path = FOLDER / f"{name}.png"
    if os.environ.get("PICTURES"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(picture)
    assert path.exists(), f"{path.name} is missing: run this test with PICTURES=1."
    assert path.stat().st_size < LARGEST
    with Image.open(path) as kept:
        assert kept.size == Image.open(io.BytesIO(picture)).size


def smaller(picture: bytes) -> bytes:
    """With 128 colors, which flat pages do not miss."""
    with Image.open(io.BytesIO(picture)) as image:
        reduced = image.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    file = io.BytesIO()
    reduced.save(file, "PNG", optimize=True)
    return file.getvalue()
