"""The page that asks about a program, in a real browser: readable to everybody, and its answer reaches the program."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from healthcare.api.models import Application, Grant
from tests.accounts.conftest import colleague, person, sign_in
from tests.api.oauth import AUTHORIZE, Pkce, asking
from tests.factories import ApplicationFactory
from tests.journeys.accounts.conftest import Open
from tests.journeys.listening import listening

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
LONG = "The walking and running diary of Wolfeschlegelsteinhausenbergerdorff"


@pytest.fixture
def listener() -> Iterator[tuple[str, list[dict[str, str]]]]:
    with listening() as found:
        yield found


def address(program: Application, **other: Any) -> str:
    return f"{AUTHORIZE}?{urlencode(asking(program, Pkce(), **other))}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_in_a_readers_way(open_page: Open, violations: Callable[[Page], list[str]], scheme: str) -> None:
    program = ApplicationFactory(name=LONG)
    for client in (sign_in(person()), sign_in(colleague("doctor", full_name=LONG))):
        for where in (address(program), address(program, redirect_uri="https://evil.example/")):
            for width in (1280, 360):
                page: Any = open_page(where, client=client, width=width, scheme=scheme)
                assert violations(page) == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                assert [said for said in page.errors if "Failed to load resource" not in said] == []


@pytest.mark.parametrize(("button", "brought"), [("Allow", "code"), ("Do not allow", "error")])
def test_the_answer_reaches_a_program_on_this_machine(
    open_page: Open, listener: tuple[str, list[dict[str, str]]], button: str, brought: str
) -> None:
    """Chromium holds the redirect after a form to form-action: without leave for this address it would stop there."""
    back, heard = listener
    page: Any = open_page(
        address(ApplicationFactory(redirect_uris="http://127.0.0.1/callback"), redirect_uri=back),
        client=sign_in(person()),
    )
    page.get_by_role("button", name=button, exact=True).click()
    page.get_by_role("heading", name="Back in the program").wait_for()
    assert page.errors == []
    assert heard[0]["state"] == "s-1"
    assert brought in heard[0]
    assert Grant.objects.count() == (brought == "code")
