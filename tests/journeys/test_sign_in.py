"""Signing in, and all that can go wrong with it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.clinic import Clinic
from tests.journeys.conftest import NARROW, LooksRight, SignIn, give_password
from tests.journeys.looking import follow

pytestmark = pytest.mark.journey
PASSWORD = "seven grey otters dive"


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def test_one_press_in_the_demo(page: Page, clinic: Clinic, looks_right: LooksRight) -> None:
    """Given the demo alone, when one presses the button beside a role, then its home is open."""
    page.goto("/")
    heading(page, "Sign in")
    looks_right(page, dark=True)
    page.get_by_role("button", name="Sign in as Dr. Tove Lindqvist, Doctor").click()
    expect(page.get_by_role("navigation", name="Doctor")).to_be_visible()
    expect(page.locator(".who")).to_contain_text("Dr. Tove Lindqvist")


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
    page: Page, clinic: Clinic, looks_right: LooksRight
) -> None:
    page.goto("/accounts/sign-in/")
    answers = set()
    for email in (clinic.account("luis.marte").email, "nobody@alderstreet.example"):
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill("not the password")
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_label("E-mail")).to_have_value(email)
        expect(page.get_by_label("Password")).to_have_value("")
        answers.add(page.get_by_role("alert").inner_text())
    assert len(answers) == 1
    assert "do not fit together" in answers.pop()
    looks_right(page)


def test_after_ten_wrong_passwords_one_waits(page: Page, looks_right: LooksRight) -> None:
    """The same for an address that has no account, so that nobody learns who has one."""
    for _attempt in range(11):
        page.goto("/accounts/sign-in/")
        page.get_by_label("E-mail").fill("sofia.guess@alderstreet.example")
        page.get_by_label("Password").fill("not the password")
        page.get_by_role("button", name="Go on").click()
        if "minutes" in page.locator("main").inner_text():
            break
    expect(page.get_by_role("main")).to_contain_text("15 minutes")
    looks_right(page)


def test_a_wrong_code_then_the_right_one(page: Page, clinic: Clinic, looks_right: LooksRight) -> None:
    """Given a link to a page and the password, when the code is wrong, then nothing is open; when right, that page."""
    hanna = clinic.account("hanna.kowalczyk")
    page.goto("/patients/?name=Park")
    give_password(page, hanna)
    heading(page, "Enter your code")
    looks_right(page)
    page.get_by_label("Six-digit code").fill("000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("[data-errors]")).to_be_focused()
    page.goto("/patients/")
    heading(page, "Enter your code")
    page.wait_for_timeout(1200)  # the first miss closes the door for a second
    page.get_by_label("Six-digit code").fill(clinic.code(hanna.totp_secret))
    page.get_by_role("button", name="Sign in", exact=True).click()
    heading(page, "Patients")


def test_a_recovery_code_when_the_phone_is_lost(
    page: Page, clinic: Clinic, sign_in: SignIn, new_page: Callable[..., Page], looks_right: LooksRight
) -> None:
    """Given ten printed codes, when the phone is lost, then one of them signs in, and only once."""
    nadia = clinic.account("nadia.haddad")
    sign_in(page, "nadia.haddad").goto("/accounts/second-factor/codes/")
    page.get_by_role("button", name="Make ten new codes").click()
    expect(page.locator("#codes li")).to_have_count(10)
    looks_right(page)
    code = page.locator("#codes li").first.inner_text().strip()
    for again in (False, True):
        elsewhere = new_page()
        elsewhere.goto("/accounts/sign-in/")
        give_password(elsewhere, nadia)
        elsewhere.get_by_role("link", name="I have lost my phone").click()
        elsewhere.get_by_label("Recovery code").fill(code)
        elsewhere.get_by_role("button", name="Sign in", exact=True).click()
        if again:
            expect(elsewhere.locator("[data-errors]")).to_be_focused()
            looks_right(elsewhere)
        else:
            expect(elsewhere.get_by_role("navigation", name="Pharmacist")).to_be_visible()


def test_a_screen_left_alone_warns_and_then_closes(page: Page, clinic: Clinic, sign_in: SignIn) -> None:
    """Given a quarter of an hour without a touch, when the page is used again, then one signs in and goes on there."""
    luis = clinic.account("luis.marte")
    sign_in(page, "luis.marte").goto("/patients/?name=Tr")
    warning = page.locator("[data-session]")
    assert 890 <= int(str(warning.get_attribute("data-idle-seconds"))) <= 900
    expect(warning).to_have_attribute("data-warning-seconds", "120")
    page.evaluate("localStorage.setItem('session.seen', String(Date.now() - 790_000))")
    expect(page.get_by_role("dialog", name="Are you still there?")).to_be_visible()
    page.get_by_role("button", name="Stay signed in").click()
    expect(warning).to_be_hidden()
    clinic.let_pass(luis.email, 16, "last_action_at")
    page.reload()
    heading(page, "Sign in")
    give_password(page, luis)
    page.get_by_label("Six-digit code").fill(clinic.code(luis.totp_secret))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("Family name begins with")).to_have_value("Tr")


def test_what_matters_asks_again_who_one_is(
    page: Page, clinic: Clinic, sign_in: SignIn, looks_right: LooksRight
) -> None:
    """Given a sign-in of six minutes ago, when the address is changed, then the code is asked for first."""
    sofia = clinic.account("sofia.nilsen")
    sign_in(page, "sofia.nilsen")
    page.goto("/accounts/email/")
    heading(page, "Change your e-mail")
    clinic.let_pass(sofia.email, 6, "stepped_up_at")
    page.get_by_label("E-mail").fill("sofia@elsewhere.example")
    page.get_by_role("button", name="Send the links").click()
    heading(page, "Is it still you?")
    looks_right(page)
    page.get_by_label("Six-digit code").fill(clinic.code(sofia.totp_secret))
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#messages")).to_contain_text("We sent a link to your address so far")
    assert clinic.link_mailed_to(sofia.email, "Is your address changing?")
    assert clinic.mails_to("sofia@elsewhere.example") == []


def test_a_forgotten_password_is_replaced_by_mail(
    clinic: Clinic, new_page: Callable[..., Page], looks_right: LooksRight
) -> None:
    """Given a mail that was asked for, when its link is opened, then a new password is chosen; the link works once."""
    june, page = clinic.account("june.nakamura"), new_page(viewport=NARROW)  # nobody else's journey is hers
    page.goto("/accounts/sign-in/")
    follow(page.get_by_role("link", name="I do not know my password"))
    looks_right(page)
    page.get_by_label("E-mail").fill(june.email)
    follow(page.get_by_role("button", name="Send the link"))
    looks_right(page)
    link = clinic.link_mailed_to(june.email, "Choose a new password")
    page.goto(link)
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Save password").click()
    expect(page.get_by_role("alert")).to_contain_text("12 characters")
    looks_right(page)
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Save password").click()
    expect(page.locator("#messages")).to_contain_text("Your password is changed")
    give_password(page, june)
    expect(page.get_by_role("alert")).to_contain_text("do not fit together")
    give_password(page, june, PASSWORD)
    heading(page, "Hello, June")
    page.goto(link)
    heading(page, "This link does not work any more")
    looks_right(page)


def test_nobody_learns_by_mail_who_has_an_account(clinic: Clinic, page: Page) -> None:
    """The page says the same, whether there is an account or not; a mail goes to nobody who has none."""
    said = set()
    for email in (clinic.account("wei.tran").email, "nobody.here@mail.example"):
        page.goto("/accounts/reset/")
        page.get_by_label("E-mail").fill(email)
        page.get_by_role("button", name="Send the link").click()
        said.add(page.locator("main").inner_text())
    assert len(said) == 1
    assert clinic.link_mailed_to(clinic.account("wei.tran").email, "Choose a new password")
    assert clinic.mails_to("nobody.here@mail.example") == []


def test_two_roles_are_chosen_and_switched(
    page: Page, clinic: Clinic, sign_in: SignIn, looks_right: LooksRight
) -> None:
    """Given two roles, when one switches, then one proves oneself and the pages are those of the other role."""
    sam = clinic.account("sam.adeyemi")
    sign_in(page, "sam.adeyemi")
    heading(page, "In which role today?")
    looks_right(page)
    page.get_by_label("Billing").check()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("navigation", name="Billing")).to_be_visible()
    answer = page.goto("/patients/register")
    assert answer is not None
    assert answer.status == 403
    page.goto("/accounts/role/")
    looks_right(page)
    page.get_by_label("Front desk").check()
    page.get_by_label("Six-digit code").fill(clinic.code(sam.totp_secret))
    page.get_by_role("button", name="Switch role").click()
    expect(page.get_by_role("navigation", name="Front desk")).to_be_visible()
    page.goto("/patients/register")
    heading(page, "Register a person")


def test_signed_out_means_signed_out(page: Page, sign_in: SignIn) -> None:
    """Given a chart on the screen, when one signs out and goes back, then nothing of it is shown."""
    sign_in(page, "rosa.delgado").goto("/portal/record")
    expect(page.get_by_role("main")).to_contain_text("Delgado-Ferreira")
    page.get_by_role("button", name="Sign out").first.click()
    heading(page, "Sign in")
    page.go_back()
    expect(page.get_by_text("Mar 12, 1968")).to_have_count(0)
