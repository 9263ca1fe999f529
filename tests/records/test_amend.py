"""The verb `amend_note`: a later version stands alone, and the one before stays to be read."""

from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.models import Provider
from healthcare.db.context import acting_as
from patients.access import NotInScope
from records.access.signing import can_amend
from records.actions.encounters import close_encounter, finish_encounter, reopen_encounter
from records.actions.entries import void_entry
from records.actions.imports import Arrival, take_entries
from records.actions.notes import NotWritable, add_addendum
from records.actions.signing import NotSigned, amend_note, cosign, sign_nursing_note
from records.actions.writing import Content, NotCurrent
from records.events import NoteSigned
from records.models import Cosignature, Entry
from records.queries.encounters import is_intact, visit_page
from records.rules.notes import NoteText
from tests.factories import EntryFactory, SupervisionFactory
from tests.patients.conftest import sign_in
from tests.records.visits import NOW, TEXT, Visit, events_of
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
DAYS = "Wrong number of days"
BETTER = replace(TEXT, plan="Urine culture. Nitrofurantoin for 7 days.")


def entry(pk) -> Entry:
    with as_the_system():
        return Entry.objects.select_related("patient", "encounter__provider__user").get(pk=pk)


def amends(
    running: Visit, note: Entry, text: NoteText = BETTER, because: str = "Wrong number of days", by=None
) -> Entry:
    user = by or running.doctor
    with acting_as(user):
        return amend_note(by=user, note=entry(note.pk), text=text, because=because, now=LATER)


def nurses(running: Visit, by=None, found: str = "Walks without help.", told: str = "") -> Entry:
    user = by or running.nurse
    with acting_as(user):
        return sign_nursing_note(by=user, encounter=running.encounter, told=told, found=found, now=NOW)


@pytest.fixture
def in_training(running) -> Visit:
    """The doctor of the visit is in training; the colleague supervises."""
    with as_the_system():
        supervisor = Provider.objects.get(user=running.colleague)
        SupervisionFactory(trainee=running.provider, supervisor=supervisor)
    return running


def cosigns(running: Visit, what: Entry, by=None) -> Cosignature:
    user = by or running.colleague
    with acting_as(user):
        return cosign(by=user, entry=entry(what.pk), now=LATER)


# == Amended ==
def test_an_amended_note_is_a_later_version_and_both_stay(running, announced) -> None:
    note = running.signs()
    version = amends(running, note)
    before = entry(note.pk)
    assert (before.superseded_at, before.data) == (LATER, asdict(TEXT))
    assert (version.record_status, version.supersedes_id) == ("amended", note.pk)
    assert version.data == asdict(BETTER) | {"because": "Wrong number of days"}
    assert is_intact(version)
    assert is_intact(before)
    assert [fact.entry_id for fact in announced(NoteSigned)] == [note.pk, version.pk]
    assert events_of(running.doctor)[-1] == "records.amend_note"
    with acting_as(running.doctor):
        page = visit_page(running.doctor, running.encounter)
    assert page.note.entry == version
    assert [earlier.entry for earlier in page.note.earlier] == [before]


def test_the_reason_is_part_of_what_is_signed(running) -> None:
    version = amends(running, running.signs())
    version.data["because"] = "Another reason"
    with acting_as(running.doctor):
        assert not is_intact(version)


@pytest.mark.parametrize(
    ("text", "because", "sentence"),
    [(BETTER, " ", "Say why"), (replace(BETTER, plan=""), "So", "not complete"), (TEXT, "So", "Nothing is different")],
)
def test_what_is_no_amendment_is_refused(running, text, because, sentence) -> None:
    note = running.signs()
    with pytest.raises(NotSigned, match=sentence):
        amends(running, note, text, because)


def test_a_version_is_amended_once(running) -> None:
    note = running.signs()
    amends(running, note)
    with pytest.raises(NotCurrent):
        amends(running, note)


def test_a_closed_visit_takes_an_amendment_and_a_wrong_one_none(running) -> None:
    note = running.signs()
    with acting_as(running.doctor):
        finish_encounter(by=running.doctor, encounter=running.encounter, now=NOW)
        close_encounter(by=running.doctor, encounter=running.encounter, now=NOW)
    version = amends(running, note)
    with acting_as(running.doctor):
        reopen_encounter(by=running.doctor, encounter=running.encounter, reason="Wrong patient", now=NOW)
    running.mistaken()
    with pytest.raises(NotSigned, match="entered in error"):
        amends(running, version, TEXT)


def test_who_did_not_sign_it_does_not_amend_it(running) -> None:
    note = running.signs()
    for user in (running.colleague, running.nurse):
        with pytest.raises(NotAllowed):
            amends(running, note, by=user)
        with acting_as(user):
            assert not can_amend(user, entry(note.pk))
    with acting_as(running.doctor):
        assert can_amend(running.doctor, entry(note.pk))
    with pytest.raises(NotInScope):
        amends(running, note, by=running.stranger)
    other = EntryFactory(patient=running.patient)
    with pytest.raises(NotAllowed, match="signed note"):
        amends(running, other)


