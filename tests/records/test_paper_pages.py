"""The pages of papers: the staff's and the patient's."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from healthcare.audit.models import AuditEvent
from healthcare.storage.objects import put
from records.models import Paper
from tests.factories import PaperFactory, PatientFactory, proxy_of
from tests.records.visits import visit
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


def pdf():
    with as_the_system():
        return put(b"%PDF-1.7\n" + b"synthetic " * 50, content_type="application/pdf", name="paper.pdf").pk


def page(name, *ids):
    return reverse(f"records:{name}", args=ids)


def own(name, *ids):
    return reverse(f"records_portal:{name}", args=ids)


def the_paper() -> Paper:
    with as_the_system():
        return Paper.objects.get()


@pytest.fixture
def signed():
    running = visit(now=timezone.now())
    running.signs(now=timezone.now())
    return running


# == The staff ==
def test_from_the_visit_to_the_summary(signed, browser) -> None:
    doctor = browser(signed.doctor)
    shown = doctor.get(page("encounter", signed.patient.pk, signed.encounter.pk)).content.decode()
    assert "Visit summary (PDF)" in shown
    assert "Sick note…" in shown
    answer = doctor.post(page("ask_summary", signed.patient.pk, signed.encounter.pk), follow=True)
    assert "Being made" in answer.content.decode()
    assert 'hx-trigger="load delay:3s"' in answer.content.decode()
    assert the_paper().kind == "summary"
    assert "Being made" in doctor.get(page("papers", signed.patient.pk)).content.decode()


def test_before_the_note_is_signed_the_visit_says_so(running, browser) -> None:
    doctor = browser(running.doctor)
    assert "once the note is signed" in doctor.get(page("encounter", running.patient.pk, running.encounter.pk)).text
    answer = doctor.post(page("ask_summary", running.patient.pk, running.encounter.pk), follow=True)
    assert "not signed yet" in answer.text


@pytest.mark.parametrize("kind", ["chart", "immunizations"])
def test_of_the_chart_it_is_asked_for_on_its_page(kind, rosa, doctor, browser) -> None:
    answer = browser(doctor).post(page("ask_paper", rosa.pk, kind), follow=True)
    assert answer.status_code == 200
    assert the_paper().kind == kind


@pytest.mark.parametrize("kind", ["sick_note", "summary", "nothing"])
def test_there_is_nothing_else_to_ask_for_there(kind, rosa, doctor, browser) -> None:
    assert browser(doctor).post(page("ask_paper", rosa.pk, kind)).status_code == 404


def test_one_that_is_made_leads_to_its_pdf_by_a_link_that_is_audited(rosa, doctor, browser) -> None:
    paper = PaperFactory(patient=rosa, kind="chart", asked_by=doctor, made=True, version=3, document=pdf())
    client = browser(doctor)
    shown = client.get(page("paper", rosa.pk, paper.pk)).text
    assert "Ready: version 3" in shown
    assert page("open_paper", rosa.pk, paper.pk) in shown
    answer = client.get(page("open_paper", rosa.pk, paper.pk))
    assert answer["Location"].startswith("/storage/")
    assert client.get(answer["Location"]).content.startswith(b"%PDF-")
    with as_the_system():
        assert AuditEvent.objects.filter(action="records.open_paper").count() <= 1  # on the connection of the audit


def test_another_person_does_not_find_it(rosa, doctor, nurse, browser) -> None:
    paper = PaperFactory(patient=rosa, kind="chart", asked_by=doctor, made=True)
    for name in ("paper", "open_paper"):
        assert browser(nurse).get(page(name, rosa.pk, paper.pk)).status_code == 404
        assert browser(doctor).get(page(name, PatientFactory(site=rosa.site).pk, paper.pk)).status_code == 404


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        ("no_printer", "cannot make PDFs"),
        ("nothing", "nothing to print"),
        ("scope", "no longer open to you"),
        ("LookupError", "Ask for it again"),
    ],
)
def test_a_failure_is_said_and_can_be_asked_again(failure, sentence, rosa, doctor, browser) -> None:
    paper = PaperFactory(patient=rosa, kind="chart", asked_by=doctor, state="failed", failure=failure)
    shown = browser(doctor).get(page("paper", rosa.pk, paper.pk)).text
    assert sentence in shown
    assert "Ask for it again" in shown


def test_one_that_takes_too_long_can_be_asked_again(rosa, doctor, browser) -> None:
    ago = timezone.now() - timedelta(minutes=16)
    paper = PaperFactory(patient=rosa, kind="chart", asked_by=doctor, asked_at=ago)
    shown = browser(doctor).get(page("paper", rosa.pk, paper.pk)).text
    assert "far longer than it should" in shown
    assert "hx-trigger" not in shown.split('id="paper-now"')[1].split(">")[0]


def test_one_that_cannot_be_opened_says_why(rosa, doctor, browser) -> None:
    paper = PaperFactory(patient=rosa, kind="chart", asked_by=doctor, asked_at=timezone.now())
    answer = browser(doctor).get(page("open_paper", rosa.pk, paper.pk), follow=True)
    assert "not made yet" in answer.text


# == Sick notes ==
DAYS = {"first_day": "", "last_day": "", "off": "work"}


def test_a_sick_note_is_signed_on_the_page_of_the_visit(signed, browser) -> None:
    doctor, address = browser(signed.doctor), page("sign_sick_note", signed.patient.pk, signed.encounter.pk)
    assert "no diagnosis" in doctor.get(address).text
    today = timezone.localdate()
    days = {"first_day": today.isoformat(), "last_day": (today + timedelta(days=2)).isoformat(), "off": "both"}
    answer = doctor.post(address, days, follow=True)
    assert answer.status_code == 200, answer.text
    paper = the_paper()
    assert paper.data["off"] == "both"
    assert paper.number in answer.text
    assert "Declare it void…" in answer.text


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ({"first_day": "2026-11-19", "last_day": "2026-11-18"}, "before the first"),
        ({"first_day": "2026-01-01", "last_day": "2026-11-18"}, "at most 92 days"),
        ({"first_day": "2020-01-01", "last_day": "2020-01-02"}, "31 days from today"),
        ({"first_day": "soon", "last_day": "2020-01-02"}, "soon"),
    ],
)
def test_days_that_cannot_be_are_said_and_what_was_typed_stays(days, sentence, signed, browser) -> None:
    address = page("sign_sick_note", signed.patient.pk, signed.encounter.pk)
    answer = browser(signed.doctor).post(address, DAYS | days)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{days["first_day"]}"' in answer.text


def test_who_does_not_hold_the_visit_signs_none(signed, browser) -> None:
    client, address = browser(signed.colleague), page("sign_sick_note", signed.patient.pk, signed.encounter.pk)
    assert "provider who holds the visit" in client.get(address, follow=True).text
    today = timezone.localdate().isoformat()
    assert client.post(address, DAYS | {"first_day": today, "last_day": today}).status_code == 422


def test_one_is_declared_void_with_a_reason(signed, browser) -> None:
    paper = PaperFactory(patient=signed.patient, encounter=signed.encounter, asked_by=signed.doctor, made=True)
    doctor, address = browser(signed.doctor), page("void_paper", signed.patient.pk, paper.pk)
    assert paper.number in doctor.get(address).text
    assert doctor.post(address, {"reason": ""}).status_code == 422
    answer = doctor.post(address, {"reason": "Wrong days"}, follow=True)
    assert "Wrong days" in answer.text
    assert "Download the PDF" not in answer.text
    assert "not void yet" in doctor.get(address, follow=True).text
    assert "declared void" in browser(signed.rosa).get(own("open_paper", paper.pk), follow=True).text


# == The patient ==
def test_the_patient_asks_for_their_own(signed, browser) -> None:
    rosa = browser(signed.rosa)
    assert own("ask_summary", signed.encounter.pk) in rosa.get(own("summary", signed.encounter.pk)).text
    answer = rosa.post(own("ask_summary", signed.encounter.pk), follow=True)
    assert "Being made" in answer.text
    assert (the_paper().asked_by_id, the_paper().asked_as) == (signed.rosa.pk, "patient")
    for kind in ("chart", "immunizations"):
        assert "Being made" in rosa.post(own("ask_paper", kind), follow=True).text
    assert rosa.post(own("ask_paper", "sick_note")).status_code == 404
    assert rosa.get(own("papers")).text.count("Being made") == 3


def test_they_open_theirs_and_sick_notes_and_nobody_elses(signed, browser) -> None:
    mine = PaperFactory(
        patient=signed.patient, kind="chart", asked_by=signed.rosa, asked_as="patient", made=True, document=pdf()
    )
    note = PaperFactory(patient=signed.patient, encounter=signed.encounter, made=True, document=pdf())
    theirs = PaperFactory(patient=signed.patient, kind="chart", asked_by=signed.doctor, made=True)
    rosa = browser(signed.rosa)
    for paper in (mine, note):
        assert "Download the PDF" in rosa.get(own("paper", paper.pk)).text
        answer = rosa.get(own("open_paper", paper.pk))
        assert rosa.get(answer["Location"]).content.startswith(b"%PDF-")
    for name in ("paper", "open_paper"):
        assert rosa.get(own(name, theirs.pk)).status_code == 404


def test_who_acts_for_them_asks_in_their_own_name(signed, browser) -> None:
    helper = proxy_of(signed.patient)
    client = browser(helper)
    start = f"/portal/for/{signed.patient.pk}/papers/"
    assert client.get(start).status_code == 200
    assert "Being made" in client.post(f"{start}ask/chart", follow=True).text
    assert the_paper().asked_by_id == helper.pk
    assert browser(signed.rosa).get(own("paper", the_paper().pk)).status_code == 404


def test_an_unsigned_visit_has_no_summary_for_the_patient(running, browser) -> None:
    answer = browser(running.rosa).post(own("ask_summary", running.encounter.pk), follow=True)
    assert "not signed yet" in answer.text
