"""The verb `sign_note`, and what nobody can do to a signed note by any door."""

from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from patients.access import NotInScope
from records import subscribers
from records.access.encounters import can_sign
from records.actions.entries import void_entry
from records.actions.notes import DraftMoved, NoteIncomplete, NotWritable, reopen_note
from records.events import EntryRecorded, EntryVoided, NoteSigned
from records.models import Entry
from records.queries.encounters import is_intact, visit_page
from records.rules.notes import signature_of
from tests.factories import EncounterFactory
from tests.records.visits import NOW, TEXT, events_of
from tests.roles import as_the_system, taking_role

pytestmark = pytest.mark.django_db


def test_it_binds_text_signer_and_time(running, announced) -> None:
    running.saves()
    note = running.signs(version=1)
    assert note.data == asdict(TEXT)
    assert (note.signed_by_id, note.signed_at, note.author_id) == (running.doctor.pk, NOW, running.doctor.pk)
    assert note.signature == signature_of(
        asdict(TEXT),
        patient_id=running.patient.pk,
        encounter_id=running.encounter.pk,
        signer_id=running.doctor.pk,
        signed_at=NOW,
    )
    assert running.draft() is None, "what is signed is no draft any more"
    assert running.now_is().note_signed_at == NOW
    assert announced(EntryRecorded, NoteSigned) == [
        EntryRecorded(entry_id=note.pk, patient_id=running.patient.pk, kind="note"),
        NoteSigned(entry_id=note.pk, patient_id=running.patient.pk, encounter_id=running.encounter.pk),
    ]
    assert events_of(running.doctor)[-1] == "records.sign_note"


def test_without_a_draft_it_is_signed_as_well(running) -> None:
    assert running.signs().signature


def test_what_is_signed_is_what_stood_before_the_signers_eyes(running) -> None:
    running.saves()
    seen = replace(TEXT, plan="The last words, not kept as a draft yet.")
    assert running.signs(seen, version=1).data["plan"] == seen.plan


def test_a_text_typed_elsewhere_meanwhile_is_not_signed_away(running) -> None:
    running.saves()
    running.saves(replace(TEXT, plan="Typed in another window."), version=1)
    with pytest.raises(DraftMoved):
        running.signs(version=1)
    assert running.now_is().note_signed_at is None
    assert running.draft() is not None


@pytest.mark.parametrize("part", ["assessment", "plan"])
def test_a_note_without_view_or_plan_is_not_signed(running, part) -> None:
    with pytest.raises(NoteIncomplete, match="view and the plan") as incomplete:
        running.signs(replace(TEXT, **{part: ""}))
    assert incomplete.value.missing == [part]


def test_it_is_signed_once(running) -> None:
    running.signs()
    with pytest.raises(NotWritable):
        running.signs()
    with as_the_system():
        assert Entry.objects.filter(kind="note").count() == 1


def test_nobody_signs_for_another(running) -> None:
    for user in (running.colleague, running.nurse):
        with pytest.raises(NotAllowed):
            running.signs(by=user)
        with acting_as(user):
            assert not can_sign(user, running.encounter)
    with acting_as(running.doctor):
        assert can_sign(running.doctor, running.encounter)
    running.encounter = EncounterFactory(provider=running.provider)
    with pytest.raises(NotInScope):
        running.signs()


def test_the_patient_reads_it_from_now_on_and_never_before(running) -> None:
    running.saves()
    with acting_as(running.rosa):
        assert not Entry.objects.filter(kind="note").exists()
    note = running.signs(version=1)
    with acting_as(running.rosa):
        assert list(Entry.objects.visible_to(running.rosa).filter(kind="note")) == [note]


# == Signed is signed ==
CHANGES = [
    "data = jsonb_set(data, '{plan}', '\"Nothing was planned.\"')",
    "data = '{}'",
    "signed_by_id = NULL, signed_at = NULL, signature = ''",
    "signature = repeat('0', 64)",
    "signed_at = signed_at - interval '1 day'",
    "author_id = enterer_id, effective_at = effective_at + interval '1 hour'",
    "kind = 'addendum'",
    "encounter_id = NULL",
    "record_status = 'draft'",
    "released_at = NULL, released_by_id = NULL",
]


