"""MedicationRequest and MedicationStatement of other systems: what is taken elsewhere, and counts here."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from healthcare.accounts.access import NotAllowed
from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from healthcare.events.models import OutboxEvent
from healthcare.fhir.resources import Home, Outcome
from prescriptions import actions
from prescriptions.fhir import MedicationRequestResource, MedicationStatementResource, words_of
from prescriptions.models import MedicationStatement
from records.models import Entry
from tests.factories import (
    EncounterFactory,
    EntryFactory,
    MedicationStatementFactory,
    PatientFactory,
    portal_user,
    staff,
)
from tests.records.arriving import NOW, RXNORM, SYSTEM, concept, incoming, ledger, states, take
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db
REQUEST = MedicationRequestResource()


def request(**fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": concept("Simvastatin 20 MG Oral Tablet", "312961", RXNORM),
        "authoredOn": "2019-11-15T05:35:54+00:00",
        "requester": {"display": "Dr. Roe"},
    } | fields


def row_of(outcome: Outcome) -> MedicationStatement:
    assert outcome.home is not None
    with as_the_system():
        return MedicationStatement.objects.get(pk=outcome.home.id)


def told(patient: Any, before: Any = None, **fields: Any) -> MedicationStatement:
    return row_of(take(REQUEST, incoming(patient, request(**fields), before=before))[0])


def taken_now(patient: Any) -> list[MedicationStatement]:
    with as_the_system():
        return list(MedicationStatement.objects.filter(patient=patient).active(NOW).order_by("id"))


def test_a_request_from_elsewhere_is_a_statement_with_its_code_and_whole(patient) -> None:
    row = told(patient, reasonCode=[concept("Hyperlipidemia")])
    assert (row.medicine, row.code, row.code_system) == ("Simvastatin 20 MG Oral Tablet", "312961", "rxnorm")
    assert (row.status, row.prescriber, row.reason) == ("active", "Dr. Roe", "Hyperlipidemia")
    assert (row.source, row.said_at.year) == (f"fhir:{SYSTEM}", 2019)
    assert '"312961"' in row.data["resource"]
    assert taken_now(patient) == [row]


@pytest.mark.parametrize(
    ("fields", "taken"),
    [
        ({"status": "on-hold"}, True),
        ({"status": "unknown"}, True),
        ({"status": "completed"}, False),
        ({"status": "stopped"}, False),
        ({"status": "cancelled"}, False),
        ({"status": "entered-in-error"}, False),
        ({"dispenseRequest": {"validityPeriod": {"end": "2020-01-01"}}}, False),
        ({"dispenseRequest": {"validityPeriod": {"end": "2030-01-01"}}}, True),
        ({"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"end": "2020"}}}}]}, False),
        ({"dosageInstruction": "x", "dispenseRequest": "x"}, True),
    ],
)
def test_what_may_still_be_taken_counts(patient, fields, taken) -> None:
    row = told(patient, **fields)
    assert (row in taken_now(patient)) is taken


@pytest.mark.parametrize(
    "fields",
    [{"intent": "proposal"}, {"intent": "plan"}, {"doNotPerform": True}, {"status": "draft"}, {"status": None}],
)
def test_what_nobody_takes_by_it_has_no_home_here(patient, fields) -> None:
    assert states(take(REQUEST, incoming(patient, request(**fields)))) == ["homeless"]


def test_of_nobody_nothing_is_taken(patient) -> None:
    outcomes = take(REQUEST, incoming(None, request()), incoming(patient, request()))
    assert states(outcomes) == ["rejected", "imported"]


# == Which medicine ==
def test_a_contained_medicine_is_named(patient) -> None:
    row = told(
        patient,
        medicationCodeableConcept=None,
        medicationReference={"reference": "#m"},
        contained=[{"resourceType": "Medication", "id": "m", "code": concept("Warfarin 5 MG", "855332", RXNORM)}],
    )
    assert (row.medicine, row.code) == ("Warfarin 5 MG", "855332")


@pytest.mark.parametrize(
    ("medication", "display", "name"),
    [
        ({"code": concept("Warfarin 5 MG")}, "", "Warfarin 5 MG"),
        (
            {"ingredient": [{"itemCodeableConcept": concept(name)} for name in ("Aspirin", "Omeprazole")]},
            "",
            "Aspirin / Omeprazole",
        ),
        ({}, "Some pills", "Some pills"),
        ({}, "", "Medicine not named by its source"),
    ],
)
def test_a_medicine_of_the_directory_is_named_and_one_without_a_name_is_not_left_out(
    patient, medication, display, name
) -> None:
    known, home = ledger(), Home("fhir.directory", uuid4())
    known.note((SYSTEM, "Medication", "m"), home)
    known.note_content(home.id, {"resourceType": "Medication"} | medication)
    reference = {"reference": "Medication/m"} | ({"display": display} if display else {})
    resource = request(medicationCodeableConcept=None, medicationReference=reference)
    row = row_of(take(REQUEST, incoming(patient, resource), known=known)[0])
    assert row.medicine == name
    assert row in taken_now(patient)


def test_who_prescribed_is_found_in_the_directory_and_the_visit_of_another_patient_is_not_taken(patient) -> None:
    known, home = ledger(), Home("fhir.directory", uuid4())
    known.note((SYSTEM, "Practitioner", "p"), home)
    known.note_content(home.id, {"resourceType": "Practitioner", "name": [{"given": ["Sam"], "family": "Roe"}]})
    theirs, other = EncounterFactory(patient=patient), EncounterFactory()
    for key, visit in (("v", theirs), ("o", other)):
        known.note((SYSTEM, "Encounter", key), Home("records.encounter", visit.pk, visit.patient_id))
    found = [
        row_of(
            take(
                REQUEST,
                incoming(
                    patient,
                    request(requester={"reference": "Practitioner/p"}, encounter={"reference": f"Encounter/{key}"}),
                ),
                known=known,
            )[0]
        )
        for key in ("v", "o")
    ]
    assert [row.encounter_id for row in found] == [theirs.pk, None]
    assert found[0].prescriber == "Sam Roe"
    assert told(patient, requester=None).prescriber == ""


@pytest.mark.parametrize(
    ("instructions", "words"),
    [
        ([{"text": "One daily"}, {"patientInstruction": "With food"}], "One daily; With food"),
        (
            [
                {
                    "doseAndRate": [{"doseQuantity": {"value": 2, "unit": "tablets"}}],
                    "timing": {"repeat": {"frequency": 1, "period": 8, "periodUnit": "h"}},
                    "route": concept("Oral"),
                    "asNeededBoolean": True,
                    "additionalInstruction": [concept("Take with water")],
                }
            ],
            "2 tablets, 1 × every 8 h, Oral, as needed, Take with water",
        ),
        ([{"timing": {"repeat": {"frequency": "x"}}}, {"timing": "x"}], ""),
    ],
)
def test_directions_in_words(instructions, words) -> None:
    assert words_of(instructions) == words


@pytest.mark.parametrize(
    ("fields", "year", "precision"),
    [
        ({"authoredOn": "2001"}, 2001, "year"),
        ({"authoredOn": None}, 2026, "unknown"),
        ({"authoredOn": None, "dispenseRequest": {"validityPeriod": {"start": "2002-02"}}}, 2002, "month"),
    ],
)
def test_since_when(patient, fields, year, precision) -> None:
    row = told(patient, **fields)
    assert (row.said_at.year, row.data["precision"]) == (year, precision)


def test_a_statement_says_what_the_patient_takes_by_their_own_word(patient) -> None:
    resource = {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": concept("St. John's wort"),
        "effectivePeriod": {"start": "2015", "end": "2035"},
        "informationSource": {"display": "The patient"},
        "dosage": [{"text": "Twice daily"}],
        "context": {"reference": "Encounter/none"},
    }
    row = row_of(take(MedicationStatementResource(), incoming(patient, resource))[0])
    assert (row.prescriber, row.sig_text, row.ends_at.year) == ("The patient", "Twice daily", 2035)
    refused = take(MedicationStatementResource(), incoming(patient, resource | {"status": "not-taken"}))
    assert states(refused) == ["homeless"]


# == Versions ==
def test_a_changed_one_replaces_the_version_before(patient) -> None:
    first = told(patient)
    later = told(patient, before=first, status="stopped")
    assert later.supersedes_id == first.pk
    assert taken_now(patient) == []
    with as_the_system():
        assert list(MedicationStatement.objects.filter(patient=patient).current()) == [later]


def test_one_that_its_source_takes_back_is_stopped(patient) -> None:
    first = told(patient)
    later = told(patient, before=first, intent="plan")
    assert (later.status, later.supersedes_id) == ("stopped", first.pk)


def test_a_kept_one_that_becomes_a_statement_is_no_longer_kept(patient) -> None:
    kept = EntryFactory(patient=patient, kind="imported", data={"type": "MedicationRequest", "resource": "{}"})
    told(patient, before=kept)
    with as_the_system():
        assert Entry.objects.get(pk=kept.pk).superseded_at == NOW


def test_nothing_is_announced_and_each_patient_has_one_line_in_the_audit(patient) -> None:
    with taking_role("owner"):
        facts, before = OutboxEvent.objects.count(), AuditEvent.objects.count()
    take(REQUEST, *(incoming(person, request()) for person in (patient, PatientFactory(), patient)))
    with taking_role("owner"):
        assert OutboxEvent.objects.count() == facts
        lines = AuditEvent.objects.order_by("id").values_list("action", "detail")[before:]
        assert sorted(line[1]["rows"] for line in lines) == [1, 2]
        assert {line[0] for line in lines} == {"prescriptions.take_statements"}


# == No longer taken ==
def test_a_prescriber_says_that_it_is_no_longer_taken(patient, doctor, browser) -> None:
    row = told(patient)
    client = browser(doctor)
    page = client.get(f"/prescriptions/patients/{patient.pk}/").content.decode()
    assert "Simvastatin 20 MG Oral Tablet" in page
    assert "Dr. Roe" in page
    answer = client.post(f"/prescriptions/patients/{patient.pk}/told/{row.pk}/end", follow=True).content.decode()
    assert "No longer taken: Simvastatin" in answer
    assert "ended here by" in answer
    assert taken_now(patient) == []
    again = client.post(f"/prescriptions/patients/{patient.pk}/told/{row.pk}/end", follow=True).content.decode()
    assert "no longer on the list" in again
    with taking_role("owner"):
        assert AuditEvent.objects.filter(action="prescriptions.end_statement", target_id=row.pk).count() == 1


def test_that_holds_as_long_as_the_source_says_the_same(patient, doctor) -> None:
    row = told(patient)
    with acting_as(doctor):
        ended = actions.end_statement(by=doctor, statement=row, now=NOW)
    same = told(patient, before=ended, note=[{"text": "Only a note is new"}])
    assert (same.ended_at, same.ended_by_id) == (NOW, doctor.pk)
    other = told(patient, before=same, dosageInstruction=[{"text": "Twice daily now"}])
    assert other.ended_at is None
    assert taken_now(patient) == [other]


@pytest.mark.parametrize("state", ["stopped", "superseded"])
def test_what_is_over_is_not_ended_again(patient, doctor, state) -> None:
    row = told(patient, status="stopped" if state == "stopped" else "active")
    if state == "superseded":
        told(patient, before=row)
    with acting_as(doctor), pytest.raises(actions.NotPossible):
        actions.end_statement(by=doctor, statement=row, now=NOW)


def test_who_does_not_prescribe_ends_nothing(patient, browser) -> None:
    row = MedicationStatementFactory(patient=patient)
    nurse = staff("nurse", patient.site)
    with acting_as(nurse), pytest.raises(NotAllowed):
        actions.end_statement(by=nurse, statement=row, now=NOW)
    client = browser(nurse)
    assert "No longer taken" not in client.get(f"/prescriptions/patients/{patient.pk}/").content.decode()
    assert client.post(f"/prescriptions/patients/{patient.pk}/told/{row.pk}/end").status_code == 403


# == Walls and pages ==
def test_charlie_the_desk_and_billing_see_nothing_of_it(patient, browser) -> None:
    row = MedicationStatementFactory(patient=patient)
    elsewhere = PatientFactory()
    strangers = (
        staff("front_desk", patient.site),
        staff("billing", patient.site),
        staff("doctor", elsewhere.site),
        portal_user(elsewhere),
    )
    for user in strangers:
        with acting_as(user):
            assert not MedicationStatement.objects.visible_to(user).filter(pk=row.pk).exists()
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM prescriptions_medicationstatement")
                assert cursor.fetchone() == (0,)
        client = browser(user)
        assert client.get(f"/prescriptions/patients/{patient.pk}/").status_code in (403, 404)
        assert client.post(f"/prescriptions/patients/{patient.pk}/told/{row.pk}/end").status_code in (403, 404)
        assert "Simvastatin" not in client.get(f"/patients/{patient.pk}/").content.decode()


def test_those_who_treat_and_the_patient_see_it(patient, doctor, pharmacist, browser) -> None:
    for _number in range(8):
        MedicationStatementFactory(patient=patient)
    MedicationStatementFactory(patient=patient, status="on-hold", medicine="Warfarin", data={"precision": "year"})
    for user in (doctor, pharmacist):
        page = browser(user).get(f"/prescriptions/patients/{patient.pk}/").content.decode()
        assert "Paused" in page
    chart = browser(doctor).get(f"/patients/{patient.pk}/").content.decode()
    assert "From elsewhere" in chart
    assert "All 9 from elsewhere" in chart
    portal = browser(portal_user(patient)).get("/portal/medicines").content.decode()
    assert "Another clinic told us" in portal
    assert "Simvastatin" in portal


def test_nobody_at_a_page_adds_changes_or_signs_for_another(patient, doctor) -> None:
    row = MedicationStatementFactory(patient=patient)
    other = staff("doctor", patient.site)
    with acting_as(doctor), connection.cursor() as cursor:
        for statement in (
            "UPDATE prescriptions_medicationstatement SET medicine = 'x'",
            "DELETE FROM prescriptions_medicationstatement",
            f"UPDATE prescriptions_medicationstatement SET ended_at = now(), ended_by_id = '{other.pk}'",
        ):
            with pytest.raises(ProgrammingError), transaction.atomic():
                cursor.execute(statement)
    with pytest.raises(ProgrammingError), transaction.atomic(), acting_as(doctor):
        actions.take_statements(
            by=doctor, told=[actions.ToldMedicine(patient.pk, "fhir:", "x", "active", NOW)], now=NOW
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        MedicationStatementFactory(patient=patient, medicine="")
    assert row.pk
