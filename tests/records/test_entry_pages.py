"""The pages of entries: they open, stay within their budget, keep what was typed, and refuse who may not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from healthcare.db.context import acting_as
from patients.models import Patient
from records.actions.allergies import record_allergy, record_no_known_allergies
from records.models import Entry
from records.queries.vitals import waiting_for_vitals
from records.rules.said import Reaction
from tests.factories import (
    AppointmentFactory,
    DiagnosisCodeFactory,
    EntryFactory,
    MembershipFactory,
    PatientFactory,
    SiteFactory,
    staff,
)
from tests.records.measuring import measure, result
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


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
        with assert_queries(at_most=12) as queries:
            page = client.get(f"/patients/{rosa.pk}/").content.decode()
        assert "150/80" in page
        assert "38.4 °C" in page
        assert "Hypertension" in page
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


def test_home_pages_show_what_waits(rosa, doctor, nurse, browser, assert_queries) -> None:
    result(nurse, rosa)
    assert "7.4 %" in browser(doctor).get("/").content.decode()
    here = AppointmentFactory(patient=rosa, status="arrived", start=timezone.now(), arrived_at=timezone.now())
    assert "Waiting</span>" in browser(nurse).get("/").content.decode()
    measure(nurse, rosa, temperature="37")
    assert here.pk
    assert "Vitals to take" in browser(nurse).get("/").content.decode()


def test_a_nurse_is_to_measure_only_whoever_is_where_they_work(rosa, nurse, browser) -> None:
    """Not a patient in their care who is at another site today."""
    elsewhere = SiteFactory()
    AppointmentFactory(patient=rosa, site=elsewhere, status="arrived", start=timezone.now(), arrived_at=timezone.now())
    with acting_as(nurse):
        assert waiting_for_vitals(nurse, timezone.now()) == []
    assert "Everybody who is here has been measured." in browser(nurse).get("/").content.decode()
    with as_the_system():
        MembershipFactory(user=nurse, site=elsewhere, role="nurse")
    with acting_as(nurse):
        assert [one.patient for one in waiting_for_vitals(nurse, timezone.now())] == [rosa]


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
    assert client.post(url, {"code": "E11.9", "though": "Of both feet"}).status_code == 302
    first, second = current(rosa, "condition")
    assert (first.data.get("though"), second.data["though"]) == (None, "Of both feet")
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
    twice = client.post(f"{url}add", typed | {"substance": "Penicillin"})
    assert twice.status_code == 422
    assert "It is on the list already" in twice.content.decode()
    assert 'value="Penicillin"' in twice.content.decode()
    client.post(f"{url}none-known")
    assert "There are allergies on the list" in client.get(url).content.decode()
    (row,) = current(rosa, "allergy")
    change = f"/records/{rosa.pk}/entries/{row.pk}/change-allergy"
    said = {"standing": "refuted", "reaction": "rash", "because": ""}
    refused = client.post(change, said)
    assert refused.status_code == 422
    assert "Say how it was shown to be none." in refused.content.decode()
    assert client.post(change, said | {"because": "Tested by us"}).status_code == 302
    page = client.get(url).content.decode()
    assert "No active allergies" in page
    assert "Shown to be none" in page
    assert "Tested by us" in page
    assert client.post(change, said | {"because": "Again"}).status_code == 422  # somebody changed it meanwhile
    answer = client.post(f"{url}add", typed, follow=True)
    assert "Look at what was said before: penicillin, shown to be none." in answer.content.decode()


def test_an_allergy_is_recorded_a_second_time_with_a_reason(rosa, nurse, browser) -> None:
    client, url = browser(nurse), f"/records/{rosa.pk}/allergies/"
    typed = {"substance": "latex", "criticality": "high", "verification": "unconfirmed", "nature": "allergy"}
    assert client.post(f"{url}add", typed).status_code == 302
    assert client.post(f"{url}add", typed | {"though": "Gloves and balloons"}).status_code == 302
    rows = current(rosa, "allergy")
    assert [row.data.get("though", "") for row in rows] == ["", "Gloves and balloons"]
    page = client.get(url).content.decode()
    assert page.count("May be life-threatening") == 2
    assert "Not confirmed" in page
    facts = client.get(f"/records/{rosa.pk}/entries/{rows[1].pk}/").content.decode()
    assert "Gloves and balloons" in facts
    assert "May be life-threatening" in facts
    form = client.get(f"/records/{rosa.pk}/entries/{rows[1].pk}/change-allergy").content.decode()
    assert '<option value="high" selected>' in form
    client.post(f"/records/{rosa.pk}/entries/{rows[1].pk}/void", {"reason": "Typed twice"})
    page = client.get(url).content.decode()
    assert "Entered in error" in page
    assert "Typed twice" in page
    answer = client.post(f"{url}add", {"substance": "egg", "verification": "refuted"})
    assert answer.status_code == 422


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
