"""What the chart says in FHIR R4, kind by kind: well formed, and the same entry when it is read again."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from healthcare.fhir.reading import canonical
from healthcare.fhir.resources import resources
from records.kinds import kinds, part_of
from records.models import Entry
from records.settling import settle
from records.telling.by_kind import WRITERS, Beside, resource_of
from tests.factories import EncounterFactory, EntryFactory, PatientFactory, ServiceRequestFactory
from tests.records.arriving import CVX, ICD, LOINC, NOW, RXNORM, coded, concept, incoming, row_of, take
from tests.records.r4 import problems_of
from tests.records.test_fhir_histories import kept
from tests.roles import taking_role

pytestmark = pytest.mark.django_db
UCUM = "http://unitsofmeasure.org"
ZONES = ["Pacific/Kiritimati", "America/Adak"]
SURGICAL = concept("Surgical procedure", "387713003")


def said(kind: str, **elements: Any) -> dict[str, Any]:
    return {"resourceType": kind} | elements


def amount(value: float, unit: str, **more: Any) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit} | more


def observation(category: str = "laboratory", **elements: Any) -> dict[str, Any]:
    usual = {"status": "final", "category": [coded(category)], "code": concept("Hemoglobin", "718-7", LOINC)}
    return said("Observation", **usual | {"effectiveDateTime": "2021-03-04T05:06:07-05:00"} | elements)


PRESSURE = [
    {"code": concept("Systolic", "8480-6", LOINC), "valueQuantity": amount(134, "mm[Hg]")},
    {"code": concept("Diastolic", "8462-4", LOINC), "valueQuantity": amount(82, "mm[Hg]")},
]
RANGE = [{"low": amount(12, "g/dL"), "high": amount(15.5, "g/dL")}]
CONDITION = {"clinicalStatus": coded("active"), "code": concept("Asthma", "J45.909", ICD)}
ALLERGY = {"clinicalStatus": coded("active"), "code": concept("Penicillin V", "7984", RXNORM)}
GIVEN = {"status": "completed", "vaccineCode": concept("Influenza", "140", CVX), "occurrenceDateTime": "2020-10-03"}
DONE = {"status": "completed", "code": concept("Appendectomy", "80146002"), "performedDateTime": "1999"}
MOTHER = concept("Mother", "MTH", "http://terminology.hl7.org/CodeSystem/v3-RoleCode")
WHY = {"coding": [{"code": "PATOBJ"}]}
#: What other systems tell, in the shapes that come.
TOLD = {
    "condition": said("Condition", **CONDITION, onsetDateTime="2001-04-05T10:00:00-05:00", note=[{"text": "at night"}]),
    "condition since a year": said("Condition", **CONDITION, onsetDateTime="2001", recordedDate="2020-01-01"),
    "condition in words": said("Condition", **CONDITION, onsetString="as a child", recordedDate="2020-01"),
    "condition over": said(
        "Condition",
        **CONDITION | {"clinicalStatus": coded("resolved")},
        onsetDateTime="2001",
        abatementDateTime="2003-05",
    ),
    "condition of another system": said("Condition", code=concept("Cough", "R05", "http://codes.example/x")),
    "allergy": said("AllergyIntolerance", **ALLERGY, recordedDate="2011-02-03", criticality="high", type="allergy"),
    "allergy with a reaction": said(
        "AllergyIntolerance",
        **ALLERGY,
        category=["medication"],
        reaction=[{"manifestation": [concept("Hives")], "severity": "severe"}],
        onsetDateTime="1990",
    ),
    "allergy, how bad": said("AllergyIntolerance", **ALLERGY, reaction=[{"manifestation": [{}], "severity": "mild"}]),
    "no allergies": said("AllergyIntolerance", clinicalStatus=coded("active"), code=concept("No known", "716186003")),
    "result": observation(valueQuantity=amount(13.4, "g/dL"), referenceRange=RANGE, note=[{"text": "fasting"}]),
    "result beyond": observation(valueQuantity=amount(0.01, "mg/L", comparator="<"), interpretation=[coded("L")]),
    "result in words": observation(valueString="not seen", effectiveDateTime="2021-03"),
    "result abnormal": observation(valueString="seen", interpretation=[coded("POS")]),
    "result with a word": observation(valueString="pale", interpretation=[{"text": "unusual"}]),
    "result in its own unit": observation(valueQuantity={"value": 3, "unit": "cups"}),
    "result, no date": observation(valueQuantity=amount(13, "g/dL"), effectiveDateTime=None),
    "result in parts": observation(
        component=[{"code": concept("Colour"), "valueString": "red"}, {"code": concept("pH")}]
    ),
    "weight": observation("vital-signs", code=concept("Weight", "29463-7", LOINC), valueQuantity=amount(71.25, "kg")),
    "pressure": observation("vital-signs", code=concept("BP", "85354-9", LOINC), component=PRESSURE),
    "smoking": observation(
        "social-history",
        code=concept("Smoking", "72166-2", LOINC),
        valueCodeableConcept=concept("Never smoker", "266919005"),
    ),
    "survey": observation("survey", code=concept("Sleep", "9999-9", LOINC), valueQuantity=amount(7.5, "h")),
    "observation of no sort": observation(category="", code=concept("Sleep"), valueString="well"),
    "vaccine": said("Immunization", **GIVEN, lotNumber="L1", doseQuantity=amount(0.5, "mL")),
    "vaccine of a course": said(
        "Immunization", **GIVEN | {"occurrenceDateTime": None}, protocolApplied=[{"doseNumberPositiveInt": 2}]
    ),
    "vaccine of a course in words": said("Immunization", **GIVEN, protocolApplied=[{"doseNumberString": "last"}]),
    "vaccine refused": said("Immunization", **GIVEN | {"status": "not-done"}, statusReason=WHY),
    "procedure": said("Procedure", **DONE, bodySite=[concept("Belly")], outcome=concept("Well")),
    "procedure for a time": said(
        "Procedure",
        **DONE | {"performedDateTime": None, "status": "stopped"},
        performedPeriod={"start": "2020-01-02T03:04:05Z", "end": "2020-01-09"},
        reasonCode=[concept("Pain")],
    ),
    "operation": said("Procedure", **DONE, category=SURGICAL),
    "family": said(
        "FamilyMemberHistory",
        status="completed",
        relationship=MOTHER,
        date="2019-05-06",
        deceasedAge={"value": 71, "unit": "years"},
        condition=[{"code": concept("Stroke"), "onsetString": "60s", "contributedToDeath": True}],
    ),
    "family, died": said("FamilyMemberHistory", status="partial", relationship=MOTHER, deceasedBoolean=True),
    "report": said(
        "DiagnosticReport",
        status="amended",
        code=concept("Chest X-ray", "36643-5", LOINC),
        category=[concept("Imaging")],
        conclusion="Clear.",
        effectiveDateTime="2022-01-02",
    ),
    "plan": said(
        "CarePlan", status="active", intent="plan", title="Walk", period={"start": "2020-02", "end": "2030-01-02"}
    ),
    "goal": said("Goal", lifecycleStatus="completed", description=concept("Swim"), startDate="2020-02-03"),
}


def row(patient: Any, resource: dict[str, Any]) -> Entry:
    """As an import takes it: here it is neither kept whole nor refused."""
    (outcome,) = take(resources()[resource["resourceType"]], incoming(patient, resource))
    assert outcome.state == "imported", outcome
    found: Entry = row_of(outcome)
    return found


def written(entry: Entry, zone: str = "America/New_York") -> dict[str, Any]:
    with timezone.override(zone):
        resource = resource_of(entry)
    assert resource is not None
    found: dict[str, Any] = json.loads(canonical(resource))
    assert problems_of(found) == []
    return found


def facts(entry: Entry) -> dict[str, Any]:
    """What counts of an entry; who said it and where it came from is another thing."""
    beside = {"resource", "by"}
    data = {name: value for name, value in entry.data.items() if name not in beside and name != "range"}
    when = None if data.get("precision") == "unknown" else entry.effective_at
    return {
        **{name: getattr(entry, name) for name in ("kind", "code", "code_system", "display", "value", "unit")},
        **{name: getattr(entry, name) for name in ("clinical_status", "sensitivity", "record_status")},
        "data": data,
        "when": when,
        "bounds": {
            side: Decimal(entry.data["range"][side]) for side in ("low", "high") if side in entry.data.get("range", {})
        },
    }


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("name", TOLD)
def test_what_was_told_is_written_and_read_as_the_same(name, zone) -> None:
    first = row(PatientFactory(), TOLD[name])
    again = row(PatientFactory(), written(first, zone))
    assert facts(again) == facts(first)


def test_every_kind_is_written() -> None:
    assert {slug for slug in kinds() if hasattr(part_of(slug, "fhir"), "write")} | WRITERS.keys() == kinds().keys()


# == Written here ==
def entry(kind: str, **fields: Any) -> Entry:
    usual = {"code": "", "code_system": "", "display": "Something", "value": None, "unit": "", "data": {}}
    found: Entry = EntryFactory(kind=kind, **usual | fields)
    return found


def test_a_problem_of_ours_says_when_it_began_and_when_it_was_written_down() -> None:
    found = written(
        entry("condition", clinical_status="active", data={"onset": "2019"}, code="I10", code_system="icd-10-cm")
    )
    assert found["onsetDateTime"] == "2019"
    assert found["recordedDate"].startswith("20")
    assert found["code"]["coding"] == [{"system": ICD, "code": "I10"}]
    assert found["category"][0]["coding"][0]["code"] == "problem-list-item"
    over = entry("condition", clinical_status="active", data={"abatement": "2020"})
    assert not any(name.startswith("abatement") for name in written(over))


def test_a_dose_of_ours_says_where_and_how() -> None:
    data = {"elsewhere": False, "site": "LA", "route": "IM", "expires": "2030-01-31", "dose": "half", "note": "calm"}
    found = written(entry("immunization", code="140", code_system="cvx", data=data))
    assert (found["primarySource"], found["expirationDate"]) == (True, "2030-01-31")
    assert found["site"]["coding"] == [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActSite", "code": "LA"}]
    assert [one["text"] for one in found["note"]] == ["calm", "half"]


def test_an_answer_in_words_of_our_own_comes_back_as_it_is() -> None:
    local = entry(
        "social_history", code="alcohol-use", code_system="local", display="Alcohol use", data={"answer": "weekly"}
    )
    again = row(PatientFactory(), written(local))
    assert (again.kind, again.code, again.code_system) == ("social_history", "alcohol-use", "local")
    assert again.data["answer"] == "weekly"
    coded_answer = entry("social_history", code="71802-3", code_system="loinc", data={"answer": "LA30189-7"})
    assert written(coded_answer)["valueCodeableConcept"]["coding"] == [{"system": LOINC, "code": "LA30189-7"}]
    elsewhere = said("Observation", status="final", code=concept("x", "alcohol-use", LOINC), valueString="weekly")
    assert row(PatientFactory(), elsewhere).kind == "observation"


@pytest.mark.parametrize(
    ("kind", "code"), [("surgical_history", "no-known-operations"), ("family_history", "no-known-family-history")]
)
def test_that_there_is_none_is_an_observation(kind, code) -> None:
    found = written(entry(kind, code=code, code_system="local", display="None"))
    assert (found["resourceType"], found["valueBoolean"]) == ("Observation", True)


@pytest.mark.parametrize("slug", ["phq_2", "phq_9", "gad_7", "audit_c"])
def test_answers_to_a_questionnaire_come_back(slug) -> None:
    from records.rules.questionnaires import INSTRUMENTS

    said_so = INSTRUMENTS[slug]
    answers = [1] * len(said_so.questions)
    band = "screens negative" if slug == "audit_c" else "mild" if slug == "phq_9" else None
    data = {"instrument": slug, "answers": answers, "band": band or "screens negative", "note": "calm"}
    if slug == "gad_7":
        data["band"] = "mild"
    first = entry(slug, code=said_so.code, code_system="loinc", display=said_so.name, value=Decimal(len(answers)),
                  unit="{score}", data=data)  # fmt: skip
    told = written(first)
    again = row(PatientFactory(), told)
    assert facts(again)["data"] == data
    assert (again.kind, again.code, again.value, again.unit) == (slug, first.code, first.value, "{score}")
    for wrong in (
        {"status": "in-progress"},
        {"questionnaire": "http://loinc.org/q/1-1"},
        {"item": told["item"][1:]},
        {"item": None},
    ):
        assert take(resources()["QuestionnaireResponse"], incoming(PatientFactory(), told | wrong))[0].state == "kept"
    unlikely = [
        one | {"answer": [{"valueString": "severe"}]} if one["linkId"] == "band" else one for one in told["item"]
    ]
    assert row(PatientFactory(), told | {"item": unlikely}).data["band"] != "severe"


def test_answers_that_were_kept_whole_before_find_their_kind() -> None:
    data = {"instrument": "phq_2", "answers": [1, 0], "band": "screens negative"}
    names = {"code": "55758-7", "code_system": "loinc", "value": Decimal(1), "unit": "{score}"}
    told, patient = written(entry("phq_2", data=data, **names)), PatientFactory()
    kept(patient, incoming(patient, told | {"id": "a"}), "imported", code="QuestionnaireResponse")
    kept(patient, incoming(patient, told | {"id": "b", "item": None}), "imported", code="QuestionnaireResponse")
    with taking_role("worker"):
        assert dict(settle(now=NOW)) == {"QuestionnaireResponse": 1}
        assert settle(now=NOW).total() == 0


@pytest.mark.parametrize("kind", ["note", "nursing_note", "addendum"])
def test_what_was_signed_is_a_document(kind) -> None:
    import base64

    parts = {"text": "Later."} if kind == "addendum" else {"subjective": "Says it burns.", "objective": "Soft."}
    found = written(entry(kind, data=parts))
    text = base64.b64decode(found["content"][0]["attachment"]["data"]).decode()
    assert list(parts.values())[-1] in text
    assert (found["status"], found["docStatus"]) == ("current", "final")
    assert ("What was found" in text) is (kind != "addendum")


# == What stands beside ==
@pytest.mark.parametrize(
    ("mark", "label"),
    [("mental_health", "MH"), ("substance_use", "ETH"), ("reproductive", "SEX"), ("adolescent", "ADOL")],
)
def test_a_mark_is_a_security_label_and_comes_back(mark, label) -> None:
    first = entry("laboratory_result", sensitivity=mark, data={"flag": "", "value": "seen"})
    found = written(first)
    assert [one["code"] for one in found["meta"]["security"]] == [label, "R"]
    assert found["meta"]["versionId"] == str(first.pk)
    again = row(PatientFactory(), found)
    assert (again.sensitivity, again.released_at) == (mark, None)


def test_it_leads_to_what_is_written_too_and_to_nothing_else() -> None:
    visit, order = EncounterFactory(), ServiceRequestFactory()
    report = entry("diagnostic_report", patient=visit.patient, encounter=visit, request=None)
    report.request_id = order.pk
    beside = Beside(visits={visit.pk}, orders={order.pk}, results={report.pk: [order.pk]})
    found = resource_of(report, beside)
    assert found is not None
    assert found["encounter"] == {"reference": f"Encounter/{visit.pk}"}
    assert found["basedOn"] == [{"reference": f"ServiceRequest/{order.pk}"}]
    assert found["result"] == [{"reference": f"Observation/{order.pk}"}]
    assert not {"encounter", "basedOn", "result"} & written(report).keys()
    note = entry("addendum", patient=visit.patient, encounter=visit, data={"text": "Later."})
    note.parent_id = report.pk
    led = resource_of(note, Beside(visits={visit.pk}, notes={report.pk}))
    assert led is not None
    assert led["context"]["encounter"] == [{"reference": f"Encounter/{visit.pk}"}]
    assert led["relatesTo"][0]["target"] == {"reference": f"DocumentReference/{report.pk}"}
    assert "relatesTo" not in written(note)


def test_what_has_no_kind_here_is_written_as_it_came() -> None:
    whose = {"patient": {"reference": "Patient/x"}, "meta": {"security": [{"code": "R"}]}}
    claim = said("Claim", use="claim", total={"value": 129.160}, contained=[{"id": "a"}], **whose)
    patient = PatientFactory()
    (outcome,) = take(resources().get("Claim") or _fallback(), incoming(patient, claim))
    kept = row_of(outcome)
    found = resource_of(kept)
    assert found is not None
    assert found["id"] == str(kept.pk)
    assert found["patient"] == {"reference": f"Patient/{patient.pk}"}
    assert {name: found[name] for name in ("use", "contained", "meta")} == {
        name: claim[name] for name in ("use", "contained", "meta")
    }
    assert '"value":129.16' in canonical(found)


def _fallback() -> Any:
    from healthcare.fhir.resources import fallback

    return fallback()


@pytest.mark.parametrize("status", ["entered_in_error", "draft"])
def test_what_does_not_stand_is_not_written(status) -> None:
    found = entry("observation", data={"value": "x"})
    found.record_status = status
    assert resource_of(found) is None
    assert resource_of(entry("vital_signs", code="85353-1", code_system="loinc", data={"flag": ""})) is None
