"""A person who was registered twice, in a real browser: found, compared, made one record, and two again."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import LooksRight, SignedIn
from tests.journeys.looking import follow

pytestmark = pytest.mark.journey
THE_PAIR = re.compile("Compare.*Illona")


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def test_the_desk_compares_two_records_and_looks_at_a_merge(signed_in: SignedIn, looks_right: LooksRight) -> None:
    """Given a pair that waits, when the desk compares it, it reads what differs and what stops it; and a merge made."""
    desk = signed_in("jodie.parrish", "/patients/merges")
    heading(desk, "Registered twice")
    looks_right(desk)
    waiting = desk.locator("section", has=desk.get_by_role("heading", name="Perhaps one person"))
    follow(waiting.get_by_role("link", name=THE_PAIR))
    heading(desk, "Make one record of two")
    expect(desk.get_by_role("radio", name=re.compile("given name: Ilona"))).to_be_checked()
    expect(desk.locator("main")).to_contain_text("What goes along")
    looks_right(desk)
    desk.goto("/patients/merges")
    follow(desk.get_by_role("link", name=re.compile("Iyer")))
    heading(desk, "Two records that became one")
    expect(desk.locator("main")).to_contain_text("Goes back to the other record")
    looks_right(desk)
