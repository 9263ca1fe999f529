"""The verb `add_addendum`."""

from datetime import timedelta

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from patients.access import NotInScope
from records.access.encounters import can_add
from records.actions.entries import void_entry
from records.actions.notes import NothingToAdd, add_addendum
from records.events import EntryRecorded
from records.models import Entry
from records.queries.encounters import visit_page
from tests.factories import EntryFactory
from tests.records.visits import NOW, TEXT, events_of

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


def add(running, note, text="Eye photo asked for at Worcester Eye.", by=None, now=LATER) -> Entry:
    user = by or running.doctor
    with acting_as(user):
        return add_addendum(by=user, note=note, text=text, now=now)


def test_it_stands_below_the_note_which_stays_as_it_is(running, announced) -> None:
    note = running.signs()
    added = add(running, note)
    assert (added.parent_id, added.encounter_id, added.signed_at) == (note.pk, running.encounter.pk, LATER)
    with acting_as(running.nurse):
        page = visit_page(running.nurse, running.encounter)
    assert page.note.text == TEXT
    assert page.note.intact
    assert [(line.text, line.intact) for line in page.note.addenda] == [("Eye photo asked for at Worcester Eye.", True)]
    fact = EntryRecorded(entry_id=added.pk, patient_id=running.patient.pk, kind="addendum")
    assert announced(EntryRecorded)[-1] == fact
    assert events_of(running.doctor)[-1] == "records.add_addendum"


def test_several_stand_in_the_order_they_came(running) -> None:
    note = running.signs()
    for number in (3, 1, 2):
        add(running, note, f"Number {number}", now=LATER + timedelta(hours=number))
    with acting_as(running.doctor):
        addenda = visit_page(running.doctor, running.encounter).note.addenda
    assert [line.text for line in addenda] == ["Number 1", "Number 2", "Number 3"]


def test_a_colleague_who_sees_the_chart_may_add_in_their_own_name(running) -> None:
    note = running.signs()
    with acting_as(running.colleague):
        assert can_add(running.colleague, note)
    assert add(running, note, by=running.colleague).signed_by_id == running.colleague.pk


def test_who_writes_no_notes_adds_nothing(running) -> None:
    note = running.signs()
    with pytest.raises(NotAllowed):
        add(running, note, by=running.nurse)
    with pytest.raises(NotInScope):
        add(running, note, by=running.stranger)
    with acting_as(running.stranger):
        assert not can_add(running.stranger, note)


@pytest.mark.parametrize("text", ["", "  \n\t ", "\r\n"])
def test_an_addendum_says_something(running, text) -> None:
    note = running.signs()
    with pytest.raises(NothingToAdd, match="what is to be added"):
        add(running, note, text)


def test_only_a_signed_note_is_added_to(running) -> None:
    result = EntryFactory(patient=running.patient)
    with pytest.raises(NothingToAdd, match="signed note"):
        add(running, result)
    note = running.signs()
    with acting_as(running.doctor):
        void_entry(by=running.doctor, entry=note, reason="Wrong visit", now=NOW)
    with acting_as(running.doctor):
        voided = Entry.objects.get(pk=note.pk)
    with pytest.raises(NothingToAdd):
        add(running, voided)
