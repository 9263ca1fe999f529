"""The patient's pages: home, record, who opened it, and linking the account."""

from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError
from django.test import Client

from healthcare.accounts.access import passes
from healthcare.audit import record
from healthcare.db.context import acting_as
from patients.access import check_can_open_chart
from patients.actions import issue_portal_code, link_portal_account
from patients.forms import OpeningsForm
from tests.factories import CareRelationshipFactory, PatientFactory, UserFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
OWN = ("/portal/", "/portal/record", "/portal/openings")


@pytest.fixture
def rosa():
    return PatientFactory(
        given_name="Rosa", family_name="Delgado-Ferreira", preferred_name="Rosie", phone="+15085550177"
    )


def opened(user, patient, action="patients.open_chart", **more) -> None:
    with acting_as(user):
        record(action, by=user, patient_id=patient.pk, **more)


# == Whose pages these are ==
@pytest.mark.parametrize("url", OWN)
def test_a_patient_reads_their_own_record_and_no_other(browser, audited, rosa, url) -> None:
    PatientFactory(given_name="Somebody", family_name="Else")
    own = portal_user(rosa)
    page = browser(own).get(url)
    assert page.status_code == 200
    assert b"Somebody" not in page.content
    assert audited(own) == [("patients.open_chart", "ok")]


@pytest.mark.parametrize("url", OWN)
def test_an_account_without_a_record_is_sent_to_link_it(browser, url) -> None:
    answer = browser(UserFactory().in_role("patient")).get(url)
    assert (answer.status_code, answer["Location"]) == (302, "/portal/link")


@pytest.mark.parametrize("url", [*OWN, "/portal/link"])
def test_staff_have_no_portal_and_nobody_else_either(browser, rosa, url) -> None:
    assert browser(staff("doctor", rosa.site)).get(url).status_code == 403
    assert Client().get(url).status_code == 302


@pytest.mark.parametrize("url", OWN)
def test_no_audit_no_record(browser, rosa, no_audit, url) -> None:
    page = browser(portal_user(rosa)).get(url)
    assert page.status_code == 503
    assert b"Rosie" not in page.content


# == What stands on them ==
def test_home_greets_by_the_name_one_goes_by(browser, rosa) -> None:
    text = browser(portal_user(rosa)).get("/portal/").content.decode()
    assert "<h1>Hello, Rosie</h1>" in text
    assert "508-555-0177" in text
    assert "0 other people opened your record" in text
    plain = PatientFactory(given_name="Edmund")
    assert "<h1>Hello, Edmund</h1>" in browser(portal_user(plain)).get("/portal/").content.decode()


def test_home_counts_people_once_and_not_those_refused(browser, rosa) -> None:
    doctor, nurse, stranger = staff("doctor", rosa.site), staff("nurse", rosa.site), staff("doctor")
    for user in (doctor, doctor, nurse):
        opened(user, rosa)
    opened(stranger, rosa, outcome="denied")
    own = portal_user(rosa)
    opened(own, rosa)
    assert "2 other people opened your record" in browser(own).get("/portal/").content.decode()


def test_the_record_says_what_the_clinic_knows(browser, rosa) -> None:
    text = browser(portal_user(rosa)).get("/portal/record").content.decode()
    for part in ("Rosa Delgado-Ferreira", "Rosie", "Mar 12, 1968", rosa.mrn, rosa.site.name, "Not known"):
        assert part in text


def test_the_list_says_who_why_and_what(browser, rosa) -> None:
    doctor = staff("doctor", rosa.site, full_name="Maren Okafor")
    helper = CareRelationshipFactory(patient=rosa, kind="share", user=staff("doctor", full_name="Aaron Feld")).user
    stranger = staff("nurse", full_name="Bob Curious")
    opened(doctor, rosa)
    opened(doctor, rosa)
    opened(doctor, rosa, "patients.change", detail={"fields": ["phone"]})
    opened(helper, rosa)
    opened(stranger, rosa, outcome="denied")
    opened(doctor, rosa, "records.sign_note")
    text = browser(portal_user(rosa)).get("/portal/openings").content.decode()
    for part in (
        "Maren Okafor",
        "Doctor",
        "Works where you are a patient",
        "Opened the record, 2 times",
        "Changed details: phone",
        "Aaron Feld",
        "Shared with",
        "Bob Curious",
        "Tried, and was refused",
        "Tried to open the record",
        "Signed a note",
        "6 times",
        "3 people",
    ):
        assert part in text, part


def test_oneself_is_left_out_until_asked_for(browser, rosa) -> None:
    own = portal_user(rosa)
    opened(own, rosa)
    client = browser(own)
    assert "Nobody opened your record in this time" in client.get("/portal/openings").content.decode()
    assert "It is your record" in client.get("/portal/openings?who=all").content.decode()


def test_the_time_can_be_chosen_and_nonsense_is_the_last_month(browser, rosa) -> None:
    client = browser(portal_user(rosa))
    opened(staff("doctor", rosa.site, full_name="Maren Okafor"), rosa)
    for query in ("time=365", "time=all", "time=30", "time=nonsense&who=me"):
        assert "Maren Okafor" in client.get(f"/portal/openings?{query}").content.decode()


