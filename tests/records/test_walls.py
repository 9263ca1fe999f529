"""Both walls round the chart, and what not even SQL under one's own context can do to an entry."""

from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.audit.changes import bulk_verb
from healthcare.db.context import acting_as
from healthcare.db.models import BaseModel
from patients.models import PatientOwned
from records.models import Draft, Encounter, Entry
from records.models.entries import LIFE, RECORD_MOVES, SUCCESSORS
from tests.factories import (
    DraftFactory,
    EncounterFactory,
    EntryFactory,
    MessageFactory,
    PatientFactory,
    portal_user,
    staff,
)
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


def both(user: User, model: type[PatientOwned]) -> set[Any]:
    """What the first wall and the second one show, which has to be the same."""
    with acting_as(user):
        first = set(model.objects.visible_to(user).values_list("pk", flat=True))
        second = set(model.objects.values_list("pk", flat=True))
    assert first == second
    return first


def refused(user: User, statement: str, parameters: list[Any]) -> str:
    with pytest.raises(DatabaseError) as problem, acting_as(user), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    cause = problem.value.__cause__
    assert isinstance(cause, psycopg.Error)
    return str(cause.sqlstate)


# == Who sees what ==
@pytest.mark.parametrize("make", [EntryFactory, EncounterFactory])
@pytest.mark.parametrize(
    ("role", "sees"), [("doctor", True), ("nurse", True), ("front_desk", False), ("billing", False)]
)
def test_clinical_rows_are_for_clinical_roles(make: Any, role: str, sees: bool) -> None:
    row = make()
    assert both(staff(role, row.patient.site), type(row)) == ({row.pk} if sees else set())
    assert both(staff(role), type(row)) == set()


def test_messages_are_for_those_who_hold_the_scope() -> None:
    message = MessageFactory()
    for model, row in ((type(message), message), (type(message.thread), message.thread)):
        assert both(staff("front_desk", message.patient.site), model) == {row.pk}
        assert both(staff("billing", message.patient.site), model) == set()
        assert both(portal_user(PatientFactory()), model) == set()


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, True),
        ({"released_at": None}, False),
        ({"record_status": "preliminary"}, False),
        ({"record_status": "corrected"}, True),
        ({"superseded_at": timezone.now()}, False),
        ({"record_status": "entered_in_error", "voided_at": timezone.now(), "void_reason": "Wrong person"}, False),
    ],
)
def test_a_patient_sees_what_is_final_newest_and_released(fields: dict[str, Any], shown: bool) -> None:
    patient = PatientFactory()
    entry = EntryFactory(patient=patient, **fields)
    assert both(portal_user(patient), Entry) == ({entry.pk} if shown else set())
    assert both(staff("doctor", patient.site), Entry) == {entry.pk}


def test_a_patient_does_not_see_a_visit_entered_in_error() -> None:
    patient = PatientFactory()
    visit = EncounterFactory(patient=patient)
    EncounterFactory(patient=patient, status="entered_in_error")
    assert both(portal_user(patient), Encounter) == {visit.pk}
    assert len(both(staff("nurse", patient.site), Encounter)) == 2


def test_a_draft_is_its_authors_alone() -> None:
    draft = DraftFactory()
    author, colleague = staff("doctor", draft.patient.site), staff("doctor", draft.patient.site)
    own = DraftFactory(patient=draft.patient, author=author)
    assert both(author, Draft) == {own.pk}
    assert both(colleague, Draft) == set()
    assert both(portal_user(draft.patient), Draft) == set()


# == What nobody can do ==
def test_life_and_content_share_no_column() -> None:
    columns = {field.column for field in Entry._meta.concrete_fields}
    assert set(LIFE) < columns
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'keep_entry'")
        source = cursor.fetchone()[0].replace("'\n        '", "")
    assert "{" + ",".join(LIFE) + "}" in source
    for before, afters in RECORD_MOVES.items():
        for after in RECORD_MOVES:
            assert (f"{before}>{after}" in source) == (after in afters)


def test_the_tables_of_moves_name_every_status() -> None:
    every = {str(status) for status in Entry.RecordStatus.values}
    assert RECORD_MOVES.keys() == SUCCESSORS.keys() == every
    assert set().union(*RECORD_MOVES.values(), *SUCCESSORS.values()) <= every


@pytest.mark.parametrize(
    "column", [f.column for f in Entry._meta.concrete_fields if f.column not in LIFE and f.column != "id"]
)
def test_a_doctor_has_no_privilege_to_change_what_an_entry_says(column: str) -> None:
    entry = EntryFactory()
    doctor = staff("doctor", entry.patient.site)
    assert refused(doctor, f"UPDATE records_entry SET {column} = {column} WHERE id = %s", [entry.pk]) == "42501"


@pytest.mark.parametrize(
    "change", ["value = 5", "code = 'x'", "data = '{\"a\": 1}'", "effective_at = now()", "display = 'y'"]
)
def test_not_even_the_owner_changes_what_an_entry_says(change: str) -> None:
    entry = EntryFactory()
    change = f"UPDATE records_entry SET {change} WHERE id = %s"
    never = pytest.raises(DatabaseError, match="what an entry says never changes")
    with never, transaction.atomic(), taking_role("owner"), connection.cursor() as cursor:
        cursor.execute(change, [entry.pk])


