"""The pages of entries: they open, stay within their budget, keep what was typed, and refuse who may not."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.db.context import acting_as
from patients.models import Patient
from records.actions.allergies import record_allergy, record_no_known_allergies
from records.actions.entries import void_entry
from records.actions.results import enter_result, release_result
from records.actions.vitals import record_vitals
from records.models import Entry
from records.rules.laboratory import Measured
from records.rules.said import Reaction
from tests.factories import DiagnosisCodeFactory, EntryFactory, PatientFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(birth_date=date(1968, 3, 12), family_name="Delgado", given_name="Rosa")


@pytest.fixture
def doctor(rosa) -> User:
    return staff("doctor", rosa.site)


@pytest.fixture
def nurse(rosa) -> User:
    return staff("nurse", rosa.site)


def measure(nurse: User, patient: Patient, at: datetime | None = None, **values: str) -> Entry:
    now = at or timezone.now()
    with acting_as(nurse):
        return record_vitals(
            by=nurse,
            patient=patient,
            measurements={slug: Decimal(value) for slug, value in values.items()},
            effective_at=now,
            now=now,
        )


def result(nurse: User, patient: Patient, value: str = "7.4", at: datetime | None = None, **given: Any) -> Entry:
    now = at or timezone.now()
    measured = Measured(code=given.pop("code", "4548-4"), value=Decimal(value))
    with acting_as(nurse):
        return enter_result(by=nurse, patient=patient, measured=measured, effective_at=now, now=now, **given)


def current(patient: Patient, kind: str) -> list[Entry]:
    with as_the_system():
        return list(Entry.objects.filter(patient=patient).of_kind(kind).current().order_by("id"))


# == Opening them all ==
PAGES = [
    "entries/",
    "entries/?old=1&kind=vital_signs",
    "results/",
    "results/enter",
    "vitals/record",
    "problems/",
    "problems/add",
    "problems/add?q=diab",
    "allergies/",
    "allergies/add",
    "immunizations/",
    "immunizations/add",
]


@pytest.mark.parametrize("page", PAGES)
def test_each_page_opens_empty_and_full_within_its_budget(page, rosa, doctor, nurse, browser, assert_queries) -> None:
    DiagnosisCodeFactory()
    client = browser(doctor)
    url = f"/records/{rosa.pk}/{page}"
    assert client.get(url).status_code == 200
    numbers = []
    for number in (1, 9):
        for _each in range(number):
            measure(nurse, rosa, systolic="150", diastolic="80", temperature="37", weight="80", height="165")
            result(nurse, rosa)
            EntryFactory(patient=rosa, kind="condition", code="I10", display="Hypertension", clinical_status="active")
            EntryFactory(patient=rosa, kind="allergy", code="", display="latex", clinical_status="active")
            EntryFactory(patient=rosa, kind="immunization", code="140", data={"elsewhere": True})
        with assert_queries(at_most=12) as queries:
            answer = client.get(url)
        assert answer.status_code == 200
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


def test_the_overview_shows_the_chart_within_its_budget(rosa, doctor, nurse, browser, assert_queries) -> None:
    client, numbers = browser(doctor), []
    for round_ in range(2):
        for number in range(1 + 9 * round_):
            measure(nurse, rosa, timezone.now() - number * DAY, systolic="150", diastolic="80", temperature="38.4")
            result(nurse, rosa, "7.4", timezone.now() - number * DAY)
            EntryFactory(patient=rosa, kind="condition", code="I10", display="Hypertension", clinical_status="active")
            EntryFactory(patient=rosa, kind="allergy", code="", display="latex", clinical_status="active")
        with assert_queries(at_most=16) as queries:
            page = client.get(f"/patients/{rosa.pk}/").content.decode()
        assert "150/80" in page
        assert "38.4 °C" in page
        assert "Hypertension" in page
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


def test_home_pages_show_what_waits(rosa, doctor, nurse, browser, assert_queries) -> None:
    result(nurse, rosa)
    assert "7.4 %" in browser(doctor).get("/").content.decode()
    assert "Vitals to take" in browser(nurse).get("/").content.decode()


# == Who may not ==
@pytest.mark.parametrize("page", ["entries/", "results/", "problems/", "allergies/", "immunizations/", "vitals/record"])
def test_the_front_desk_sees_nothing_clinical(page, rosa, browser) -> None:
    assert browser(staff("front_desk", rosa.site)).get(f"/records/{rosa.pk}/{page}").status_code == 403


def test_a_nurse_adds_no_diagnosis_and_releases_nothing(rosa, nurse, browser) -> None:
    found = result(nurse, rosa)
    client = browser(nurse)
    assert client.get(f"/records/{rosa.pk}/problems/add").status_code == 403
    assert client.post(f"/records/{rosa.pk}/entries/{found.pk}/release", {"comment": "x"}).status_code == 403


def test_an_entry_of_another_patient_is_not_found(rosa, doctor, browser) -> None:
    other = EntryFactory(patient=PatientFactory(site=rosa.site))
    for page in ("", "void", "release", "correct-result", "correct-vital", "change-allergy", "change-condition"):
        assert browser(doctor).get(f"/records/{rosa.pk}/entries/{other.pk}/{page}").status_code == 404


# == Vital signs ==
def test_vitals_are_recorded_and_shown(rosa, nurse, browser) -> None:
    client = browser(nurse)
    typed = {"pressure": "120/80", "temperature": "98.6 F", "weight": "180 lb", "height": "5'5\"", "system": "metric"}
    answer = client.post(f"/records/{rosa.pk}/vitals/record", typed)
    assert answer.status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert "Everything is in range" in page
    assert "37 °C" in page
    assert "81.65 kg" in page
    form = client.get(f"/records/{rosa.pk}/vitals/record").content.decode()
    assert ">180 lb<" in form
    assert ">98.6 °F<" in form


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"temperature": "370"}, "370 °C is not possible"),
        ({"temperature": "98.6"}, "Did you mean 98.6 °F?"),
        ({"temperature": "42"}, "42 °C is outside"),
        ({"pressure": "80/120"}, "The upper number is the larger one"),
        ({"pressure": "120"}, "Type both numbers"),
        ({"weight": "heavy"}, "This is not a number"),
        ({"weight": "80 stone"}, "This unit does not fit here"),
        ({}, "Nothing is filled in"),
    ],
)
def test_what_is_asked_about_or_refused_keeps_all_that_was_typed(typed, sentence, rosa, nurse, browser) -> None:
    answer = browser(nurse).post(
        f"/records/{rosa.pk}/vitals/record", {"system": "metric", **({"heart_rate": "72"} if typed else {}), **typed}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    for value in typed.values():
        assert f'value="{value}"' in page
    assert not current(rosa, "vital_signs")


@pytest.mark.parametrize(("text", "value"), [("98.6", "37.0"), ("42", "42.0")])
def test_an_answered_question_lets_the_value_pass_and_a_changed_one_is_asked_anew(
    text, value, rosa, nurse, browser
) -> None:
    client, url = browser(nurse), f"/records/{rosa.pk}/vitals/record"
    other = {"temperature": "41.9", "sure_temperature": text, "system": "metric"}
    assert client.post(url, other).status_code == 422
    sure = {"temperature": text, "sure_temperature": text, "system": "metric"}
    assert client.post(url, sure).status_code == 302
    assert current(rosa, "vital_signs")[-1].value == Decimal(value)


def test_numbers_may_be_american_throughout(rosa, nurse, browser) -> None:
    typed = {"temperature": "98.6", "weight": "180", "height": "65", "system": "us"}
    assert browser(nurse).post(f"/records/{rosa.pk}/vitals/record", typed).status_code == 302
    assert {row.code: row.value for row in current(rosa, "vital_signs") if row.value} == {
        "8310-5": Decimal(37),
        "29463-7": Decimal("81.65"),
        "8302-2": Decimal("165.1"),
        "39156-5": Decimal("30.0"),
    }


def test_a_measure_is_corrected_and_its_versions_stand_on_its_page(rosa, nurse, browser) -> None:
    measure(nurse, rosa, temperature="39.9")
    wrong = current(rosa, "vital_signs")[-1]
    client, url = browser(nurse), f"/records/{rosa.pk}/entries/{wrong.pk}/correct-vital"
    assert "39.9 °C" in client.get(url).content.decode()
    assert client.post(url, {"temperature": "99"}).status_code == 422
    answer = client.post(url, {"temperature": "36.9"})
    page = client.get(answer["Location"]).content.decode()
    assert "Corrected" in page
    assert "39.9 °C" in page
    assert "Open the last version" in client.get(f"/records/{rosa.pk}/entries/{wrong.pk}/").content.decode()
    assert "later version" in client.post(url, {"temperature": "37"}).content.decode()
    panel = next(row for row in current(rosa, "vital_signs") if row.parent_id is None)
    assert client.get(f"/records/{rosa.pk}/entries/{panel.pk}/correct-vital").status_code == 404


# == Voiding ==
def test_an_entry_is_marked_as_wrong_with_a_reason(rosa, nurse, browser) -> None:
    panel = measure(nurse, rosa, temperature="37")
    client, url = browser(nurse), f"/records/{rosa.pk}/entries/{panel.pk}/void"
    assert client.post(url, {"reason": ""}).status_code == 422
    answer = client.post(url, {"reason": "Wrong patient"})
    page = client.get(answer["Location"]).content.decode()
    assert "Wrong patient" in page
    assert not current(rosa, "vital_signs")
    assert "Wrong patient" not in client.get(f"/records/{rosa.pk}/entries/").content.decode()
    assert "Entered in error" in client.get(f"/records/{rosa.pk}/entries/?old=1").content.decode()
    assert client.post(url, {"reason": "Again"}).status_code == 422


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
    ],
)
def test_a_result_that_cannot_be_stays_on_the_page(typed, sentence, rosa, nurse, browser) -> None:
    answer = browser(nurse).post(f"/records/{rosa.pk}/results/enter", RESULT | typed)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_a_critical_result_passes_once_it_is_sure(rosa, nurse, browser) -> None:
    sure = {"value": "6.9", "sure": "2823-3 6.9", "again": "1", "low": "3,5", "high": "5.0", "preliminary": "on"}
    answer = browser(nurse).post(f"/records/{rosa.pk}/results/enter", RESULT | sure)
    assert answer["Location"].endswith("/results/enter")
    (row,) = current(rosa, "laboratory_result")
    assert (row.data["flag"], row.data["range"]["high"], row.record_status) == ("critical_high", "5.0", "preliminary")


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
    assert "My results" in browser(portal_user(rosa)).get("/portal/results/").content.decode()


# == Problems ==
def test_a_diagnosis_is_found_and_put_on_the_list(rosa, doctor, browser) -> None:
    DiagnosisCodeFactory()
    client, url = browser(doctor), f"/records/{rosa.pk}/problems/add"
    assert "E11.9" in client.get(f"{url}?q=diab+type").content.decode()
    assert "No code has all" in client.get(f"{url}?q=zzz").content.decode()
    part = client.get(f"{url}?q=dm2", headers={"HX-Request": "true"}).content.decode()
    assert "E11.9" in part
    assert "<nav" not in part
    assert "Put it on the list" in client.get(f"{url}?code=E11.9").content.decode()
    answer = client.post(url, {"code": "E11.9", "onset": "2017", "note": "with diet"})
    assert answer["Location"].endswith("/problems/")
    assert "since 2017" in client.get(answer["Location"]).content.decode()
    assert "on the list already" in client.post(url, {"code": "E11.9"}).content.decode()
    assert client.post(url, {"code": "no-such"}).status_code == 422
    assert client.get(f"{url}?encounter=nonsense").status_code == 200


def test_a_diagnosis_of_a_visit_leads_back_to_its_note(running, browser) -> None:
    DiagnosisCodeFactory()
    client = browser(running.doctor)
    url = f"/records/{running.patient.pk}/problems/add"
    answer = client.post(url, {"code": "E11.9", "encounter": running.encounter.pk.hex})
    assert answer["Location"].endswith(f"/visits/{running.encounter.pk}/note")
    (row,) = current(running.patient, "condition")
    assert row.encounter_id == running.encounter.pk


def test_a_problem_is_said_to_be_over(rosa, doctor, browser) -> None:
    row = EntryFactory(patient=rosa, kind="condition", code="N39.0", display="Cystitis", clinical_status="active")
    client, url = browser(doctor), f"/records/{rosa.pk}/entries/{row.pk}/change-condition"
    assert "In remission" in client.get(url).content.decode()
    assert client.post(url, {"status": "active"}).status_code == 422
    answer = client.post(url, {"status": "resolved", "because": "Treated"})
    page = client.get(answer["Location"]).content.decode()
    assert "Not active, or over" in page
    assert client.post(url, {"status": "resolved"}).status_code == 422
    assert client.get(f"/records/{rosa.pk}/entries/{row.pk}/change-allergy").status_code == 404


# == Allergies ==
def test_allergies_go_from_never_asked_to_none_to_a_list(rosa, nurse, browser) -> None:
    client, url = browser(nurse), f"/records/{rosa.pk}/allergies/"
    assert "Never asked" in client.get(url).content.decode()
    client.post(f"{url}none-known")
    page = client.get(url).content.decode()
    assert "No known allergies" in page
    assert nurse.full_name in page
    typed = {"substance": "penicillin", "reaction": "rash", "severity": "severe", "category": "medication"}
    assert client.post(f"{url}add", typed | {"substance": ""}).status_code == 422
    assert client.post(f"{url}add", typed).status_code == 302
    assert "Allergies: penicillin (rash)" in client.get(url).content.decode()
    assert "on the list already" in client.post(f"{url}add", typed | {"substance": "Penicillin"}).content.decode()
    client.post(f"{url}none-known")
    assert "There are allergies on the list" in client.get(url).content.decode()
    (row,) = current(rosa, "allergy")
    change = f"/records/{rosa.pk}/entries/{row.pk}/change-allergy"
    assert client.post(change, {"status": "resolved", "because": "Tested"}).status_code == 302
    page = client.get(url).content.decode()
    assert "No active allergies" in page
    assert "Shown to be none" in page


@pytest.mark.parametrize(
    ("role", "never", "listed"),
    [
        ("doctor", "Allergies never asked", "Allergies: penicillin"),
        ("front_desk", "Allergies never asked", "Allergies: recorded"),
        ("pharmacist", "Allergies never asked", "Allergies: penicillin"),
    ],
)
def test_the_banner_tells_each_role_as_far_as_it_reaches(role, never, listed, rosa, nurse, browser) -> None:
    client = browser(staff(role, rosa.site))
    assert never in client.get(f"/patients/{rosa.pk}/").content.decode()
    with acting_as(nurse):
        record_allergy(by=nurse, patient=rosa, reaction=Reaction("penicillin"), now=timezone.now())
    page = client.get(f"/patients/{rosa.pk}/").content.decode()
    assert listed in page
    assert ("penicillin" in page) == ("penicillin" in listed)


def test_none_known_is_said_in_the_banner(rosa, nurse, browser) -> None:
    with acting_as(nurse):
        record_no_known_allergies(by=nurse, patient=rosa, now=timezone.now())
    assert "No known allergies" in browser(nurse).get(f"/patients/{rosa.pk}/").content.decode()
    assert "Allergies" not in browser(staff("billing", rosa.site)).get(f"/patients/{rosa.pk}/").content.decode()


# == Vaccines ==
def test_a_vaccine_is_recorded(rosa, nurse, browser) -> None:
    client, url = browser(nurse), f"/records/{rosa.pk}/immunizations/"
    typed = {"vaccine": "140", "given_on": "2026-10-01", "lot": "A12", "elsewhere": "on"}
    assert client.post(f"{url}add", typed | {"vaccine": ""}).status_code == 422
    assert client.post(f"{url}add", typed).status_code == 302
    page = client.get(url).content.decode()
    assert "Influenza, seasonal" in page
    assert "A12" in page
    (row,) = current(rosa, "immunization")
    assert client.get(f"/records/{rosa.pk}/entries/{row.pk}/").status_code == 200


# == The timeline ==
def test_the_timeline_goes_on_where_it_ended_and_misses_nothing(rosa, doctor, browser) -> None:
    same = datetime(2026, 3, 1, 12, tzinfo=UTC)
    made = [EntryFactory(patient=rosa, effective_at=same) for _each in range(35)]
    made += [EntryFactory(patient=rosa, effective_at=same - number * DAY) for number in range(1, 40)]
    client: Any = browser(doctor)
    url, seen = f"/records/{rosa.pk}/entries/", []
    while url:
        answer = client.get(url)
        seen += [line.entry.pk for line in answer.context["lines"]]
        url = answer.context["next_url"]
    assert len(seen) == len(set(seen)) == len(made)
    assert client.get(f"/records/{rosa.pk}/entries/?after=nonsense").status_code == 200


Browser = Callable[[User], Any]


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
    assert "Your result is <b>7.4 %</b>" in page
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
