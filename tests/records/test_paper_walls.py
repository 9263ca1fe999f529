"""What the database itself holds of a paper: its moves, what it says, and what is said once."""

import pytest
from django.db import DatabaseError, connection, transaction

from healthcare.db.context import acting_as
from records.models import Paper
from records.models.papers import PAPER_MOVES
from tests.factories import PaperFactory, portal_user, staff
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
MADE = "version = 1, content_hash = repeat('0', 64), document = gen_random_uuid(), made_at = now()"
SETS = {"asked": "updated_at = now()", "made": MADE, "failed": "failure = 'nothing'"}
STATES = {"asked": {}, "made": {"made": True}, "failed": {"state": "failed", "failure": "nothing"}}


def run(statement, *values) -> None:
    with as_the_system(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount == 1


def test_the_table_of_moves_names_every_state() -> None:
    assert PAPER_MOVES.keys() == set(Paper.State.values)
    assert set().union(*PAPER_MOVES.values()) <= PAPER_MOVES.keys()


@pytest.mark.parametrize("before", sorted(PAPER_MOVES))
@pytest.mark.parametrize("after", sorted(PAPER_MOVES))
def test_the_database_moves_it_as_the_table_says(before, after) -> None:
    paper = PaperFactory(**STATES[before])
    more = SETS[after] if before != after else "updated_at = now()"
    statement = f"UPDATE records_paper SET state = %s, {more} WHERE id = %s"
    if after in PAPER_MOVES[before] or before == after:
        run(statement, after, paper.pk)
    else:
        with pytest.raises(DatabaseError):
            run(statement, after, paper.pk)


@pytest.mark.parametrize("change", ["version = 2", "document = gen_random_uuid()", "holds = '{\"a\": []}'"])
def test_it_is_made_once(change) -> None:
    with pytest.raises(DatabaseError, match="made once"):
        run(f"UPDATE records_paper SET {change} WHERE id = %s", PaperFactory(made=True).pk)


def test_void_is_said_once() -> None:
    paper = PaperFactory(voided_at="2026-11-20T10:00:00Z", voided_by=staff("doctor"), void_reason="Wrong")
    with pytest.raises(DatabaseError, match="said once"):
        run("UPDATE records_paper SET void_reason = 'Right' WHERE id = %s", paper.pk)


@pytest.mark.parametrize("column", ["state", "document", "holds", "data", "asked_by_id", "signature", "kind"])
def test_no_page_changes_what_it_is(column) -> None:
    paper = PaperFactory()
    doctor = staff("doctor", paper.patient.site)
    with pytest.raises(DatabaseError, match="permission denied"), acting_as(doctor), connection.cursor() as cursor:
        cursor.execute(f"UPDATE records_paper SET {column} = {column} WHERE id = %s", [paper.pk])


def test_no_patient_adds_a_sick_note_of_their_own() -> None:
    paper = PaperFactory()
    rosa = portal_user(paper.patient)
    note = {"kind": "sick_note", "encounter_id": paper.encounter_id, "signature": "0" * 64, "asked_at": paper.asked_at}
    row = Paper(patient_id=paper.patient_id, asked_by=rosa, asked_as="patient", language="en", data={}, **note)
    with pytest.raises(DatabaseError, match="row-level security"), acting_as(rosa):
        row.save(force_insert=True)
