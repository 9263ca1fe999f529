"""Condition, AllergyIntolerance, Immunization and Procedure: what each becomes, and its odd forms."""

from typing import Any

import pytest

from healthcare.db.context import acting_as
from records.actions.allergies import record_allergy, record_no_known_allergies
from records.fhir import (
    AllergyIntoleranceResource,
    ConditionResource,
    ImmunizationResource,
    ProcedureResource,
)
from records.kinds import kind_of
from records.kinds.allergy import worst_first
from records.queries import allergies_of
from records.rules.said import Reaction
from tests.factories import EntryFactory
from tests.records.arriving import (
    CVX,
    ICD,
    NOW,
    RXNORM,
    SNOMED,
    coded,
    concept,
    entries,
    incoming,
    row_of,
    states,
    take,
    taken,
)
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


# == Condition ==
def condition(**fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "clinicalStatus": coded("active"),
        "verificationStatus": coded("confirmed"),
        "code": concept("Hypertension", "38341003"),
        "onsetDateTime": "1998-03",
        "recordedDate": "1998-04-01",
    } | fields


def problem(patient: Any, **fields: Any) -> Any:
    return taken(ConditionResource(), incoming(patient, condition(**fields)))[0]


def test_a_problem_keeps_its_code_as_given(rosa) -> None:
    row = problem(rosa)
    assert (row.kind, row.code, row.code_system, row.display) == ("condition", "38341003", "snomed", "Hypertension")
    assert (row.clinical_status, row.data["onset"], row.data["precision"]) == ("active", "1998-03", "month")
    assert "verification" not in row.data


def test_of_several_codes_icd_is_taken_as_ours_are(rosa) -> None:
    both = {"coding": [{"system": SNOMED, "code": "38341003"}, {"system": ICD, "code": "I10", "display": "Essential"}]}
    row = problem(rosa, code=both)
    assert (row.code, row.code_system, row.display) == ("I10", "icd-10-cm", "Essential")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"clinicalStatus": coded("remission")}, "remission"),
        ({"clinicalStatus": None}, "active"),
        ({"clinicalStatus": None, "abatementDateTime": "2001"}, "resolved"),
        ({"clinicalStatus": None, "abatementBoolean": False}, "active"),
        ({"clinicalStatus": coded("strange")}, "active"),
        ({"clinicalStatus": concept("Resolved")}, "resolved"),
    ],
)
def test_what_is_not_known_to_be_over_is_not(rosa, fields, status) -> None:
    assert problem(rosa, **fields).clinical_status == status


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"onsetDateTime": None, "onsetAge": {"value": 40, "unit": "years"}}, {"onset": "age 40 years"}),
        ({"onsetDateTime": None, "onsetString": "in childhood"}, {"onset": "in childhood"}),
        ({"onsetDateTime": None, "onsetPeriod": {"start": "1990"}}, {"onset": "1990", "precision": "year"}),
        ({"onsetDateTime": None, "onsetRange": {}}, {"precision": "day"}),
        ({"abatementString": "last year"}, {"abatement": "last year"}),
        ({"verificationStatus": coded("provisional")}, {"verification": "provisional"}),
        ({"severity": concept("Severe"), "bodySite": [concept("Left knee")]}, {"severity": "Severe"}),
        ({"recorder": {"display": "Dr. Roe"}, "note": [{"text": "Watch it."}]}, {"by": "Dr. Roe", "note": "Watch it."}),
    ],
)
def test_what_else_a_problem_says(rosa, fields, said) -> None:
    data = problem(rosa, **fields).data
    assert {name: data.get(name) for name in said} == said


