"""The pages of results: entered, read, released, and read by the patient."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from healthcare.db.context import acting_as
from patients.models import Patient
from records.actions.entries import void_entry
from records.actions.results import release_result
from records.models import Entry
from tests.factories import EntryFactory, portal_user
from tests.records.measuring import measure, result
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def current(patient: Patient, kind: str) -> list[Entry]:
    with as_the_system():
        return list(Entry.objects.filter(patient=patient).of_kind(kind).current().order_by("id"))


# == Results ==
RESULT = {"code": "2823-3", "value": "4.6", "taken_on": "2026-11-09"}


def test_a_result_goes_from_the_nurse_to_the_doctor_to_the_patient(rosa, nurse, doctor, browser) -> None:
    patient = portal_user(rosa)
    client = browser(nurse)
    assert client.post(f"/records/{rosa.pk}/results/enter", RESULT | {"value": "5.6"}).status_code == 302
    found = current(rosa, "laboratory_result")[0]
    assert "5.6 mmol/L" in browser(doctor).get("/records/results-to-read").content.decode()
    assert browser(patient).get(f"/portal/results/{found.pk}/").status_code == 404
    url = f"/records/{rosa.pk}/entries/{found.pk}/release"
    assert "Write to the patient what that means" in browser(doctor).post(url, {"comment": ""}).content.decode()
    assert browser(doctor).post(url, {"comment": "A little high. We look again."}).status_code == 302
    page = browser(patient).get(f"/portal/results/{found.pk}/").content.decode()
    assert "That is above the usual range." in page
    assert "A little high. We look again." in page
    assert "5.6 mmol/L" not in browser(doctor).get("/records/results-to-read").content.decode()
    assert "already" in browser(doctor).post(url, {"comment": "Twice"}).content.decode()


def test_a_doctor_may_read_without_releasing(rosa, nurse, doctor, browser) -> None:
    found = result(nurse, rosa)
    url = f"/records/{rosa.pk}/entries/{found.pk}/release"
    assert browser(doctor).post(url, {"comment": "", "read_only": "1"}).status_code == 302
    (row,) = current(rosa, "laboratory_result")
    assert (row.acknowledged_by_id, row.released_at) == (doctor.pk, None)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"value": "a lot"}, "Type a number, like 4.6"),
        ({"low": "<3"}, "Type a number, or nothing"),
        ({"low": "5", "high": "3"}, "The range ends before it begins"),
        ({"taken_on": "2199-01-01"}, "cannot be after"),
        ({"code": ""}, "Missing: Test"),
        ({"value": "6.9"}, "6.9 mmol/L is Critically high"),
        ({"value": "4.6 mg/dL"}, "This test does not come in this unit. It can be mmol/L"),
        ({"code": "4544-3", "value": "410"}, "410 % is not possible"),
        ({"code": "2345-7", "value": "5.6"}, "If the report says 5.6 mmol/L, type it so."),
    ],
)
def test_a_result_that_cannot_be_stays_on_the_page(typed, sentence, rosa, nurse, browser) -> None:
    answer = browser(nurse).post(f"/records/{rosa.pk}/results/enter", RESULT | typed)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_a_critical_result_passes_once_it_is_sure(rosa, nurse, browser) -> None:
    sure = {"value": "6.9", "sure": "2823-3 6.9 mmol/L", "again": "1", "low": "3,5", "high": "5.0", "preliminary": "on"}
    answer = browser(nurse).post(f"/records/{rosa.pk}/results/enter", RESULT | sure)
    assert answer["Location"].endswith("/results/enter")
    (row,) = current(rosa, "laboratory_result")
    assert (row.data["flag"], row.data["range"]["high"], row.record_status) == ("critical_high", "5.0", "preliminary")


def test_a_report_in_other_units_is_kept_in_ours_with_what_it_said(rosa, nurse, browser) -> None:
    typed = {"code": "2345-7", "value": "7.8 mmol/L", "low": "3.9", "high": "5.6"}
    client = browser(nurse)
    assert client.post(f"/records/{rosa.pk}/results/enter", RESULT | typed).status_code == 302
    (row,) = current(rosa, "laboratory_result")
    assert (row.value, row.unit, row.data["typed"]) == (Decimal("140.5"), "mg/dL", "7.8 mmol/L")
    assert (row.data["range"]["low"], row.data["range"]["high"], row.data["flag"]) == ("70.3", "100.9", "high")
    assert "7.8 mmol/L" in client.get(f"/records/{rosa.pk}/entries/{row.pk}/").content.decode()


def test_a_result_is_corrected_and_waits_to_be_read_again(rosa, nurse, doctor, browser) -> None:
    wrong = result(nurse, rosa, "7.4")
    with acting_as(doctor):
        release_result(by=doctor, entry=wrong, comment="Fine", now=timezone.now())
    client, url = browser(nurse), f"/records/{rosa.pk}/entries/{wrong.pk}/correct-result"
    assert "7.4 %" in client.get(url).content.decode()
    assert client.post(url, {"code": "4548-4", "value": "5.2", "taken_on": "2026-11-09"}).status_code == 302
    (right,) = current(rosa, "laboratory_result")
    assert (right.value, right.record_status, right.released_at) == (Decimal("5.2"), "corrected", None)
    assert client.post(url, {"code": "4548-4", "value": "5.3", "taken_on": "2026-11-09"}).status_code == 422
    assert "<h1>Results</h1>" in browser(portal_user(rosa)).get("/portal/results/").content.decode()


# == The portal ==
def test_the_patient_reads_results_and_health_in_plain_words(rosa, nurse, doctor, browser, assert_queries) -> None:
    patient = portal_user(rosa)
    client = browser(patient)
    assert "No result yet" in client.get("/portal/results/").content.decode()
    now = timezone.now()
    for value, days in (("7.9", 90), ("7.4", 1)):
        found = result(nurse, rosa, value, now - days * DAY)
        with acting_as(doctor):
            release_result(by=doctor, entry=found, comment="Good work.", now=now)
    measure(nurse, rosa, systolic="120", diastolic="80")
    EntryFactory(patient=rosa, kind="allergy", code="", display="latex", clinical_status="active")
    EntryFactory(patient=rosa, kind="condition", code="I10", display="Hypertension", clinical_status="active")
    EntryFactory(patient=rosa, kind="immunization", code="140", data={"elsewhere": True})
    with assert_queries(at_most=12):
        page = client.get(f"/portal/results/{found.pk}/").content.decode()
    assert "The result is <b>7.4 %</b>" in page
    assert "It has fallen since" in page
    assert "One meal does not change it." in page
    assert "As a table" in page
    assert "7.4 %" in client.get("/portal/").content.decode()
    health = client.get("/portal/health/").content.decode()
    for told in ("latex", "Hypertension", "120/80 mmHg", "Influenza"):
        assert told in health


def test_what_is_void_is_gone_from_the_portal(rosa, nurse, doctor, browser) -> None:
    found = result(nurse, rosa)
    with acting_as(doctor):
        release_result(by=doctor, entry=found, comment="Fine", now=timezone.now())
        void_entry(by=doctor, entry=found, reason="Wrong patient", now=timezone.now())
    client = browser(portal_user(rosa))
    assert client.get(f"/portal/results/{found.pk}/").status_code == 404
    assert "7.4 %" not in client.get("/portal/").content.decode()
