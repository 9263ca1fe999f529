"""The search: on every page, masked where not in one's care, written down without what was typed."""

import pytest
from django.test import Client
from django.urls import reverse

from healthcare.audit import record
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from patients import queries
from patients.actions import search_patients
from patients.rules import medical_record_number
from tests.factories import PatientFactory, portal_user, staff

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
URL = "/patients/search"
MRN = medical_record_number(481772)


@pytest.fixture
def rosa():
    return PatientFactory(family_name="Delgado", given_name="Rosa", preferred_name="Rosie", mrn=MRN)


def found(client: Client, text: str, **more) -> str:
    answer = client.get(URL, {"q": text}, **more)
    assert answer.status_code == 200
    return answer.content.decode()


def test_alice_finds_her_patient_by_name_birth_date_number_or_phone(browser, rosa) -> None:
    other = PatientFactory(family_name="Hollis", site=rosa.site, phone="+15085550112")
    alice = browser(staff("doctor", rosa.site))
    for text in ("rosa delgado", "Delg", "Mar 12, 1968 delgado", MRN):
        assert reverse("patients:chart", args=[rosa.pk]) in found(alice, text), text
    assert reverse("patients:chart", args=[other.pk]) in found(alice, "555-0112")


def test_bob_sees_that_somebody_is_there_and_not_who(browser, rosa) -> None:
    text = found(browser(staff("doctor")), "delgado", headers=HTMX)
    assert "<b>D•••</b>, R•••" in text
    assert "born 1968" in text
    assert "Not in your care: ask for access" in text
    for secret in ("Delgado", "Rosa", "Mar 12", MRN, "Rosie"):
        assert secret not in text


def test_charlie_and_the_roles_without_search_are_refused(browser, rosa) -> None:
    assert Client().get(URL, {"q": "delgado"}).status_code == 302
    for user in (portal_user(rosa), staff("researcher", rosa.site), staff("administrator", rosa.site)):
        page = browser(user).get(URL, {"q": "delgado"})
        assert page.status_code == 403
        assert b"Delgado" not in page.content


def test_the_audit_says_what_kind_of_thing_was_looked_for(browser, audited, rosa) -> None:
    doctor = staff("doctor", rosa.site)
    found(browser(doctor), "delgado Mar 12, 1968")
    assert audited(doctor) == [("patients.search", "ok")]
    with acting_as(doctor, using="audit"):
        event = AuditEvent.objects.using("audit").get(actor_id=doctor.pk)
    assert event.detail == {"fields": ["name", "birth_date"]}


def test_no_audit_no_search(browser, rosa, no_audit) -> None:
    doctor = browser(staff("doctor", rosa.site))
    for text in ("delgado", ""):
        answer = doctor.get(URL, {"q": text})
        assert answer.status_code == 503
        assert b"Rosa" not in answer.content


def test_one_letter_asks_for_more(browser, audited, rosa) -> None:
    doctor = staff("doctor", rosa.site)
    assert "at least two characters" in found(browser(doctor), "d")
    assert audited(doctor) == []


@pytest.mark.parametrize("text", ["zzzzzz", "12", "%%", "''; --", "\u202edrow", "x" * 10_000, "0000-00-00"])
def test_what_is_not_there_gives_a_sentence(browser, rosa, text) -> None:
    page = found(browser(staff("doctor", rosa.site)), text)
    assert "Nobody found" in page


def test_a_nul_is_refused_before_it_reaches_the_database(browser, rosa) -> None:
    assert browser(staff("doctor", rosa.site)).get(f"{URL}?q=del%00gado").status_code == 400


def test_without_words_the_charts_opened_last_stand_there(browser, rosa) -> None:
    doctor = staff("doctor", rosa.site)
    hidden = PatientFactory(family_name="Elsewhere")
    seen = browser(doctor)
    assert "No chart opened yet" in found(seen, "")
    with acting_as(doctor):
        for patient in (rosa, hidden, rosa):
            record("patients.open_chart", by=doctor, patient_id=patient.pk)
    text = found(seen, "  ")
    assert text.count(reverse("patients:chart", args=[rosa.pk])) == 1
    assert "Elsewhere" not in text


@pytest.mark.parametrize("text", ["", "d", "delgado", "zzzz"])
def test_what_htmx_swaps_in_is_the_part_of_the_page(browser, rosa, text) -> None:
    doctor = browser(staff("doctor", rosa.site))
    part, page = found(doctor, text, headers=HTMX), found(doctor, text)
    assert part.strip() in page
    assert "<html" not in part


def test_boosted_and_restored_pages_come_whole(browser, rosa) -> None:
    doctor = browser(staff("doctor", rosa.site))
    for headers in ({"HX-Boosted": "true"}, {"HX-History-Restore-Request": "true"}):
        assert "<html" in found(doctor, "delgado", headers=HTMX | headers)


def test_too_many_searches_get_a_sentence_and_429(browser, rosa, monkeypatch) -> None:
    def refuse(**_):
        raise queries.TooManySearches("That was a lot of searches. Wait a minute, then go on.")

    monkeypatch.setattr("patients.actions.search_patients", refuse)
    doctor = browser(staff("doctor", rosa.site))
    page, part = doctor.get(URL, {"q": "delgado"}), doctor.get(URL, {"q": "delgado"}, headers=HTMX)
    assert (page.status_code, part.status_code) == (429, 429)
    assert b"Wait a minute" in page.content
    assert part.content.decode().lstrip().startswith('<div class="flash warn"'), "the script shows it as a message"


def test_the_database_counts_searches(rosa) -> None:
    doctor = staff("doctor", rosa.site)
    with acting_as(doctor):
        for _each in range(121):
            record("patients.search", by=doctor)
        with pytest.raises(queries.TooManySearches):
            search_patients(by=doctor, text="delgado")


def test_the_search_stands_on_every_page_of_those_who_may(browser, rosa) -> None:
    assert b'id="find"' in browser(staff("nurse", rosa.site)).get("/patients/").content
    assert b'id="find"' not in browser(portal_user(rosa)).get("/portal/").content


def test_ten_found_cost_no_more_queries_than_one(browser, rosa, assert_queries) -> None:
    doctor = browser(staff("doctor", rosa.site))
    found(doctor, "delgado")
    with assert_queries() as one:
        found(doctor, "delgado")
    for _each in range(9):
        PatientFactory(family_name="Delgado", site=rosa.site)
    with assert_queries() as ten:
        found(doctor, "delgado")
    assert len(one) == len(ten)