@pytest.mark.parametrize(
    ("fields", "because"),
    [
        ({"verificationStatus": coded("refuted")}, "refuted"),
        ({"code": None}, "nothing_named"),
        ({"code": {"coding": [{}]}}, "nothing_named"),
        ({"onsetDateTime": "2050-01-01"}, "future"),
    ],
)
def test_what_is_no_problem_of_the_patient_is_kept_whole(rosa, fields, because) -> None:
    outcome = take(ConditionResource(), incoming(rosa, condition(**fields)))[0]
    assert (outcome.state, row_of(outcome).data["because"]) == ("kept", because)
    assert not entries(rosa, kind="condition")


def test_an_error_is_void_and_words_alone_are_enough(rosa) -> None:
    void = problem(rosa, verificationStatus=coded("entered-in-error"))
    assert (void.kind, void.record_status) == ("condition", "entered_in_error")
    row = problem(rosa, code=concept("Bad knees"))
    assert (row.code, row.display, kind_of("condition").summary(row)) == ("", "Bad knees", "Bad knees")


# == AllergyIntolerance ==
def allergy(**fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": coded("active"),
        "verificationStatus": coded("confirmed"),
        "code": concept("Allergy to penicillin", "91936005"),
        "category": ["medication"],
        "recordedDate": "2001-01-01",
    } | fields


def on_the_list(patient: Any, **fields: Any) -> Any:
    return taken(AllergyIntoleranceResource(), incoming(patient, allergy(**fields)))[0]


def known(patient: Any) -> Any:
    with as_the_system():
        return allergies_of([patient.pk])[patient.pk]


def test_an_allergy_stands_on_the_list_with_its_code(rosa) -> None:
    row = on_the_list(rosa, code=concept("Penicillin V", "7984", RXNORM))
    assert (row.kind, row.code, row.code_system, row.clinical_status) == ("allergy", "7984", "rxnorm", "active")
    found = known(rosa)
    assert found.state == "list"
    assert [(one.display, one.code, one.code_system) for one in found.entries] == [("Penicillin V", "7984", "rxnorm")]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"clinicalStatus": None}, "active"),
        ({"clinicalStatus": coded("inactive")}, "inactive"),
        ({"verificationStatus": coded("refuted")}, "resolved"),
        ({"verificationStatus": coded("unconfirmed")}, "active"),
    ],
)
def test_where_nothing_is_said_it_counts(rosa, fields, status) -> None:
    assert on_the_list(rosa, **fields).clinical_status == status


def test_an_allergy_that_names_nothing_is_one_all_the_same(rosa) -> None:
    assert on_the_list(rosa, code=None).display == "Substance not named by its source"
    row = on_the_list(rosa, code=None, reaction=[{"substance": concept("Aspirin", "1191", RXNORM)}, "x"])
    assert (row.display, row.code) == ("Aspirin", "1191")


def test_reactions_severity_and_what_may_kill(rosa) -> None:
    mild = on_the_list(rosa, reaction=[{"manifestation": [concept("Hives")], "severity": "mild"}])
    assert (mild.data["reaction"], mild.data["severity"], mild.data["category"]) == ("Hives", "mild", "medication")
    worse = on_the_list(rosa, reaction=[{"description": "Rash", "severity": "mild"}, {"severity": "severe"}])
    assert (worse.data["reaction"], worse.data["severity"]) == ("Rash", "severe")
    deadly = on_the_list(rosa, criticality="high", category=["biologic", 3], onsetString="as a child")
    assert (deadly.data["category"], deadly.data["since"]) == ("other", "as a child")
    assert kind_of("allergy").role(deadly) == "bad"
    assert worst_first([mild, deadly])[0] is deadly
    assert "category" not in on_the_list(rosa, category=None).data


@pytest.mark.parametrize(
    "said",
    [concept("No known allergy", "716186003"), concept("NKA"), concept("no known allergies."), coded("716186003")],
)
def test_none_known_is_said_and_is_no_allergy(rosa, said) -> None:
    row = on_the_list(rosa, code=said)
    assert (row.kind, row.code, row.display) == ("allergy", "no-known-allergies", "No known allergies")
    assert known(rosa).state == "none_known"