@pytest.mark.parametrize("before", sorted(RECORD_MOVES))
@pytest.mark.parametrize("after", sorted(RECORD_MOVES))
def test_the_database_lets_a_status_move_as_the_table_says(before: str, after: str) -> None:
    void = {"voided_at": timezone.now(), "void_reason": "Wrong person"}
    entry = EntryFactory(record_status=before, **(void if before == "entered_in_error" else {}))
    doctor = staff("doctor", entry.patient.site)
    change = "UPDATE records_entry SET record_status = %s, voided_at = %s, void_reason = %s WHERE id = %s"
    voiding = after == "entered_in_error"
    told = entry if before == after else None
    at = told.voided_at if told else (timezone.now() if voiding else None)
    parameters = [after, at, "Wrong person" if voiding else "", entry.pk]
    if after in RECORD_MOVES[before] or before == after:
        with acting_as(doctor), connection.cursor() as cursor:
            cursor.execute(change, parameters)
            assert cursor.rowcount == 1
    else:
        assert refused(doctor, change, parameters) == "23514"


@pytest.mark.parametrize(
    "change",
    [
        "superseded_at = now() + interval '1 day'",
        "acknowledged_at = now() + interval '1 day'",
        "released_at = now() + interval '1 day'",
        "release_comment = 'other words'",
    ],
)
def test_who_did_what_and_when_is_said_once(change: str) -> None:
    doctor = staff("doctor")
    site = doctor.memberships.get().site
    now = timezone.now()
    entry = EntryFactory(
        patient=PatientFactory(site=site), superseded_at=now, acknowledged_at=now, acknowledged_by=doctor
    )
    assert refused(doctor, f"UPDATE records_entry SET {change} WHERE id = %s", [entry.pk]) == "23514"


@pytest.mark.parametrize("table", ["records_entry", "records_encounter", "records_message", "records_thread"])
def test_nothing_clinical_is_deleted(table: str) -> None:
    entry = EntryFactory()
    doctor = staff("doctor", entry.patient.site)
    assert refused(doctor, f"DELETE FROM {table}", []) == "42501"
    with pytest.raises(DatabaseError), transaction.atomic(), taking_role("worker"), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")


def test_no_partition_opens_by_its_own_name() -> None:
    doctor = staff("doctor", EntryFactory().patient.site)
    for part in range(16):
        assert refused(doctor, f"SELECT 1 FROM records_entry_{part:02d}", []) == "42501"


def entry_of(doctor: User, **fields: Any) -> Entry:
    given = {"kind": "condition", "effective_at": timezone.now(), "enterer": doctor, "author": doctor}
    return Entry(**given | fields)


@pytest.mark.parametrize("field", ["enterer", "signed_by"])
def test_nobody_enters_or_signs_in_anothers_name(field: str) -> None:
    patient = PatientFactory()
    doctor, colleague = staff("doctor", patient.site), staff("doctor", patient.site)
    signed = {"signed_at": timezone.now(), "signature": "0" * 64} if field == "signed_by" else {}
    with pytest.raises(DatabaseError), transaction.atomic(), acting_as(doctor):
        entry_of(doctor, patient=patient, **{field: colleague}, **signed).save(force_insert=True)
    with acting_as(doctor):
        entry_of(doctor, patient=patient).save(force_insert=True)


def test_a_patient_writes_nothing_into_the_chart() -> None:
    patient = PatientFactory()
    user = portal_user(patient)
    with pytest.raises(DatabaseError), transaction.atomic(), acting_as(user):
        entry_of(user, patient=patient).save(force_insert=True)
    entry = EntryFactory(patient=patient)
    assert refused(user, "UPDATE records_entry SET superseded_at = now() WHERE id = %s", [entry.pk]) == "42501"


@pytest.mark.parametrize("field", ["encounter", "parent", "supersedes"])
def test_what_an_entry_points_to_is_of_the_same_patient(field: str) -> None:
    other: BaseModel = EncounterFactory() if field == "encounter" else EntryFactory()
    with pytest.raises(DatabaseError, match="same_patient"), transaction.atomic():
        write_and_check(Entry(kind="note", patient=PatientFactory(), effective_at=timezone.now(), **{field: other}))


def write_and_check(entry: Entry) -> None:
    with as_the_system():
        entry.save()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_one_version_has_one_successor() -> None:
    first = EntryFactory()
    EntryFactory(patient=first.patient, supersedes=first)
    with pytest.raises(DatabaseError, match="supersedes_id_idx"), transaction.atomic():
        EntryFactory(patient=first.patient, supersedes=first)


def test_what_is_not_seen_is_not_changed() -> None:
    entry = EntryFactory()
    with acting_as(staff("doctor")), bulk_verb():
        assert Entry.objects.filter(pk=entry.pk).update(superseded_at=timezone.now()) == 0
