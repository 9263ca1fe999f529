"""Patients through /v1: Alice reads her own, Bob and Charlie learn nothing, and the audit says who looked."""

import uuid
from collections.abc import Callable

import pytest

from healthcare.accounts.permissions import Scope
from patients import queries
from tests.factories import (
    AddressFactory,
    CareRelationshipFactory,
    ContactPointFactory,
    ContactPreferenceFactory,
    PatientFactory,
    PatientNameFactory,
    RelatedPersonFactory,
    portal_user,
    staff,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosa():
    return PatientFactory(family_name="Delgado", given_name="Rosa", phone="+15085550112", email="rosa@example.com")


def test_a_doctor_reads_a_patient_of_theirs(api, audited, rosa) -> None:
    doctor = staff("doctor", rosa.site)
    answer = api(doctor).read(f"/patients/{rosa.pk}")
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/json"
    body = answer.json()
    assert body.pop("created_at").endswith(("Z", "+00:00"))
    assert body.pop("updated_at").endswith(("Z", "+00:00"))
    assert body == {
        "id": str(rosa.pk),
        "mrn": rosa.mrn,
        "site": str(rosa.site_id),
        "given_name": "Rosa",
        "family_name": "Delgado",
        "preferred_name": "",
        "birth_date": "1968-03-12",
        "birth_precision": "day",
        "sex": "female",
        "sex_at_birth": "",
        "gender_identity": "",
        "pronouns": "",
        "language": "",
        "interpreter": None,
        "phone": "+15085550112",
        "email": "rosa@example.com",
        "line": "",
        "city": "",
        "state": "",
        "postal_code": "",
        "deceased": None,
        "deceased_date": None,
        "security": [],
    }
    assert audited(doctor) == [("patients.open_chart", "ok")]


def test_a_patient_reads_their_own(api, audited, rosa) -> None:
    own = portal_user(rosa)
    assert api(own).read(f"/patients/{rosa.pk}").json()["family_name"] == "Delgado"
    assert audited(own) == [("patients.open_chart", "ok")]


def test_whoever_acts_for_a_patient_reads_them(api, rosa) -> None:
    other = PatientFactory(site=rosa.site)
    mother = portal_user(other)
    CareRelationshipFactory(patient=rosa, kind="proxy", role="patient", user=mother)
    listed = api(mother).read("/patients").json()["items"]
    assert {item["id"] for item in listed} == {str(rosa.pk), str(other.pk)}


@pytest.mark.parametrize("who", ["doctor", "front_desk", "patient"])
def test_whose_patient_it_is_not_gets_the_answer_of_nobody(api, audited, rosa, who) -> None:
    charlie = portal_user(PatientFactory()) if who == "patient" else staff(who)
    theirs, nobodys = (api(charlie).read(f"/patients/{pk}") for pk in (rosa.pk, uuid.uuid4()))
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs["Content-Type"] == "application/problem+json"
    assert theirs.json() | {"request_id": ""} == nobodys.json() | {"request_id": ""}
    assert audited(charlie) == [("patients.open_chart", "denied")] * 2


@pytest.mark.parametrize("role", ["researcher", "privacy_officer", "administrator"])
def test_roles_that_open_no_chart_are_told_so(api, audited, rosa, role) -> None:
    somebody = staff(role, rosa.site)
    for path in ("/patients", f"/patients/{rosa.pk}"):
        answer = api(somebody).read(path)
        assert answer.status_code == 403
        assert answer.json()["type"] == "/v1/problems/forbidden"
    assert audited(somebody) == [("api.denied", "denied")] * 2


def test_a_token_without_the_area_is_refused(api, rosa) -> None:
    doctor = staff("doctor", rosa.site)
    for scopes in ("clinical.read", "identity.write", "write"):
        answer = api(doctor, scopes).read(f"/patients/{rosa.pk}")
        assert answer.status_code == 403
        assert "identity.read" in answer.json()["detail"]
    assert api(doctor, f"{Scope.IDENTITY}.read").read(f"/patients/{rosa.pk}").status_code == 200


def test_a_token_of_the_past_sees_what_the_grant_of_today_allows(api, rosa) -> None:
    """The scopes narrow; the grants decide."""
    doctor = staff("doctor", rosa.site)
    program = api(doctor)
    assert program.read(f"/patients/{rosa.pk}").status_code == 200
    elsewhere = PatientFactory()
    assert program.read(f"/patients/{elsewhere.pk}").status_code == 404


def test_the_second_look_costs_nothing_when_nothing_changed(api, rosa) -> None:
    program = api(staff("doctor", rosa.site))
    first = program.read(f"/patients/{rosa.pk}")
    again = program.read(f"/patients/{rosa.pk}", If_None_Match=first["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert program.read(f"/patients/{rosa.pk}", If_None_Match='W/"other"').status_code == 200


# == Lists ==
def test_the_list_goes_by_name_and_holds_the_visible_alone(api, audited, rosa) -> None:
    PatientFactory(family_name="Elsewhere")
    PatientFactory(family_name="Abbot", given_name="Zed", site=rosa.site)
    PatientFactory(family_name="Delgado", given_name="Ana", site=rosa.site)
    doctor = staff("doctor", rosa.site)
    body = api(doctor).read("/patients").json()
    assert [item["given_name"] for item in body["items"]] == ["Zed", "Ana", "Rosa"]
    assert body["next"] is None
    assert audited(doctor) == [("patients.list", "ok")]


def test_page_after_page_each_once(api, rosa) -> None:
    for number in range(6):
        PatientFactory(family_name="Same" if number % 2 else "Other", given_name="Same", site=rosa.site)
    program, seen, cursor = api(staff("doctor", rosa.site)), [], ""
    while True:
        body = program.read("/patients", {"limit": 2, "cursor": cursor}).json()
        assert len(body["items"]) <= 2
        seen += [item["id"] for item in body["items"]]
        cursor = body["next"]
        if cursor is None:
            break
        assert "Same" not in cursor
    assert len(seen) == len(set(seen)) == 7


def test_a_search_gives_whole_patients_in_reach_and_no_masked_ones(api, audited, rosa) -> None:
    PatientFactory(family_name="Delgado", given_name="Hidden")
    doctor = staff("doctor", rosa.site)
    body = api(doctor).read("/patients", {"query": "delgado"}).json()
    assert [item["id"] for item in body["items"]] == [str(rosa.pk)]
    assert audited(doctor) == [("patients.search", "ok")]


def test_too_many_searches_wait_a_minute(api, rosa, monkeypatch) -> None:
    def refuse(**_):
        raise queries.TooManySearches("That was a lot of searches. Wait a minute, then go on.")

    monkeypatch.setattr("patients.actions.search_patients", refuse)
    answer = api(staff("doctor", rosa.site)).read("/patients", {"query": "delgado"})
    assert answer.status_code == 429
    assert answer.json()["type"] == "/v1/problems/too-many-searches"
    assert "Wait a minute" in answer.json()["detail"]
    assert int(answer["Retry-After"]) > 0


def test_patients_list_their_own_and_search_nobody(api, rosa) -> None:
    own = api(portal_user(rosa))
    assert [item["id"] for item in own.read("/patients").json()["items"]] == [str(rosa.pk)]
    assert own.read("/patients", {"query": "delgado"}).status_code == 403


@pytest.mark.parametrize("path", ["/patients", "/patients/{}"])
def test_without_an_audit_line_nothing_is_shown(api, rosa, no_audit, path) -> None:
    answer = api(staff("doctor", rosa.site)).read(path.format(rosa.pk))
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert b"Delgado" not in answer.content


@pytest.mark.parametrize("path", ["/patients", "/patients/{}"])
def test_ten_cost_as_many_queries_as_one(api, rosa, assert_queries, path) -> None:
    program: Callable = api(staff("doctor", rosa.site)).read
    with assert_queries(at_most=3) as one:
        program(path.format(rosa.pk))
    for _each in range(9):
        PatientFactory(site=rosa.site)
    with assert_queries(at_most=3) as ten:
        program(path.format(rosa.pk))
    assert len(one) == len(ten)


def test_the_profile_is_read_by_who_reads_the_patient(api, audited, rosa) -> None:
    kept = {"patient": rosa}
    PatientNameFactory(**kept)
    AddressFactory(**kept, latitude=42.26, longitude=-71.8)
    ContactPointFactory(**kept, value="+15085550199", bad="silent", bad_at="2026-05-06T12:00Z")
    RelatedPersonFactory(**kept)
    ContactPreferenceFactory(**kept)
    doctor = staff("doctor", rosa.site)
    body = api(doctor).read(f"/patients/{rosa.pk}/profile").json()
    assert body["names"] == [{"use": "maiden", "given_name": "Rosa", "family_name": "Ferreira", "until": None}]
    assert body["addresses"][0]["latitude"] == 42.26
    assert [(way["value"], way["first"], bool(way["bad"])) for way in body["contacts"]] == [
        ("+15085550112", True, False),
        ("rosa@example.com", True, False),
        ("+15085550199", False, True),
    ]
    assert body["people"][0]["emergency"]
    assert body["preferences"] == [{"channel": "email", "purpose": "visits", "allowed": False}]
    assert audited(doctor) == [("patients.open_chart", "ok")]


def test_of_a_stranger_no_profile_is_read(api, rosa) -> None:
    assert api(staff("doctor")).read(f"/patients/{rosa.pk}/profile").status_code == 404
    assert api(portal_user(PatientFactory())).read(f"/patients/{rosa.pk}/profile").status_code == 404
