"""The pages of a chart: whom they open to, what stands on them, and what they write down."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from healthcare.audit import record
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients.models import Patient
from tests.factories import CareRelationshipFactory, MembershipFactory, PatientFactory, portal_user, staff

pytestmark = pytest.mark.django_db
PAGES = ("chart", "access", "change", "grant", "portal_code")


def address(name: str, patient) -> str:
    return reverse(f"patients:{name}", args=[getattr(patient, "pk", patient)])


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(
        given_name="Rosa",
        family_name="Delgado-Ferreira",
        preferred_name="Rosie",
        phone="+15085550177",
        mrn="004-81-7726",
        line="14 Elm Street",
        city="Worcester",
        state="MA",
        postal_code="01608",
    )


# == Alice, Bob and Charlie ==
@pytest.mark.parametrize("name", PAGES)
def test_alice_of_the_same_site_opens_it(browser, audited, rosa, name) -> None:
    alice = staff("doctor", rosa.site)
    page = browser(alice).get(address(name, rosa))
    assert page.status_code == 200
    assert "<b>Delgado-Ferreira</b>, Rosa" in page.content.decode(), "the banner stands on every page of a chart"
    assert audited(alice) == [("patients.open_chart", "ok")]


def without_id(page) -> bytes:
    """What is left of it when the id that was asked for is taken out of its own links."""
    return page.content.replace(page.request["PATH_INFO"].split("/")[2].encode(), b"")


@pytest.mark.parametrize("name", PAGES)
def test_bob_of_another_site_gets_the_one_fixed_page(browser, audited, rosa, name) -> None:
    bob = staff("doctor")
    browser_of_bob = browser(bob)
    there, nowhere = browser_of_bob.get(address(name, rosa)), browser_of_bob.get(address(name, uuid.uuid4()))
    assert (there.status_code, nowhere.status_code) == (403, 403)
    assert without_id(there) == without_id(nowhere), "whether there is such a patient is not told"
    assert b"Not in your scope" in there.content
    assert b"Delgado" not in there.content
    assert audited(bob) == [("patients.open_chart", "denied")] * 2


@pytest.mark.parametrize("name", PAGES)
def test_charlie_who_is_a_patient_finds_nothing(browser, rosa, name) -> None:
    charlie = browser(portal_user(PatientFactory()))
    assert charlie.get(address(name, rosa)).status_code == 404
    assert charlie.get(address(name, uuid.uuid4())).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_nobody_signed_in_is_sent_to_sign_in(rosa, name) -> None:
    answer = Client().get(address(name, rosa))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("accounts:sign_in"))


@pytest.mark.parametrize("role", ["researcher", "privacy_officer", "administrator"])
def test_a_role_that_opens_no_chart_gets_a_sentence(browser, audited, rosa, role) -> None:
    user = staff(role, rosa.site)
    page = browser(user).get(address("chart", rosa))
    assert page.status_code == 403
    assert b"Delgado" not in page.content
    assert audited(user) == [("accounts.denied", "denied")]


@pytest.mark.parametrize("name", ["change", "grant", "portal_code"])
def test_billing_reads_and_changes_nothing(browser, rosa, name) -> None:
    clerk = browser(staff("billing", rosa.site))
    assert clerk.get(address("chart", rosa)).status_code == 200
    assert clerk.get(address(name, rosa)).status_code == 403


def test_an_ill_formed_id_is_no_page_at_all(browser, rosa) -> None:
    assert browser(staff("doctor", rosa.site)).get("/patients/1/").status_code == 404


def test_nobody_opens_their_own_chart_as_staff(browser, rosa) -> None:
    own = portal_user(rosa)
    CareRelationshipFactory(patient=rosa, user=own, role="doctor")
    MembershipFactory(user=own, site=rosa.site, role="doctor")
    assert browser(own.in_role("doctor")).get(address("chart", rosa)).status_code == 403


# == What it says ==
def test_the_overview_says_who_this_is_and_how_to_reach_them(browser, rosa) -> None:
    text = browser(staff("doctor", rosa.site)).get(address("chart", rosa)).content.decode()
    for part in (
        "Rosie",
        "Mar 12, 1968",
        "004-81-7726",
        "508-555-0177",
        "14 Elm Street",
        "Worcester, MA",
        rosa.site.name,
    ):
        assert part in text
    assert "Site team" in text
    assert "The teams of this site" in text


def test_what_is_not_known_is_said_and_not_left_blank(browser) -> None:
    bare = PatientFactory()
    text = browser(staff("doctor", bare.site)).get(address("chart", bare)).content.decode()
    assert text.count("Not known") == 3
    assert "Allergies never asked" in text


def test_billing_is_not_told_of_allergies(browser, rosa) -> None:
    text = browser(staff("billing", rosa.site)).get(address("chart", rosa)).content.decode()
    assert "Allergies" not in text
    assert "Change</a>" not in text


def test_a_long_list_of_colleagues_is_cut_and_counted(browser, rosa) -> None:
    for _each in range(7):
        CareRelationshipFactory(patient=rosa)
    text = browser(staff("doctor", rosa.site)).get(address("chart", rosa)).content.decode()
    assert "And 2 more" in text


def test_signs_in_names_are_shown_as_text(browser) -> None:
    patient = PatientFactory(family_name="<script>alert(1)</script>", given_name="{{ request }}")
    text = browser(staff("doctor", patient.site)).get(address("chart", patient)).content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text
    assert "{{ request }}" in text


def test_two_tabs_with_two_patients_do_not_cross(browser, rosa) -> None:
    other = PatientFactory(site=rosa.site, family_name="Hollis")
    doctor = browser(staff("doctor", rosa.site))
    doctor.get(address("chart", rosa))
    doctor.get(address("chart", other))
    assert b"Delgado-Ferreira" in doctor.get(address("chart", rosa)).content


# == Without audit nothing is shown ==
@pytest.mark.parametrize("name", PAGES)
def test_no_audit_no_patient(browser, rosa, no_audit, name) -> None:
    page = browser(staff("doctor", rosa.site)).get(address(name, rosa))
    assert page.status_code == 503
    assert b"Delgado" not in page.content
    assert b"004-81" not in page.content


def test_no_audit_no_refusal_either(browser, rosa, no_audit) -> None:
    assert browser(staff("doctor")).get(address("chart", rosa)).status_code == 503


# == The access page ==
def test_the_access_page_says_who_why_and_what_oneself_did(browser, rosa) -> None:
    doctor = staff("doctor", rosa.site)
    share = CareRelationshipFactory(patient=rosa, kind="share", reason="Second opinion", granted_by=doctor)
    with acting_as(doctor):
        record("patients.change", by=doctor, patient_id=rosa.pk, detail={"fields": ["phone", "email"]})
        record("patients.open_chart", by=doctor, patient_id=rosa.pk)
        record("patients.open_chart", by=doctor, patient_id=rosa.pk)
    text = browser(doctor).get(address("access", rosa)).content.decode()
    for part in (
        "Second opinion",
        "Shared with",
        share.user.full_name,
        "Notes and results",
        "Changed details: phone, e-mail",
    ):
        assert part in text
    assert "2 times" in text
    assert reverse("patients:end", args=[rosa.pk, share.pk]) in text
    assert text.count('>End<span class="vh">') == 1, "what the site opened is not ended by a colleague"


def test_a_nurse_may_end_and_the_front_desk_may_not(browser, rosa) -> None:
    share = CareRelationshipFactory(patient=rosa, kind="share")
    end = reverse("patients:end", args=[rosa.pk, share.pk])
    assert end in browser(staff("nurse", rosa.site)).get(address("access", rosa)).content.decode()
    desk = browser(staff("front_desk", rosa.site)).get(address("access", rosa)).content.decode()
    assert end not in desk
    assert "Give a colleague access" not in desk


# == Budgets ==
@pytest.mark.parametrize("name", ["chart", "access"])
def test_ten_colleagues_cost_no_more_queries_than_one(browser, rosa, assert_queries, name) -> None:
    doctor = staff("doctor", rosa.site)
    seen = browser(doctor)
    CareRelationshipFactory(patient=rosa)
    seen.get(address(name, rosa))
    with assert_queries(at_most=12) as one:
        seen.get(address(name, rosa))
    for _each in range(9):
        CareRelationshipFactory(patient=rosa, granted_by=doctor)
    with assert_queries(at_most=12) as ten:
        seen.get(address(name, rosa))
    assert len(one) == len(ten), f"{one}\n\n{ten}"


def test_a_view_that_forgets_its_filter_shows_only_ones_own(rosa) -> None:
    PatientFactory()
    with acting_as(staff("doctor", rosa.site)):
        assert list(Patient.objects.all()) == [rosa]
    with acting_as(staff("doctor")):
        assert not Patient.objects.all().exists()
        assert not AuditEvent.objects.exists()
