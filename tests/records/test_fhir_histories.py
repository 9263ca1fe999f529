"""Family histories, operations and answers of other systems: read, and moved where they were kept before."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from healthcare.db.context import acting_as
from patients.models import ImportedSource
from records.actions.histories import record_none_known
from records.fhir import FamilyMemberHistoryResource, KeptResource, ObservationResource, ProcedureResource
from records.kinds import kind_of
from records.models import Entry
from records.settling import settle
from tests.records.arriving import LOINC, NOW, SYSTEM, concept, incoming, taken
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
ROLES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


def family(**fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "FamilyMemberHistory",
        "status": "completed",
        "relationship": concept("mother", "MTH", ROLES),
        "date": "2019-05-04",
        "condition": [{"code": concept("Stroke"), "onsetAge": {"value": 70, "unit": "years"}}],
    } | fields


def smoking(**fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"code": "social-history"}]}],
        "code": concept("Tobacco smoking status", "72166-2", LOINC),
        "effectiveDateTime": "2019-05-04T10:00:00Z",
        "valueCodeableConcept": concept("Former smoker", "8517006"),
    } | fields


def procedure(**fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "Procedure",
        "status": "completed",
        "code": concept("Appendectomy", "80146002"),
        "performedDateTime": "2009-05",
        "category": concept("Surgical procedure", "387713003"),
    } | fields


def told(patient: Any, resource: Any = None, **fields: Any) -> Entry:
    return taken(FamilyMemberHistoryResource(), incoming(patient, family(**fields)))[0]


# == The family ==
def test_a_relative_comes_with_what_they_had(rosa) -> None:
    row = told(
        rosa,
        condition=[
            {"code": concept("Stroke"), "onsetAge": {"value": 70, "unit": "years"}, "contributedToDeath": True},
            {"code": concept("Diabetes"), "onsetString": "in her forties"},
            {"code": None},
        ],
        deceasedAge={"value": 71, "unit": "years"},
        note=[{"text": "by phone"}],
    )
    assert (row.kind, row.code, row.code_system, row.display) == ("family_history", "MTH", "v3-role", "mother")
    assert row.data["conditions"] == [
        {"text": "Stroke", "onset": "70 years", "died": True},
        {"text": "Diabetes", "onset": "in her forties"},
    ]
    assert (row.data["deceased"], row.data["note"], row.data["precision"]) == ("died: 71 years", "by phone", "day")
    summary = kind_of("family_history").summary(row)
    assert summary == "Mother: Stroke (at 70 years, died of it), Diabetes (at in her forties)"
    assert json.loads(row.data["resource"])["relationship"]["text"] == "mother"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"deceasedBoolean": True}, "died"),
        ({"deceasedDate": "1999"}, "died: 1999"),
        ({"deceasedString": "young"}, "died: young"),
    ],
)
def test_that_somebody_died_is_something(fields, words, rosa) -> None:
    assert told(rosa, condition=None, **fields).data["deceased"] == words


@pytest.mark.parametrize(
    ("fields", "because"),
    [
        ({"status": "health-unknown"}, "status"),
        ({"relationship": None}, "nothing_named"),
        ({"condition": [], "deceasedBoolean": False}, "nothing_named"),
        ({"date": "2999"}, "future"),
    ],
)
def test_what_says_nothing_is_kept(fields, because, rosa) -> None:
    row = told(rosa, **fields)
    assert (row.kind, row.data["because"]) == ("imported", because)


def test_one_in_error_is_void_and_one_that_is_told_ends_that_none_was_known(rosa, nurse) -> None:
    with acting_as(nurse):
        none = record_none_known(by=nurse, patient=rosa, kind="family_history", now=NOW)
    assert told(rosa, status="entered-in-error").record_status == "entered_in_error"
    row = told(rosa)
    assert (row.supersedes_id, row.record_status) == (none.pk, "amended")


# == Operations and answers ==
def test_a_surgical_procedure_is_an_operation_and_any_other_is_not(rosa) -> None:
    row = taken(ProcedureResource(), incoming(rosa, procedure()))[0]
    assert (row.kind, row.display, row.clinical_status) == ("surgical_history", "Appendectomy", "")
    for fields in ({"category": None}, {"status": "in-progress"}):
        assert taken(ProcedureResource(), incoming(rosa, procedure(**fields)))[0].kind == "procedure"


@pytest.mark.parametrize(
    ("code", "value", "answer"),
    [
        ("72166-2", concept("Former smoker", "8517006"), "LA15920-4"),
        ("72166-2", concept("Former smoker", "LA15920-4", LOINC), "LA15920-4"),
        ("72166-2", concept("Pipe, on Sundays"), None),
        ("71802-3", concept("I have housing", "LA30189-7", LOINC), "LA30189-7"),
    ],
)
def test_an_answer_to_one_of_our_questions(code, value, answer, rosa) -> None:
    fields = {"code": concept("Question", code, LOINC), "valueCodeableConcept": value}
    row = taken(ObservationResource(), incoming(rosa, smoking(**fields)))[0]
    assert (row.kind, row.code, row.data.get("answer")) == ("social_history", code, answer)
    assert row.released_at is not None
    assert row.data["value"] == value["text"]


def test_whether_somebody_is_safe_waits_for_a_release(rosa) -> None:
    fields = {"code": concept("Afraid", "76501-6", LOINC), "valueCodeableConcept": concept("Yes", "LA33-6", LOINC)}
    assert taken(ObservationResource(), incoming(rosa, smoking(**fields)))[0].released_at is None


def test_without_an_answer_it_is_no_answer(rosa) -> None:
    assert taken(ObservationResource(), incoming(rosa, smoking(valueCodeableConcept=None)))[0].kind == "imported"
    other = smoking(code=concept("Sports", "99999-9", LOINC))
    assert taken(ObservationResource(), incoming(rosa, other))[0].kind == "observation"


# == Kept before there was a home ==
def kept(patient: Any, item: Any, kind: str, **fields: Any) -> Entry:
    """As an earlier version of this clinic took it, and remembered."""
    (row,) = taken(KeptResource(), item)
    with as_the_system():
        data = {"resource": item.text} | ({"type": item.type} if kind == "imported" else {"value": "x"})
        data = data if kind != "procedure" else {"resource": item.text}
        row = Entry.objects.create(
            patient=patient, kind=kind, data=data, source=row.source, effective_at=NOW, released_at=NOW, **fields
        )
        ImportedSource.objects.create(
            patient=patient,
            system=SYSTEM,
            source_id=item.source_id,
            resource_type=item.type,
            model="records.entry",
            row_id=row.pk,
            kept=kind == "imported",
            digest=item.digest,
            run=row.pk,
        )
    return row


def test_what_was_kept_moves_to_its_home_once(rosa) -> None:
    rows = [
        kept(rosa, incoming(rosa, family()), "imported", code="FamilyMemberHistory"),
        kept(rosa, incoming(rosa, smoking()), "observation", code="72166-2"),
        kept(rosa, incoming(rosa, procedure()), "procedure", clinical_status="completed"),
        kept(rosa, incoming(rosa, family(status="health-unknown")), "imported", code="FamilyMemberHistory"),
    ]
    with taking_role("worker"):
        assert settle(now=NOW, dry_run=True).total() == 3
        assert dict(settle(now=NOW)) == {"FamilyMemberHistory": 1, "Observation": 1, "Procedure": 1}
        assert settle(now=NOW).total() == 0
    with as_the_system():
        for row, kind in zip(rows, ("family_history", "social_history", "surgical_history"), strict=False):
            after = Entry.objects.get(supersedes=row, patient=rosa)
            assert after.kind == kind
            source = ImportedSource.objects.get(row_id=after.pk)
            assert not source.kept
        assert Entry.objects.get(pk=rows[-1].pk, patient=rosa).superseded_at is None


def test_the_command_says_what_it_moved(rosa) -> None:
    kept(rosa, incoming(rosa, family()), "imported", code="FamilyMemberHistory")
    nowhere = incoming(rosa, family())
    with as_the_system():  # nobody remembers where it came from: it stays
        Entry.objects.create(
            patient=rosa,
            kind="imported",
            code="FamilyMemberHistory",
            data={"resource": nowhere.text, "type": nowhere.type},
            source="fhir:x",
            effective_at=NOW,
        )
    said = [StringIO(), StringIO()]
    with taking_role("worker"):
        call_command("settle_kept", json=True, dry_run=True, stdout=said[0])
        call_command("settle_kept", stdout=said[1])
    assert json.loads(said[0].getvalue()) == {"FamilyMemberHistory": 1}
    assert "1 moved." in said[1].getvalue()
