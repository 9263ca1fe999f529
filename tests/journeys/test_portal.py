"""The patient: from the code at the desk to the own record, and who opened it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.clinic import Clinic
from tests.journeys.conftest import NARROW, LooksRight, SignedIn
from tests.journeys.test_scope import open_chart

pytestmark = pytest.mark.journey
PASSWORD = "four slow herons wade"


def code_from_the_desk(desk: Page, name: str) -> str:
    chart = open_chart(desk, name)
    desk.goto(f"{chart}portal-code")
    desk.get_by_role("button", name="Make a code").click()
    return desk.locator("b.code").inner_text().strip()


def open_account(page: Page, clinic: Clinic, email: str, name: str) -> None:
    page.goto("/accounts/sign-in/")
    page.get_by_role("link", name="I am a patient and have no account yet").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")
    page.goto(clinic.link_mailed_to(email, "Open your account"))
    page.get_by_label("Your name").fill(name)
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Open my account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Link your record")


def give_code(page: Page, code: str, born: str) -> None:
    page.get_by_label("Code from the clinic").fill(code)
    page.get_by_label("Your date of birth").fill(born)
    page.get_by_role("button", name="Link my record").click()


def test_from_the_code_at_the_desk_to_the_own_record(
    clinic: Clinic, signed_in: SignedIn, new_page: Callable[..., Page], looks_right: LooksRight
) -> None:
    """Given a code and an e-mail, when he opens an account and links it, then he reads his record and who opened it."""
    desk = signed_in("jodie.parrish")
    code = code_from_the_desk(desk, "Abara, Chidi")
    looks_right(desk)
    chidi = new_page(viewport=NARROW)
    open_account(chidi, clinic, "chidi@mail.example", "Chidi Abara")
    looks_right(chidi)
    give_code(chidi, code, "April 17 1987")
    expect(chidi.locator("#messages")).to_contain_text("Your account is linked to your record.")
    expect(chidi.get_by_role("heading", level=1)).to_have_text("Hello, Chidi")
    looks_right(chidi, dark=True)
    chidi.get_by_role("navigation").get_by_role("link", name="My record").click()
    expect(chidi.get_by_role("region", name="You", exact=True)).to_contain_text("Apr 17, 1987")
    looks_right(chidi, dark=True)
    chidi.get_by_role("link", name="See who opened your record").click()
    row = chidi.get_by_role("row").filter(has_text="Jodie Parrish").first
    expect(row).to_contain_text("Front desk")
    expect(row).to_contain_text("Works where you are a patient")
    looks_right(chidi, dark=True)


def test_a_wrong_code_or_birthday_opens_nothing_and_a_used_code_is_spent(
    clinic: Clinic, signed_in: SignedIn, new_page: Callable[..., Page], looks_right: LooksRight
) -> None:
    """Given a code, when it or the birthday is wrong, then one sentence refuses; used once, it works for nobody."""
    code = code_from_the_desk(signed_in("jodie.parrish"), "Washington, Marcus")
    marcus = new_page(viewport=NARROW)
    open_account(marcus, clinic, "marcus@mail.example", "Marcus Washington")
    give_code(marcus, "AAAAA-AAAAA", "Jun 19, 1982")
    refused = marcus.locator("[data-errors]").inner_text()
    expect(marcus.get_by_label("Your date of birth")).to_have_value("Jun 19, 1982")
    looks_right(marcus)
    give_code(marcus, code, "Jun 20, 1982")
    assert marcus.locator("[data-errors]").inner_text() == refused, "the answer must not tell which of the two is wrong"
    for page in ("/portal/record", "/portal/openings", "/portal/"):
        marcus.goto(page)
        expect(marcus.get_by_role("heading", level=1)).to_have_text("Link your record")
    give_code(marcus, code.lower(), "06/19/1982")
    expect(marcus.get_by_role("heading", level=1)).to_have_text("Hello, Marcus")
    other = new_page(viewport=NARROW)
    open_account(other, clinic, "somebody@mail.example", "Somebody Else")
    give_code(other, code, "Jun 19, 1982")
    assert other.locator("[data-errors]").inner_text() == refused


def test_a_patient_reaches_no_page_of_the_clinic(signed_in: SignedIn, looks_right: LooksRight) -> None:
    rosa, desk = signed_in("rosa.delgado", viewport=NARROW), signed_in("jodie.parrish")
    chart = open_chart(desk, "Delgado-Ferreira, Rosa")
    for address in (chart, f"{chart}access", "/patients/", "/patients/search?q=delgado", "/accounts/staff/"):
        answer = rosa.goto(address)
        assert answer is not None
        assert answer.status in {403, 404}, address
        expect(rosa.locator("body")).not_to_contain_text("Delgado, Rosalia")
    looks_right(rosa)


def test_one_sees_what_others_did_and_oneself_on_request(signed_in: SignedIn) -> None:
    page = signed_in("rosa.delgado", "/portal/", viewport=NARROW)
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Rosie")
    page.get_by_role("link", name="See who and why").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Who opened my record")
    page.get_by_label("Who", exact=True).select_option(label="Me too")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row").filter(has_text="You").first).to_be_visible()