@pytest.mark.parametrize("said", [concept("NKDA"), concept("No known drug allergies"), coded("409137002")])
def test_none_known_of_one_sort_says_nothing_of_the_others(rosa, said) -> None:
    row = on_the_list(rosa, code=said)
    assert (row.kind, row.data["because"]) == ("imported", "only_some")
    assert known(rosa).state == "never_asked"


def test_none_known_that_is_no_longer_so_is_not_read_as_none(rosa) -> None:
    for fields in ({"clinicalStatus": coded("inactive")}, {"verificationStatus": coded("refuted")}):
        row = on_the_list(rosa, code=concept("NKA"), **fields)
        assert (row.kind, row.data["because"]) == ("imported", "none_no_more")
    assert known(rosa).state == "never_asked"


def test_what_is_said_of_it_comes_along(rosa) -> None:
    row = on_the_list(rosa, type="intolerance", criticality="low", verificationStatus=coded("presumed"))
    assert [row.data[name] for name in ("nature", "criticality", "verification")] == ["intolerance", "low", "presumed"]
    odd = on_the_list(rosa, type="spell", criticality=["x"], verificationStatus=None)
    assert not odd.data.keys() & {"nature", "criticality", "verification"}
    refuted = on_the_list(rosa, verificationStatus=coded("refuted"))
    assert (refuted.clinical_status, refuted.data["verification"]) == ("resolved", "refuted")


def test_none_known_does_not_stand_beside_an_allergy(rosa) -> None:
    none, some = allergy(code=concept("NKA")), allergy()
    outcomes = take(AllergyIntoleranceResource(), incoming(rosa, some), incoming(rosa, none))
    assert states(outcomes) == ["imported", "kept"]
    assert row_of(outcomes[1]).data["because"] == "other_view"
    assert known(rosa).state == "list"
    again = take(AllergyIntoleranceResource(), incoming(rosa, none))
    assert states(again) == ["kept"]


def test_an_allergy_ends_that_none_was_known_here(rosa, nurse) -> None:
    with acting_as(nurse):
        none = record_no_known_allergies(by=nurse, patient=rosa, now=NOW)
    row = on_the_list(rosa)
    assert (row.supersedes_id, row.record_status) == (none.pk, "amended")
    assert known(rosa).state == "list"
    with acting_as(nurse):
        record_allergy(by=nurse, patient=rosa, reaction=Reaction("latex"), now=NOW)
    assert len(known(rosa).entries) == 2


def test_a_void_or_refuted_allergy_leaves_none_known_standing(rosa, nurse) -> None:
    with acting_as(nurse):
        record_no_known_allergies(by=nurse, patient=rosa, now=NOW)
    on_the_list(rosa, verificationStatus=coded("entered-in-error"))
    on_the_list(rosa, verificationStatus=coded("refuted"))
    assert known(rosa).state == "none_known"


# == Immunization ==
def immunization(**fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": concept("Influenza, seasonal", "140", CVX),
        "occurrenceDateTime": "2012-05-06T05:35:54+00:00",
        "primarySource": True,
    } | fields


def given(patient: Any, **fields: Any) -> Any:
    return taken(ImmunizationResource(), incoming(patient, immunization(**fields)))[0]


def test_a_vaccine_was_given_elsewhere(rosa) -> None:
    row = given(
        rosa,
        lotNumber="AB12",
        doseQuantity={"value": 0.5, "unit": "mL"},
        protocolApplied=[{"doseNumberPositiveInt": 2}],
        performer=[{"actor": {"display": "Nurse Joy"}}],
    )
    assert (row.kind, row.code, row.code_system, row.released_at) == ("immunization", "140", "cvx", NOW)
    told = {name: row.data[name] for name in ("elsewhere", "lot", "dose", "status", "by")}
    assert told == {"elsewhere": True, "lot": "AB12", "dose": "0.5 mL", "status": "dose 2", "by": "Nurse Joy"}
    assert kind_of("immunization").summary(row) == "Influenza, seasonal"


