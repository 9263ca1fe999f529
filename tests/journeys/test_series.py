"""The desk books several visits at once, keeps what is free, and moves them together."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import LooksRight, SignedIn

pytestmark = pytest.mark.journey


def book_page(page: Page, name: str) -> str:
    page.goto(f"/scheduling/book?q={name}")
    page.get_by_role("main").get_by_role("link", name=name).first.click()
    return page.url


def test_the_desk_books_a_series_and_moves_it(signed_in: SignedIn, looks_right: LooksRight) -> None:
    """Given a course of visits, when the desk has looked at all, what is ticked is booked, and moves at once."""
    page = signed_in("jodie.parrish", "/scheduling/book")
    book_page(page, "Baptiste")
    page.get_by_role("link", name="Several visits…").click()
    looks_right(page)
    page.get_by_role("radio", name=re.compile(r"^(9|10|11):\d\d am")).first.check(force=True)  # hours of any week
    page.get_by_label("How often").select_option(label="Every 2 weeks")
    page.get_by_label("How many visits").fill("4")
    page.get_by_label("What is it about?").fill("Course of treatment")
    page.get_by_role("button", name="Look at all the times").click()
    boxes = page.get_by_role("group", name="What is ticked is booked").get_by_role("checkbox", checked=True)
    expect(boxes.first).to_be_visible()
    looks_right(page)
    wanted = boxes.count()
    page.get_by_role("button", name="Book the ticked visits").click()
    expect(page.locator("#messages")).to_contain_text(re.compile(rf"{wanted} visits? (is|are) booked\."))
    series = page.get_by_role("region", name="Series")
    expect(series).to_be_visible()
    looks_right(page)
    series.get_by_role("link", name="Move this and later ones").click()
    page.locator('input[type="radio"][name="start"]').last.check(force=True)
    looks_right(page)
    page.get_by_role("button", name="Look at all the times").click()
    moved = page.get_by_role("group", name="What is ticked is moved").get_by_role("checkbox", checked=True)
    expect(moved.first).to_be_visible()
    looks_right(page)
    count = moved.count()
    page.get_by_role("button", name="Move the ticked visits").click()
    expect(page.locator("#messages")).to_contain_text(re.compile(rf"{count} visits? ha(s|ve)"))
    page.get_by_role("region", name="Series").get_by_role("link", name="Cancel this and later ones…").click()
    page.get_by_label("Why is it cancelled?").fill("The course is not needed")
    looks_right(page)
    page.get_by_role("button", name=re.compile(r"Cancel \d visits?")).click()
    expect(page.locator("#messages")).to_contain_text("cancelled.")
