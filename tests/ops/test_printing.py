"""Documents as PDF: tagged, from our own files alone."""

import re
import zlib

import pytest

from healthcare.ops import printing
from healthcare.ops.printing import HOME, CannotPrint, ReachesOut, render_pdf, static_file

PAGE = '<!doctype html><html lang="en"><head><title>Bill</title>{}</head><body><h1>Bill</h1>{}</body></html>'
DOT = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='4' height='4'/%3E"


def unpacked(pdf: bytes) -> bytes:
    streams = re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
    return pdf + b"".join(zlib.decompress(part) for part in streams if part[:1] == b"x")


@pytest.mark.pango
def test_it_is_a_tagged_pdf_with_our_stylesheet() -> None:
    styled = render_pdf(PAGE.format('<link rel="stylesheet" href="/static/css/paper.css">', "<p>24.00</p>"))
    assert styled.startswith(b"%PDF-")
    inside = unpacked(styled)
    assert b"pdfuaid" in inside
    assert b"/StructTreeRoot" in inside


@pytest.mark.pango
def test_what_is_inside_the_document_may_be_drawn() -> None:
    assert render_pdf(PAGE.format("", f'<img alt="" src="{DOT}">')).startswith(b"%PDF-")


@pytest.mark.pango
@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/x.png",
        "http://127.0.0.1:1/x.png",
        "file:///etc/passwd",
        "ftp://elsewhere.example/x.png",
        "/patients/",
        "/static/../healthcare/settings/base.py",
        "/static/css/not-there.css",
        "//elsewhere.example/static/css/style.css",
    ],
)
def test_nothing_else_is_fetched(url) -> None:
    with pytest.raises(ReachesOut):
        render_pdf(PAGE.format("", f'<img alt="" src="{url}">'))


def test_without_pango_it_says_what_is_missing(monkeypatch) -> None:
    monkeypatch.setattr(printing, "pango_present", lambda: False)
    with pytest.raises(CannotPrint, match="libpango"):
        render_pdf(PAGE.format("", ""))


def test_an_address_leads_to_a_file_below_static_alone(settings, tmp_path) -> None:
    found = static_file(f"{HOME}/static/css/style.css?v=1")
    assert found is not None
    assert found.name == "style.css"
    for other in ("/static/css/style.css", f"{HOME}/media/css/style.css", f"{HOME}/static/%2e%2e/manage.py"):
        assert static_file(other) is None


def test_a_collected_file_comes_first(settings, tmp_path, monkeypatch) -> None:
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "style.css").write_text("/* collected */")
    monkeypatch.setattr(printing.staticfiles_storage, "path", lambda name: str(tmp_path / name))
    assert static_file(f"{HOME}/static/css/style.css") == tmp_path / "css" / "style.css"
