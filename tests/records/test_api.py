"""The chart through /v1: read by those in reach, and written by the same verbs as on the pages."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from healthcare.db.context import acting_as
from records.actions.results import release_result
from records.models import DiagnosisCode, Entry
from tests.factories import EntryFactory, PatientFactory, ProviderFactory, portal_user, staff
from tests.records.measuring import measure, result
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


def write(program, patient, kind: str, *, code: str = "", data=None, **more):
    body = {"patient": str(patient.pk), "kind": kind, "code": code, "data": data or {}, **more}
    return program.write("/records", body)


def entries(patient) -> list[Entry]:
    with as_the_system():
        return list(Entry.objects.filter(patient=patient).order_by("id"))


# == Read ==
def test_a_doctor_reads_the_chart_newest_first(api, doctor, nurse, rosa, audited) -> None:
    panel = measure(nurse, rosa, timezone.now() - timedelta(days=1), systolic="128", diastolic="82", heart_rate="71")
    taken = result(nurse, rosa, code="4548-4")
    answer = api(doctor).read("/records", {"patient": str(rosa.pk)})
    assert answer.status_code == 200, answer.content
    first, second = answer.json()["items"]
    assert (first["id"], first["kind"], first["code"], first["unit"]) == (
        str(taken.pk),
        "laboratory_result",
        "4548-4",
        "%",
    )
    assert second["id"] == str(panel.pk)
    assert {part["display"] for part in second["parts"]} >= {"Heart rate"}
    assert audited(doctor) == [("patients.open_chart", "ok")]


def test_one_entry_with_its_parts_and_tag(api, doctor, nurse, rosa) -> None:
    panel = measure(nurse, rosa, heart_rate="71", temperature="37.1")
    program = api(doctor)
    answer = program.read(f"/records/{panel.pk}")
    assert len(answer.json()["parts"]) == 2
    assert program.read(f"/records/{panel.pk}", If_None_Match=answer["ETag"]).status_code == 304


def test_the_list_is_narrowed(api, doctor, rosa) -> None:
    now = timezone.now()
    old = EntryFactory(patient=rosa, display="Glucose", code="2345-7", effective_at=now - timedelta(days=40))
    new = EntryFactory(patient=rosa, display="Hemoglobin A1c", code="4548-4", effective_at=now - timedelta(days=2))

    def found(**narrowed) -> set[str]:
        answer = api(doctor).read("/records", {"patient": str(rosa.pk), **narrowed})
        assert answer.status_code == 200, answer.content
        return {item["id"] for item in answer.json()["items"]}

    assert found() == {str(old.pk), str(new.pk)}
    assert found(q="moglob") == found(q="4548") == {str(new.pk)}
    assert found(kind=new.kind) == {str(old.pk), str(new.pk)}
    assert found(kind="allergy") == set()
    month = (now - timedelta(days=30)).isoformat()
    assert found(**{"from": month}) == {str(new.pk)}
    assert found(to=month) == {str(old.pk)}


@pytest.mark.parametrize("narrowed", [{"kind": "horoscope"}, {"from": "yesterday"}, {"from": "2026-02-03T10:00"}])
def test_what_cannot_narrow_is_named(api, doctor, rosa, narrowed) -> None:
    answer = api(doctor).read("/records", {"patient": str(rosa.pk), **narrowed})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == next(iter(narrowed))


def test_staff_say_which_patient_and_a_patient_need_not(api, doctor, nurse, rosa) -> None:
    taken = result(nurse, rosa)
    assert api(doctor).read("/records").json()["errors"][0]["field"] == "patient"
    own = api(portal_user(rosa))
    assert own.read("/records").json()["items"] == []
    assert own.read(f"/records/{taken.pk}").status_code == 404
    with acting_as(doctor):
        release_result(by=doctor, entry=taken, comment="As expected.", now=timezone.now())
    assert [item["id"] for item in own.read("/records").json()["items"]] == [str(taken.pk)]
    assert own.read(f"/records/{taken.pk}").status_code == 200


def test_page_after_page(api, doctor, rosa) -> None:
    same = timezone.now() - timedelta(days=3)
    made = {str(EntryFactory(patient=rosa, effective_at=same).pk) for _ in range(5)}
    program, seen, cursor = api(doctor), [], ""
    while cursor is not None:
        body = program.read("/records", {"patient": str(rosa.pk), "limit": 2, "cursor": cursor}).json()
        seen += [item["id"] for item in body["items"]]
        cursor = body["next"]
    assert len(seen) == 5
    assert set(seen) == made


def test_a_list_leaves_out_the_whole_resource_and_one_entry_has_it(api, doctor, rosa) -> None:
    told = EntryFactory(patient=rosa, data={"flag": "high", "resource": '{"resourceType": "Observation"}'})
    program = api(doctor)
    assert program.read("/records", {"patient": str(rosa.pk)}).json()["items"][0]["data"] == {"flag": "high"}
    assert "resource" in program.read(f"/records/{told.pk}").json()["data"]


@pytest.mark.parametrize("who", ["doctor", "nurse", "patient"])
def test_charlie_reads_and_writes_nothing(api, rosa, who) -> None:
    entry = EntryFactory(patient=rosa)
    charlie = api(portal_user(PatientFactory()) if who == "patient" else staff(who))
    theirs, nobodys = (charlie.read(f"/records/{pk}") for pk in (entry.pk, uuid.uuid4()))
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json() | {"request_id": ""} == nobodys.json() | {"request_id": ""}
    assert charlie.read("/records", {"patient": str(rosa.pk)}).status_code == 404
    assert write(charlie, rosa, "vital_signs", data={"heart_rate": 71}).status_code in {403, 404}
    assert len(entries(rosa)) == 1


@pytest.mark.parametrize("role", ["front_desk", "billing", "researcher", "administrator"])
def test_roles_without_clinical_reading(api, rosa, role) -> None:
    assert api(staff(role, rosa.site)).read("/records", {"patient": str(rosa.pk)}).status_code == 403


# == Write ==
def test_vitals_are_measured_and_flagged(api, nurse, rosa, audited) -> None:
    answer = write(api(nurse), rosa, "vital_signs", data={"systolic": 190, "diastolic": 120, "heart_rate": "71"})
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert (body["kind"], body["author"]) == ("vital_signs", str(nurse.pk))
    assert {part["code"] for part in body["parts"]} == {"85354-9", "8867-4"}
    assert body["data"]["flag"] in {"high", "critical-high", "critical_high"}


def test_a_result_is_entered_for_somebody_to_read(api, nurse, rosa) -> None:
    provider = ProviderFactory()
    answer = write(
        api(nurse),
        rosa,
        "laboratory_result",
        code="4548-4",
        effective_at=(timezone.now() - timedelta(hours=3)).isoformat(),
        data={"value": "7.4", "low": "4", "high": "5.6", "laboratory": "Elm", "provider": str(provider.pk)},
    )
    assert answer.status_code == 201, answer.content
    kept = entries(rosa)[0]
    assert (kept.unit, kept.provider_id, kept.record_status) == ("%", provider.pk, "final")
    assert (answer.json()["value"], kept.value) == ("7.4", Decimal("7.4"))
    unknown = write(
        api(nurse), rosa, "laboratory_result", code="4548-4", data={"value": 7, "provider": str(uuid.uuid4())}
    )
    assert unknown.json()["errors"][0]["field"] == "data.provider"


def test_a_diagnosis_an_allergy_and_a_vaccine(api, doctor, rosa) -> None:
    with as_the_system():
        DiagnosisCode.objects.get_or_create(code="E11.9", defaults={"display": "Type 2 diabetes", "billable": True})
    program = api(doctor)
    assert write(program, rosa, "condition", code="E11.9", data={"onset": "2019"}).status_code == 201
    twice = write(program, rosa, "condition", code="E11.9")
    assert (twice.status_code, twice.json()["type"]) == (409, "/v1/problems/already-there")
    assert twice.json()["standing"] == str(entries(rosa)[0].pk)
    assert write(program, rosa, "condition", code="E11.9", data={"though": "Another foot"}).status_code == 201
    assert write(program, rosa, "condition", code="nonsense").json()["errors"][0]["field"] == "code"
    assert write(program, rosa, "allergy", data={"none_known": True}).status_code == 201
    said = write(program, rosa, "allergy", data={"substance": "Penicillin", "reaction": "Rash", "severity": "mild"})
    assert said.status_code == 201, said.content
    given = write(program, rosa, "immunization", code="140", data={"lot": "A1"})
    assert given.status_code == 201, given.content
    assert given.json()["code_system"] == "cvx"


@pytest.mark.parametrize(
    ("kind", "code", "data", "field"),
    [
        ("note", "", {"text": "Well."}, "kind"),
        ("horoscope", "", {}, "kind"),
        ("vital_signs", "", {"mood": 3}, "data.mood"),
        ("vital_signs", "", {"heart_rate": "quick"}, "data.heart_rate"),
        ("laboratory_result", "4548-4", {}, "data.value"),
        ("condition", "E11.9", {"onset": "last summer"}, "data.onset"),
    ],
)
def test_what_does_not_fit_is_named_by_field(api, doctor, rosa, kind, code, data, field) -> None:
    answer = write(api(doctor), rosa, kind, code=code, data=data)
    assert answer.status_code == 422, answer.content
    assert answer.json()["errors"][0]["field"] == field
    assert entries(rosa) == []


@pytest.mark.parametrize("data", [{}, {"systolic": 120}, {"heart_rate": 4000}])
def test_what_the_verb_refuses_is_said_in_its_words(api, nurse, rosa, data) -> None:
    answer = write(api(nurse), rosa, "vital_signs", data=data)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/v1/problems/not-recorded"
    assert answer.json()["detail"].endswith(".")
    assert entries(rosa) == []


def test_nothing_is_recorded_of_times_to_come(api, nurse, rosa) -> None:
    later = (timezone.now() + timedelta(days=1)).isoformat()
    answer = write(api(nurse), rosa, "vital_signs", data={"heart_rate": 71}, effective_at=later)
    assert answer.status_code == 422
    zoneless = write(api(nurse), rosa, "vital_signs", data={"heart_rate": 71}, effective_at="2026-02-03T10:00")
    assert zoneless.json()["errors"][0]["field"] == "effective_at"


def test_a_nurse_records_no_diagnosis(api, nurse, rosa) -> None:
    with as_the_system():
        DiagnosisCode.objects.get_or_create(code="E11.9", defaults={"display": "Type 2 diabetes", "billable": True})
    assert write(api(nurse), rosa, "condition", code="E11.9").status_code == 403


def test_the_same_request_twice_is_one_taking(api, nurse, rosa) -> None:
    program = api(nurse)
    body = {"patient": str(rosa.pk), "kind": "vital_signs", "data": {"heart_rate": 71}}
    first = program.write("/records", body, Idempotency_Key="taking-1")
    again = program.write("/records", body, Idempotency_Key="taking-1")
    assert first.json() == again.json()
    assert len([entry for entry in entries(rosa) if entry.parent_id is None]) == 1


# == What becomes of an entry ==
def test_an_allergy_is_refuted_and_active_again(api, nurse, rosa) -> None:
    program = api(nurse)
    said = {"substance": "Penicillin", "criticality": "high", "verification": "confirmed", "nature": "allergy"}
    first = write(program, rosa, "allergy", data=said).json()
    assert first["data"] == {name: text for name, text in said.items() if name != "substance"}
    assert write(program, rosa, "allergy", data=said).status_code == 409
    url = f"/records/{first['id']}/change"
    assert program.write(url, {"standing": "refuted"}).status_code == 422
    answer = program.write(url, {"standing": "refuted", "because": "Skin test", "note": "by us"})
    assert answer.status_code == 200, answer.content
    gone = answer.json()
    assert (gone["clinical_status"], gone["data"]["verification"]) == ("resolved", "refuted")
    assert (gone["data"]["criticality"], gone["data"]["note"]) == ("high", "by us")
    assert program.write(url, {"standing": "active"}).status_code == 409  # there is a later version
    again = program.write(f"/records/{gone['id']}/change", {"standing": "active", "criticality": ""}).json()
    assert again["clinical_status"] == "active"
    assert "criticality" not in again["data"]


def test_a_problem_ends_and_nothing_else_becomes_anything(api, doctor, rosa) -> None:
    row = EntryFactory(patient=rosa, kind="condition", code="N39.0", display="Cystitis", clinical_status="active")
    program = api(doctor)
    assert program.write(f"/records/{row.pk}/change", {"standing": "relapse"}).status_code == 409
    answer = program.write(f"/records/{row.pk}/change", {"standing": "resolved", "because": "Treated"})
    assert (answer.json()["clinical_status"], answer.json()["data"]["because"]) == ("resolved", "Treated")
    other = EntryFactory(patient=rosa, kind="immunization", code="140", data={"elsewhere": True})
    answer = program.write(f"/records/{other.pk}/change", {"standing": "active"})
    assert answer.json()["errors"][0]["field"] == "id"
    assert program.write(f"/records/{uuid.uuid4()}/change", {"standing": "active"}).status_code == 404


def test_a_program_marks_an_entry_as_wrong(api, nurse, rosa) -> None:
    panel = measure(nurse, rosa, heart_rate="71")
    program = api(nurse)
    assert program.write(f"/records/{panel.pk}/void", {"reason": ""}).status_code == 422
    answer = program.write(f"/records/{panel.pk}/void", {"reason": "Wrong patient"})
    assert (answer.status_code, answer.json()["record_status"]) == (200, "entered_in_error")
    assert {entry.record_status for entry in entries(rosa)} == {"entered_in_error"}
    assert program.write(f"/records/{panel.pk}/void", {"reason": "Again"}).status_code == 409
