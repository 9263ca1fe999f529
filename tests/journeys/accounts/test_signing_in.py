"""Stories of signing in, told in a real browser."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from healthcare.accounts.models import Session, TOTPDevice
from tests.accounts.conftest import PASSWORD, code_of, colleague, letters, link_in, person, sign_in
from tests.factories import MembershipFactory, SiteFactory
from tests.journeys.accounts.conftest import Open

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
SIGN_IN = reverse("accounts:sign_in")


def give_password(page: Page, email: str, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Go on").click()


def give_code(page: Page, code: str) -> None:
    page.get_by_label("Six-digit code").fill(code)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


def test_a_doctor_signs_in_and_lands_on_the_page_that_was_asked_for(open_page: Open) -> None:
    """Given a link to a page, when she gives password and code, then the page opens."""
    doctor = colleague("doctor", full_name="Dr. Maren Okafor")
    page = open_page(reverse("accounts:account"))
    give_password(page, doctor.email, "not her password")
    expect(page.get_by_role("alert")).to_contain_text("do not fit together")
    expect(page.get_by_label("E-mail")).to_have_value(doctor.email)
    give_password(page, doctor.email)
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    give_code(page, "000000")
    expect(page.locator("[data-errors]")).to_be_focused()
    TOTPDevice.objects.update(throttling_failure_count=0)
    give_code(page, code_of(doctor))
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")


def test_an_invited_nurse_sets_everything_up(open_page: Open) -> None:
    """Given an invitation, when she follows it, then she has a password, an authenticator and ten codes."""
    site = SiteFactory(name="Alder Street")
    page = open_page(reverse("accounts:invite"), client=sign_in(colleague("administrator", site=site)))
    page.get_by_label("Name", exact=True).fill("Priya Raman, RN")
    page.get_by_label("E-mail at work").fill("priya@clinic.example")
    page.get_by_label("Site").select_option(label="Alder Street")
    page.get_by_label("Nurse").check()
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("status").first).to_contain_text("on its way")
    nurse = open_page(reverse("accounts:invitation", args=[link_in(letters()[-1])]))
    nurse.get_by_label("New password").fill(PASSWORD)
    nurse.get_by_role("button", name="Open my account").click()
    nurse.get_by_role("button", name="Show the QR code").click()
    shown = nurse.locator("bdi b").inner_text().replace(" ", "").replace("\n", "")
    nurse.get_by_label("Six-digit code").fill(TOTPDevice(key=shown).code_at(timezone.now()))
    nurse.get_by_role("button", name="Finish").click()
    expect(nurse.locator("#codes li")).to_have_count(10)
    nurse.get_by_role("link", name="I have kept them").click()
    expect(nurse.get_by_role("navigation", name="Nurse")).to_be_visible()


def test_a_lost_phone_is_no_reason_to_stay_outside(open_page: Open) -> None:
    """Given ten printed codes, when the phone is lost, then one of them signs in, once."""
    doctor = colleague("doctor")
    page = open_page(reverse("accounts:renew_codes"), client=sign_in(doctor))
    page.get_by_role("button", name="Make ten new codes").click()
    code = page.locator("#codes li").first.inner_text().strip()
    assert re.fullmatch(r"([A-Z2-9]{4}-){3}[A-Z2-9]{4}", code)
    phone = open_page(SIGN_IN)
    give_password(phone, doctor.email)
    phone.get_by_role("link", name="I have lost my phone").click()
    phone.get_by_label("Recovery code").fill(code.lower())
    phone.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(phone.get_by_role("navigation", name="Doctor")).to_be_visible()


def test_a_colleague_with_two_roles_chooses_and_switches(open_page: Open) -> None:
    desk = colleague("front_desk")
    MembershipFactory(user=desk, role="billing")
    page = open_page(SIGN_IN)
    give_password(page, desk.email)
    give_code(page, code_of(desk))
    page.get_by_label("Billing").check()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".who")).to_contain_text("Billing")
    page.goto(page.url.rstrip("/") + reverse("accounts:switch_role"))
    page.get_by_label("Front desk").check()
    page.get_by_label("Six-digit code").fill(code_of(desk, timezone.now() + timedelta(seconds=30)))
    page.get_by_role("button", name="Switch role").click()
    expect(page.locator(".who")).to_contain_text("Front desk")


def test_what_was_typed_comes_through_the_question_who_one_is(open_page: Open) -> None:
    """Given a form sent after the five minutes, when she proves herself, then nothing has to be typed again."""
    admin, doctor = colleague("administrator"), colleague("doctor")
    site = SiteFactory(name="Shrewsbury Street")
    page = open_page(reverse("accounts:colleague", args=[doctor.pk]), client=sign_in(admin, stepped_up=False))
    page.get_by_label("Site").select_option(label="Shrewsbury Street")
    page.get_by_label("Role", exact=True).select_option(label="Nurse")
    page.get_by_role("button", name="See what it opens").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it still you?")
    page.get_by_label("Six-digit code").fill(code_of(admin))
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Give this role").click()
    expect(page.locator("#messages")).to_contain_text("The role counts from now on")
    assert doctor.memberships.filter(site=site, role="nurse").exists()


def test_a_page_that_is_left_alone_ends_and_the_sign_in_leads_back(open_page: Open) -> None:
    patient = person()
    page = open_page(reverse("accounts:change_password"), client=sign_in(patient))
    Session.objects.update(last_action_at=timezone.now() - timedelta(minutes=20))
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    give_password(page, patient.email)
    expect(page.get_by_role("heading", level=1)).to_have_text("Change your password")


def test_the_portal_account_is_opened_from_a_mail(open_page: Open, violations: Callable[[Page], list[str]]) -> None:
    page = open_page(SIGN_IN, width=360)
    page.get_by_role("link", name="I am a patient and have no account yet").click()
    page.get_by_label("E-mail").fill("rosa@mail.example")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")
    page = open_page(reverse("accounts:open_account", args=[link_in(letters()[-1])]), width=360)
    page.get_by_label("Your name").fill("Rosa Delgado-Ferreira")
    page.get_by_label("New password").fill(PASSWORD)
    assert violations(page) == []
    page.get_by_role("button", name="Open my account").click()
    expect(page.locator("html")).to_have_class("portal")
    assert page.errors == []


def test_signed_out_means_signed_out_also_for_the_back_button(open_page: Open) -> None:
    page = open_page(reverse("accounts:account"), client=sign_in(person(full_name="Rosa Delgado")))
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.go_back()
    expect(page.get_by_text("Rosa Delgado")).to_have_count(0)