def test_what_a_computer_did_has_no_name(browser, rosa) -> None:
    with as_the_system():
        record("patients.change", by=None, patient_id=rosa.pk)
    text = browser(portal_user(rosa)).get("/portal/openings").content.decode()
    assert "clinic&#x27;s computer" in text


def test_a_long_list_is_cut_and_says_so(browser, rosa, monkeypatch) -> None:
    monkeypatch.setattr(OpeningsForm, "MOST", 2)
    doctor = staff("doctor", rosa.site)
    for _each in range(3):
        opened(doctor, rosa)
    assert "Only the newest 200 are shown" in browser(portal_user(rosa)).get("/portal/openings").content.decode()


@pytest.mark.parametrize("url", OWN)
def test_ten_openings_cost_no_more_queries_than_one(browser, rosa, assert_queries, url) -> None:
    client = browser(portal_user(rosa))
    opened(staff("doctor", rosa.site), rosa)
    client.get(url)
    with assert_queries() as one:
        client.get(url)
    for _each in range(9):
        opened(staff("nurse", rosa.site), rosa)
    with assert_queries() as ten:
        client.get(url)
    assert len(one) == len(ten)


# == Link ==
def code_for(patient) -> str:
    desk = staff("front_desk", patient.site)
    with acting_as(desk):
        return issue_portal_code(by=desk, patient=patient, now=datetime.now(UTC))


def test_code_and_birth_date_open_the_record(browser, rosa) -> None:
    client = browser(UserFactory().in_role("patient"))
    assert b"Link your record" in client.get("/portal/link").content
    answer = client.post("/portal/link", {"portal_code": code_for(rosa).lower(), "birth_date": "3/12/1968"})
    assert answer["Location"] == "/portal/"
    text = client.get("/portal/").content.decode()
    assert "Hello, Rosie" in text
    assert "Your account is linked to your record." in text


def test_every_refusal_has_the_same_words_and_keeps_what_was_typed(browser, rosa) -> None:
    client = browser(UserFactory().in_role("patient"))
    code = code_for(rosa)
    tries = [(code, "Mar 13, 1968"), ("AAAAA-AAAAA", "Mar 12, 1968"), ("x", "Mar 12, 1968")]
    pages = [client.post("/portal/link", {"portal_code": given, "birth_date": born}) for given, born in tries]
    for page, (given, born) in zip(pages, tries, strict=True):
        text = page.content.decode()
        assert page.status_code == 422
        assert "do not fit together, or the code has ended" in text
        assert f'value="{given}"' in text
        assert f'value="{born}"' in text


def test_after_five_wrong_tries_the_right_one_is_refused_too(browser, rosa) -> None:
    client = browser(UserFactory().in_role("patient"))
    code = code_for(rosa)
    for _try in range(5):
        client.post("/portal/link", {"portal_code": code, "birth_date": "Mar 13, 1968"})
    assert client.post("/portal/link", {"portal_code": code, "birth_date": "Mar 12, 1968"}).status_code == 422


def test_ten_refusals_in_an_hour_stop_the_account(browser, rosa) -> None:
    user = UserFactory().in_role("patient")
    with acting_as(user):
        for _try in range(10):
            record("patients.link_portal", by=user, outcome="denied")
    page = browser(user).post("/portal/link", {"portal_code": code_for(rosa), "birth_date": "Mar 12, 1968"})
    assert page.status_code == 422
    assert "That was a lot of tries" in page.content.decode()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"portal_code": "", "birth_date": "Mar 12, 1968"}, "Missing: Code from the clinic"),
        ({"portal_code": "x" * 10_000, "birth_date": "Mar 12, 1968"}, "is too long"),
        ({"portal_code": "7K2QM-RT4WX", "birth_date": "Feb 30, 1968"}, "February 1968 has no day 30"),
    ],
)
def test_what_is_no_code_costs_no_try(browser, audited, typed, sentence) -> None:
    user = UserFactory().in_role("patient")
    page = browser(user).post("/portal/link", typed)
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert audited(user) == []


def test_who_is_linked_already_goes_home(browser, rosa) -> None:
    answer = browser(portal_user(rosa)).post(
        "/portal/link", {"portal_code": "7K2QM-RT4WX", "birth_date": date(1968, 3, 12).isoformat()}
    )
    assert answer["Location"] == "/portal/"


def test_ones_own_chart_may_be_opened_and_anothers_not(rosa) -> None:
    own = portal_user(rosa)
    with acting_as(own):
        assert passes(check_can_open_chart, own, rosa.pk)
        assert not passes(check_can_open_chart, own, PatientFactory().pk)


def test_without_a_signed_context_nobody_claims_a_code() -> None:
    with pytest.raises(DatabaseError, match="claimed by somebody"):
        link_portal_account(by=UserFactory(), code="7K2QM-RT4WX", birth_date=date(1968, 3, 12))
