"""An administrator brings a nurse in, and sees no patient; the privacy officer sees who did what."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.clinic import Clinic
from tests.journeys.conftest import LooksRight, SignedIn
from tests.journeys.looking import sideways
from tests.journeys.test_scope import open_chart

pytestmark = pytest.mark.journey
FAMILY_NAMES = ("Delgado", "Hollis", "Fontaine", "Baptiste", "Whitfield")


def test_a_nurse_is_invited_and_signs_in_for_the_first_time(
    clinic: Clinic, signed_in: SignedIn, new_page: Callable[..., Page], looks_right: LooksRight
) -> None:
    """Given an invitation by mail, when she follows it, then she has password, authenticator, ten codes and a home."""
    email = "noor.aziz@alderstreet.example"
    administrator = signed_in("alice.moreau", "/accounts/staff/")
    looks_right(administrator, dark=True)
    administrator.get_by_role("link", name="Invite a colleague").click()
    administrator.get_by_label("Name", exact=True).fill("Noor Aziz, RN")
    administrator.get_by_label("E-mail at work").fill(email)
    administrator.get_by_label("Site").select_option(label="Alder Street")
    administrator.get_by_label("Nurse").check()
    looks_right(administrator)
    administrator.get_by_role("button", name="Send the invitation").click()
    expect(administrator.locator("#messages")).to_contain_text("on its way")

    nurse = new_page()
    nurse.goto(clinic.link_mailed_to(email, "Your account"))
    expect(nurse.get_by_label("Your name")).to_have_value("Noor Aziz, RN")
    looks_right(nurse)
    nurse.get_by_label("New password").fill("nine brown hares run")
    nurse.get_by_role("button", name="Open my account").click()
    nurse.goto("/patients/")
    expect(nurse.get_by_role("heading", level=1)).to_have_text("Set up your authenticator")
    nurse.get_by_role("button", name="Show the QR code").click()
    expect(nurse.locator("bdi b")).to_be_visible()
    looks_right(nurse)
    key = "".join(nurse.locator("bdi b").inner_text().split())
    nurse.get_by_label("Six-digit code").fill(clinic.code(key))
    nurse.get_by_role("button", name="Finish").click()
    expect(nurse.locator("#codes li")).to_have_count(10)
    looks_right(nurse)
    nurse.get_by_role("link", name="I have kept them").click()
    expect(nurse.get_by_role("navigation", name="Nurse")).to_be_visible()
    open_chart(nurse, "Hollis, Edmund")

    administrator.goto("/accounts/staff/?q=Noor")
    administrator.get_by_role("link", name="Noor Aziz, RN").click()
    expect(administrator.get_by_role("main")).to_contain_text("Active")
    looks_right(administrator)


def test_the_admin_shows_that_patients_are_there_and_none_of_their_names(
    signed_in: SignedIn,
) -> None:
    """Given all of the admin, when an administrator looks round, then no page of it names a patient."""
    page = signed_in("alice.moreau", "/")
    page.get_by_role("navigation").get_by_role("link", name="Clinic settings").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for place in (
        "",
        "patients/",
        "patients/patient/",
        "patients/carerelationship/",
        "patients/usergrant/",
        "accounts/user/",
    ):
        answer = page.goto(f"/admin/{place}")
        assert answer is not None
        assert answer.status == 200, place
        for name in FAMILY_NAMES:
            expect(page.locator("body")).not_to_contain_text(name)
        assert sideways(page) <= 0, place
    answer = page.goto("/admin/patients/patient/add/")
    assert answer is not None
    assert answer.status == 403


def test_nobody_else_reaches_the_admin(signed_in: SignedIn) -> None:
    page = signed_in("jodie.parrish")
    answer = page.goto("/admin/")
    assert answer is not None
    assert answer.status in {302, 403, 404} or "/admin/" not in page.url
    expect(page.locator("body")).not_to_contain_text("Care relationships")


def test_the_privacy_officer_reads_who_opened_a_chart(signed_in: SignedIn, looks_right: LooksRight) -> None:
    """Given a chart that a nurse opened, when the audit is asked for her, then the opening stands there, nameless."""
    nurse = signed_in("priya.raman")
    chart = open_chart(nurse, "Hollis, Edmund")
    page = signed_in("thomas.byrne")
    looks_right(page)
    page.get_by_role("link", name="Open the audit").click()
    page.get_by_label("Person").fill("priya.raman@alderstreet.example")
    page.get_by_label("Action").fill("patients.open")
    page.get_by_role("button", name="Show").click()
    first = page.get_by_role("row").nth(1)
    expect(first).to_contain_text("Priya Raman")
    expect(first).to_contain_text("patients.open_chart")
    expect(page.locator("main")).not_to_contain_text("Hollis")
    looks_right(page, dark=True)
    page.goto("/accounts/audit/")
    page.get_by_label("Patient id").fill(chart.rstrip("/").rsplit("/", 1)[-1])
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row").filter(has_text="Priya Raman").first).to_be_visible()
    page.get_by_label("Patient id").fill("Hollis")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("[data-errors]")).to_be_focused()
    looks_right(page)