def test_a_code_of_another_list_is_not_read_as_one_of_ours(rosa) -> None:
    row = given(
        rosa, vaccineCode=concept("Typhoid", "20", "urn:oid:1.2.36.1"), occurrenceDateTime=None, recorded="2009"
    )
    assert (row.code_system, kind_of("immunization").summary(row)) == ("other", "Typhoid")
    assert row.data["precision"] == "year"
    here = EntryFactory.build(kind="immunization", code="20", code_system="cvx", display="x")
    assert "DTaP" in kind_of("immunization").summary(here)


@pytest.mark.parametrize(
    ("fields", "because"),
    [
        ({"status": "not-done"}, "not_done"),
        ({"status": "strange"}, "status"),
        ({"vaccineCode": None}, "nothing_named"),
        ({"occurrenceDateTime": "2040-01-01"}, "future"),
    ],
)
def test_a_vaccine_that_was_not_given_is_not_listed(rosa, fields, because) -> None:
    outcome = take(ImmunizationResource(), incoming(rosa, immunization(**fields)))[0]
    assert (outcome.state, row_of(outcome).data["because"]) == ("kept", because)
    assert given(rosa, status="entered-in-error").record_status == "entered_in_error"


# == Procedure ==
def procedure(**fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "Procedure",
        "status": "completed",
        "code": concept("Colonoscopy", "73761001"),
        "performedPeriod": {"start": "2015-05-10T05:35:54+00:00", "end": "2015-05-10T05:50:54+00:00"},
    } | fields


def done(patient: Any, **fields: Any) -> Any:
    return taken(ProcedureResource(), incoming(patient, procedure(**fields)))[0]


def test_a_procedure_says_what_when_why_and_how_it_went(rosa) -> None:
    row = done(
        rosa,
        reasonReference=[{"display": "Polyp of colon"}],
        bodySite=[concept("Colon")],
        outcome=concept("Successful"),
        performer=[{"actor": {"display": "Dr. Roe"}}],
    )
    said = {name: row.data[name] for name in ("until", "reason", "body_site", "outcome", "by")}
    assert said == {
        "until": "2015-05-10",
        "reason": "Polyp of colon",
        "body_site": "Colon",
        "outcome": "Successful",
        "by": "Dr. Roe",
    }
    assert (row.kind, kind_of("procedure").summary(row), kind_of("procedure").role(row)) == (
        "procedure",
        "Colonoscopy",
        "ok",
    )


def test_one_that_was_stopped_says_so(rosa) -> None:
    row = done(rosa, status="stopped", performedPeriod=None, performedDateTime="2015")
    assert kind_of("procedure").summary(row) == "Colonoscopy (Stopped before its end)"
    assert (kind_of("procedure").role(row), row.data["precision"]) == ("warn", "year")


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"performedString": "in the nineties"}, "in the nineties"),
        ({"performedAge": {"value": 7, "unit": "years"}}, "At the age of 7 years"),
        ({}, None),
    ],
)
def test_a_procedure_of_no_date(rosa, fields, note) -> None:
    row = done(rosa, performedPeriod=None, **fields)
    assert (row.data.get("note"), row.data["precision"]) == (note, "unknown")


@pytest.mark.parametrize(
    ("fields", "because"),
    [
        ({"status": "not-done"}, "not_done"),
        ({"status": "preparation"}, "not_over"),
        ({"status": "unknown"}, "status"),
        ({"code": None}, "nothing_named"),
    ],
)
def test_what_was_not_done_is_no_procedure(rosa, fields, because) -> None:
    outcome = take(ProcedureResource(), incoming(rosa, procedure(**fields)))[0]
    assert (outcome.state, row_of(outcome).data["because"]) == ("kept", because)
    assert done(rosa, status="entered-in-error").record_status == "entered_in_error"
