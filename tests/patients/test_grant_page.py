"""The pages that give a colleague access, and end it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from patients.models import CareRelationship, Patient
from tests.factories import (
    CareRelationshipFactory,
    ConsentFactory,
    MembershipFactory,
    PatientFactory,
    SiteFactory,
    UserFactory,
    portal_user,
    staff,
)
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosa() -> Patient:
    patient = PatientFactory(family_name="Delgado", site=SiteFactory(time_zone="America/New_York"))
    ConsentFactory(patient=patient)
    return patient


def test_who_has_not_agreed_to_sharing_is_not_shared(browser) -> None:
    patient = PatientFactory()
    doctor = staff("doctor", patient.site)
    staff("doctor", full_name="Aaron Feld")
    page = browser(doctor).post(url(patient), typed())
    assert page.status_code == 422
    assert "The patient has not agreed to this" in page.content.decode()


@pytest.fixture
def doctor(rosa):
    return staff("doctor", rosa.site, full_name="Maren Okafor")


def url(patient) -> str:
    return reverse("patients:grant", args=[patient.pk])


def typed(**changes) -> dict:
    return {
        "colleague": "Aaron Feld",
        "kind": "share",
        "scopes": ["clinical"],
        "until": (timezone.localdate() + timedelta(days=30)).isoformat(),
        "reason": "Heart",
    } | changes


def given() -> CareRelationship:
    with as_the_system():
        return CareRelationship.objects.select_related("user", "granted_by").get(kind__in=["share", "care_team"])


def test_a_colleague_by_name_can_open_the_chart_from_then_on(browser, rosa, doctor) -> None:
    feld = staff("doctor", full_name="Aaron Feld")
    assert browser(feld).get(f"/patients/{rosa.pk}/").status_code == 403
    client = browser(doctor)
    answer = client.post(url(rosa), typed())
    assert answer.status_code == 302
    assert b"Access is given from now on" in client.get(answer["Location"]).content
    share = given()
    assert (share.user, share.role, share.kind, share.reason) == (feld, "doctor", "share", "Heart")
    assert (share.scopes, share.granted_by) == (["identity", "clinical"], doctor)
    assert share.validity.upper - share.validity.lower < timedelta(days=32)
    assert browser(feld.in_role("doctor")).get(f"/patients/{rosa.pk}/").status_code == 200


def test_the_last_day_ends_with_the_day_at_the_patients_site(browser, rosa, doctor) -> None:
    staff("nurse", full_name="Priya Raman", email="priya@clinic.example")
    browser(doctor).post(url(rosa), typed(colleague="PRIYA@clinic.example", until="Dec 31, 2099", kind="care_team"))
    assert given().validity.upper == datetime(2100, 1, 1, 5, 0, tzinfo=UTC)
    assert given().role == "nurse"


def test_several_of_a_name_are_asked_about(browser, rosa, doctor) -> None:
    staff("doctor", full_name="Aaron Feld")
    nurse = staff("nurse", full_name="Aaron Feldman")
    client = browser(doctor)
    page = client.post(url(rosa), typed(colleague="feld"))
    assert page.status_code == 422
    assert "Several colleagues fit. Choose one" in page.content.decode()
    assert "Aaron Feldman, Nurse" in page.content.decode()
    chosen = str(nurse.memberships.get().pk)
    assert client.post(url(rosa), typed(colleague="feld", membership=chosen)).status_code == 302
    assert given().user == nurse


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"colleague": "Nobody At All"}, "Nobody who works here"),
        ({"colleague": ""}, "Missing: Colleague"),
        ({"colleague": "x"}, "Nobody who works here"),
        ({"scopes": []}, "Choose what they may see"),
        ({"scopes": ["everything"]}, "Select a valid choice"),
        ({"until": "Dec 31, 1999"}, "Until cannot be before"),
        ({"until": "soon"}, "Write day, month and year"),
        ({"reason": ""}, "Missing: Reason"),
        ({"reason": "x" * 501}, "is too long: 500 characters fit"),
        ({"kind": "self"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_stays_on_the_page_with_a_sentence(browser, rosa, doctor, changes, sentence) -> None:
    staff("doctor", full_name="Aaron Feld")
    page = browser(doctor).post(url(rosa), typed(**changes))
    assert page.status_code == 422
    assert sentence in page.content.decode()
    with as_the_system():
        assert not CareRelationship.objects.filter(kind__in=["share", "care_team"]).exists()


def test_a_part_that_the_colleagues_role_never_sees_is_refused(browser, rosa, doctor) -> None:
    staff("pharmacist", full_name="Aaron Feld")
    page = browser(doctor).post(url(rosa), typed(scopes=["clinical"]))
    assert page.status_code == 422
    assert "This role can never see that part of a chart." in page.content.decode()


def test_who_cannot_open_charts_is_not_offered(browser, rosa, doctor) -> None:
    for user in (staff("researcher", full_name="Aaron Feld"), portal_user(rosa, full_name="Aaron Feld")):
        assert user.full_name == "Aaron Feld"
    former = UserFactory(full_name="Aaron Feld")
    MembershipFactory(user=former, validity=(datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)))
    page = browser(doctor).post(url(rosa), typed())
    assert "Nobody who works here" in page.content.decode()


def test_oneself_is_not_a_colleague(browser, rosa, doctor) -> None:
    assert browser(doctor).post(url(rosa), typed(colleague="Maren Okafor")).status_code == 422


def test_bob_gives_nobody_access(browser, rosa) -> None:
    staff("doctor", full_name="Aaron Feld")
    assert browser(staff("doctor")).post(url(rosa), typed()).status_code == 403
    assert browser(staff("front_desk", rosa.site)).post(url(rosa), typed()).status_code == 403


def test_ten_colleagues_of_a_name_cost_no_more_queries_than_two(browser, rosa, doctor, assert_queries) -> None:
    for _each in range(2):
        staff("doctor", full_name="Aaron Feld")
    client = browser(doctor)
    client.post(url(rosa), typed())
    with assert_queries(at_most=14) as two:
        client.post(url(rosa), typed())
    for _each in range(8):
        staff("doctor", full_name="Aaron Feld")
    with assert_queries(at_most=14) as ten:
        client.post(url(rosa), typed())
    assert len(two) == len(ten)


# == End ==
def end(patient, relationship) -> str:
    return reverse("patients:end", args=[patient.pk, relationship.pk])


def test_access_ends_by_a_page_that_asks_first(browser, rosa, doctor) -> None:
    share = CareRelationshipFactory(patient=rosa, kind="share")
    client = browser(doctor)
    page = client.get(end(rosa, share))
    assert page.status_code == 200
    assert share.user.full_name in page.content.decode()
    with as_the_system():
        share.refresh_from_db()
    assert share.ended_at is None, "to look is not to do"
    answer = client.post(end(rosa, share))
    assert b"Access has ended" in client.get(answer["Location"]).content
    with as_the_system():
        share.refresh_from_db()
    assert share.ended_by == doctor


def test_what_comes_with_the_site_is_not_ended(browser, rosa, doctor) -> None:
    with as_the_system():
        site = CareRelationship.objects.get(patient=rosa, kind="site")
    client = browser(doctor)
    assert client.get(end(rosa, site)).status_code == 404
    answer = client.post(end(rosa, site))
    assert "is not ended here" in client.get(answer["Location"]).content.decode()
    with as_the_system():
        site.refresh_from_db()
    assert site.ended_at is None


def test_a_relationship_of_another_patient_is_not_there(browser, rosa, doctor) -> None:
    other = CareRelationshipFactory(kind="share", user=doctor)
    assert browser(doctor).get(end(rosa, other)).status_code == 404


def test_bob_and_charlie_end_nothing(browser, rosa) -> None:
    share = CareRelationshipFactory(patient=rosa, kind="share")
    assert browser(staff("doctor")).post(end(rosa, share)).status_code == 403
    assert browser(staff("front_desk", rosa.site)).post(end(rosa, share)).status_code == 403
    assert browser(portal_user(PatientFactory())).post(end(rosa, share)).status_code == 404
    with as_the_system():
        share.refresh_from_db()
    assert share.ended_at is None