def run(statement: str, note: Entry) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [note.pk])


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("login", ["web", "worker"])
def test_no_sql_changes_it(running, change, login) -> None:
    note = running.signs()
    with taking_role(login), acting_as(running.doctor), pytest.raises(DatabaseError), transaction.atomic():
        run(f"UPDATE records_entry SET {change} WHERE id = %s", note)
    with as_the_system():
        row = Entry.objects.get(pk=note.pk)
        assert is_intact(row)
        assert (row.record_status, row.data) == ("final", asdict(TEXT))


@pytest.mark.parametrize("login", ["web", "worker"])
def test_no_sql_deletes_it(running, login) -> None:
    note = running.signs()
    with taking_role(login), acting_as(running.doctor), pytest.raises(DatabaseError), transaction.atomic():
        run("DELETE FROM records_entry WHERE id = %s", note)
    with as_the_system():
        assert Entry.objects.filter(pk=note.pk).exists()


def test_no_sql_signs_in_anothers_name(running) -> None:
    row = Entry(
        patient=running.patient,
        encounter=running.encounter,
        kind="note",
        effective_at=NOW,
        enterer=running.colleague,
        signed_at=NOW,
        signed_by=running.doctor,
        signature="0" * 64,
    )
    with acting_as(running.colleague), pytest.raises(DatabaseError), transaction.atomic():
        row.save(force_insert=True)


def test_a_tampered_text_is_seen(running) -> None:
    """Past every wall, by the owner of the table with the trigger away: the page says that the signature is wrong."""
    note = running.signs()
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE records_entry DISABLE TRIGGER USER")
        cursor.execute('UPDATE records_entry SET data = \'{"plan": "Other"}\' WHERE id = %s', [note.pk])
        cursor.execute("ALTER TABLE records_entry ENABLE TRIGGER USER")
    with acting_as(running.doctor):
        assert not is_intact(Entry.objects.get(pk=note.pk))
        assert not visit_page(running.doctor, running.encounter).note.intact


def test_an_unsigned_entry_has_no_signature_to_fit(running) -> None:
    assert not is_intact(Entry(patient=running.patient, kind="note"))


# == Voided ==
def test_a_voided_note_is_written_anew(running) -> None:
    note = running.signs()
    with acting_as(running.doctor):
        void_entry(by=running.doctor, entry=note, reason="Another patient's text", now=NOW)
    assert running.now_is().note_signed_at is None, "the visit waits for a note again"
    assert "records.reopen_note" in events_of(running.doctor)
    again = running.signs(now=NOW + timedelta(hours=1))
    with acting_as(running.doctor):
        assert visit_page(running.doctor, running.encounter).note.entry == again


def test_told_twice_the_visit_waits_once(running) -> None:
    """Told by `void_entry` in its own transaction, and once more."""
    note = running.signs()
    with acting_as(running.doctor):
        void_entry(by=running.doctor, entry=note, reason="Another patient's text", now=NOW)
        subscribers.reopen_note(EntryVoided(entry_id=note.pk, patient_id=running.patient.pk, kind="note"))
    assert running.now_is().note_signed_at is None
    assert events_of(running.doctor).count("records.reopen_note") == 1


def test_the_same_fact_again_does_not_reopen_what_was_signed_anew(running) -> None:
    note = running.signs()
    with acting_as(running.doctor):
        void_entry(by=running.doctor, entry=note, reason="Another patient's text", now=NOW)
    running.signs(now=NOW + timedelta(hours=1))
    with acting_as(running.doctor):
        reopen_note(by=running.doctor, patient_id=running.patient.pk, entry_id=note.pk)
    assert running.now_is().note_signed_at == NOW + timedelta(hours=1)


def test_what_is_no_voided_note_reopens_nothing(running) -> None:
    note = running.signs()
    with acting_as(running.doctor):
        reopen_note(by=running.doctor, patient_id=running.patient.pk, entry_id=note.pk)
        reopen_note(by=running.doctor, patient_id=running.patient.pk, entry_id=running.patient.pk)
    assert running.now_is().note_signed_at == NOW
