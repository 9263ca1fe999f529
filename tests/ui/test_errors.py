import re
from typing import Any

import pytest
from django.template.loader import render_to_string

PAGES = {
    "400": "We could not read that request",
    "403": "This is not open to you",
    "404": "Page not found",
    "500": "Something went wrong on our side",
    "503": "We are away for a moment",
}


@pytest.mark.parametrize(("name", "heading"), PAGES.items())
def test_an_error_page_needs_no_request_and_no_database(name: str, heading: str) -> None:
    html = render_to_string(f"{name}.html")
    assert f"<h1>{heading}</h1>" in html
    assert f"<title>{heading}" in html
    assert "reference" not in html


@pytest.mark.parametrize("name", PAGES)
def test_an_error_page_names_its_reference(name: str) -> None:
    assert "0197ab" in render_to_string(f"{name}.html", {"request_id": "0197ab"})


@pytest.mark.parametrize("name", PAGES)
def test_an_error_page_does_not_need_the_list_of_hashed_files(name: str, settings: Any) -> None:
    """The list may be what is broken: addresses are written plainly, and no script is asked for."""
    html = render_to_string(f"{name}.html")
    assert '<link rel="stylesheet" href="/static/css/style.css">' in html
    assert "<script" not in html


@pytest.mark.parametrize("name", PAGES)
def test_an_error_page_hints_at_nothing(name: str) -> None:
    words = re.sub("<[^>]+>", " ", render_to_string(f"{name}.html")).lower()
    assert not {"patient", "exception", "traceback", "permission", "database"} & set(words.split())