def test_a_note_without_a_visit_is_amended_by_who_signed_it(running) -> None:
    signed = {"signed_by": running.doctor, "author": running.doctor, "signed_at": NOW, "signature": "0" * 64}
    note = EntryFactory(patient=running.patient, kind="note", value=None, unit="", data=asdict(TEXT), **signed)
    assert amends(running, note).encounter_id is None


def test_addenda_stay_with_the_note_and_go_with_it(running) -> None:
    note = running.signs()
    with acting_as(running.doctor):
        add_addendum(by=running.doctor, note=entry(note.pk), text="The culture grew nothing.", now=NOW)
    version = amends(running, note)
    with acting_as(running.doctor):
        assert [added.text for added in visit_page(running.doctor, running.encounter).note.addenda] == [
            "The culture grew nothing."
        ]
        void_entry(by=running.doctor, entry=entry(version.pk), reason="Another patient's", now=LATER)
    with as_the_system():
        assert not Entry.objects.current().filter(encounter=running.encounter, kind="addendum").exists()


def test_another_standing_note_is_said_and_no_page_falls(running) -> None:
    """The visit does not know of it, and its mark hides it from the writer."""
    signed = {"signed_by": running.colleague, "signed_at": NOW, "signature": "0" * 64, "author": running.colleague}
    hidden = {"kind": "note", "sensitivity": "mental_health", "value": None, "unit": "", "data": asdict(TEXT)}
    EntryFactory(patient=running.patient, encounter=running.encounter, enterer=running.colleague, **hidden, **signed)
    with acting_as(running.doctor):
        assert visit_page(running.doctor, running.encounter).note is None
    with pytest.raises(NotWritable, match="stands already"):
        running.signs()
    page = sign_in(running.doctor).post(
        address("sign", running), asdict(TEXT) | {"version": 0, "writer": running.doctor.pk, "pen": ""}
    )
    assert page.status_code == 422
    assert "stands already" in page.text


def test_no_sql_lets_two_notes_stand(running) -> None:
    running.signs()
    row = Entry(patient=running.patient, encounter=running.encounter, kind="note", effective_at=NOW)
    row.enterer = row.author = running.doctor
    with acting_as(running.doctor), pytest.raises(DatabaseError), transaction.atomic():
        row.save(force_insert=True)


def put_away(note: Entry) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE records_entry SET superseded_at = now() WHERE id = %s", [note.pk])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_no_sql_puts_an_unsigned_text_in_place_of_a_signed_one(running) -> None:
    note = running.signs()
    with acting_as(running.doctor), pytest.raises(DatabaseError, match="signed alone"):
        put_away(note)


def test_no_import_replaces_what_was_signed(running) -> None:
    note = running.signs()
    content = Content("note", display="Progress note", data=asdict(BETTER))
    told = Arrival(patient_id=note.patient_id, source="Other", content=content, effective_at=NOW, before=note.pk)
    with as_the_system():
        assert take_entries(by=None, arrivals=[told], now=LATER) == [None]
    assert entry(note.pk).superseded_at is None


# == On the pages ==
def address(name: str, running: Visit, *more) -> str:
    return reverse(f"records:{name}", args=[running.patient.pk, *(more or [running.encounter.pk])])


def test_the_page_amends_and_shows_both(running) -> None:
    note = running.signs()
    doctor = sign_in(running.doctor)
    page = doctor.get(address("amend", running)).text
    assert "Why the note is amended" in page
    form = asdict(BETTER) | {"because": "Wrong number of days", "version": note.pk}
    assert doctor.post(address("amend", running), form | {"because": ""}).status_code == 422
    assert "Write the plan" in doctor.post(address("amend", running), form | {"plan": ""}).text
    assert "Nothing is different" in doctor.post(address("amend", running), form | asdict(TEXT)).text
    shown = doctor.post(address("amend", running), form, follow=True).text
    for words in ("Amended: Wrong number of days", "for 7 days", "Version before", "for 5 days"):
        assert words in shown
    stale = doctor.post(address("amend", running), form)
    assert "meanwhile" in stale.text
    portal = sign_in(running.rosa).get(reverse("records_portal:summary", args=[running.encounter.pk])).text
    assert "Amended: Wrong number of days" in portal
    assert "replaced an earlier one" in portal


def test_who_may_not_amend_is_told(running) -> None:
    colleague = sign_in(running.colleague)
    assert colleague.get(address("amend", running)).status_code == 404
    running.signs()
    assert "cannot amend" in colleague.get(address("amend", running), follow=True).text
