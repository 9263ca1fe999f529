"""The verbs `save_draft` and `throw_draft_away`."""

from dataclasses import replace

import pytest

from healthcare.accounts.access import NotAllowed
from healthcare.db.context import acting_as
from patients.access import NotInScope
from records.access.encounters import can_write
from records.actions.notes import DraftMoved, NotWritable, throw_draft_away
from records.models import Draft
from records.rules.notes import note_text
from tests.factories import EncounterFactory
from tests.records.visits import TEXT, events_of
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
LATER = replace(TEXT, plan="Urine culture. Come back on Monday.")
OTHER = replace(TEXT, plan="Another plan, typed elsewhere.")


def test_one_row_is_overwritten_and_audited_once(running) -> None:
    first = running.saves()
    for number in range(5):
        running.saves(replace(TEXT, plan=f"Plan {number}"), version=number + 1)
    row = running.draft()
    assert (row.pk, row.version) == (first.pk, 6)
    assert note_text(row.content).plan == "Plan 4"
    assert events_of(running.doctor).count("records.begin_draft") == 1
    assert events_of(running.doctor) == ["records.start_encounter", "records.begin_draft"]


def test_the_same_text_again_is_no_new_version(running) -> None:
    running.saves()
    assert running.saves(version=1).version == 1
    assert running.saves(version=0).version == 1, "an answer was lost, and the same text came again: no conflict"


def test_another_page_saved_meanwhile(running) -> None:
    running.saves(pen="aa.1")
    running.saves(LATER, version=1, pen="bb.1")
    with pytest.raises(DraftMoved, match="another window") as moved:
        running.saves(OTHER, version=1, pen="aa.2")
    assert note_text(moved.value.draft.content) == LATER, "what is kept is at hand, to be shown beside"
    assert note_text(running.draft().content) == LATER, "nothing was overwritten"


def test_who_saw_both_texts_saves_on(running) -> None:
    running.saves()
    running.saves(LATER, version=1)
    assert running.saves(OTHER, version=2).version == 3


def test_a_page_whose_answer_was_lost_goes_on(running) -> None:
    running.saves(pen="aa.1")
    running.saves(LATER, version=1, pen="aa.2")  # saved; the page never heard of it, and still says version 1
    assert running.saves(OTHER, version=1, pen="aa.3").version == 3


def test_a_late_request_does_not_undo_a_later_one(running) -> None:
    running.saves(pen="aa.1")
    running.saves(OTHER, version=1, pen="aa.3")
    with pytest.raises(DraftMoved):
        running.saves(LATER, version=1, pen="aa.2")
    assert note_text(running.draft().content) == OTHER


def test_a_thrown_away_draft_is_begun_anew_by_the_page_that_still_had_it(running) -> None:
    running.saves()
    with acting_as(running.doctor):
        throw_draft_away(by=running.doctor, encounter=running.encounter, version=1)
    assert running.draft() is None
    assert running.saves(LATER, version=1).version == 1
    assert events_of(running.doctor).count("records.begin_draft") == 2


# == Whose it is ==
def test_a_draft_is_its_authors_alone(running) -> None:
    running.saves()
    for user in (running.colleague, running.nurse, running.rosa):
        with acting_as(user):
            assert not Draft.objects.exists(), "not even where the filter is forgotten"
            assert not Draft.objects.visible_to(user).exists()


def test_only_who_holds_the_visit_writes_its_note(running) -> None:
    for user in (running.colleague, running.nurse, running.stranger):
        with pytest.raises(NotAllowed):
            running.saves(by=user)
        with acting_as(user):
            assert not can_write(user, running.encounter)
    with acting_as(running.doctor):
        assert can_write(running.doctor, running.encounter)


def test_a_patient_out_of_reach_has_no_note_to_write(running) -> None:
    running.encounter = EncounterFactory(provider=running.provider)
    with pytest.raises(NotInScope):
        running.saves()


# == When ==
def test_after_signing_nothing_is_drafted(running) -> None:
    running.signs()
    with pytest.raises(NotWritable, match="addendum"):
        running.saves()
    assert running.draft() is None


@pytest.mark.parametrize("status", ["planned", "entered_in_error"])
def test_a_visit_that_is_none_has_no_note(running, status) -> None:
    running.encounter = EncounterFactory(patient=running.patient, provider=running.provider, status=status)
    with pytest.raises(NotWritable, match=r"no note|in error"):
        running.saves()


# == Thrown away ==
def throw(running, version: int, by=None) -> None:
    user = by or running.doctor
    with acting_as(user):
        throw_draft_away(by=user, encounter=running.encounter, version=version)


def test_it_is_gone_and_the_audit_says_so(running) -> None:
    running.saves()
    throw(running, 1)
    with as_the_system():
        assert not Draft.objects.exists()
    assert events_of(running.doctor)[-1] == "records.throw_draft_away"


def test_what_one_has_not_seen_is_not_thrown_away(running) -> None:
    running.saves()
    running.saves(LATER, version=1)
    with pytest.raises(DraftMoved):
        throw(running, 1)
    assert running.draft() is not None


def test_where_there_is_none_nothing_happens(running) -> None:
    throw(running, 1)
    assert events_of(running.doctor) == ["records.start_encounter"]


def test_a_colleague_throws_nothing_away(running) -> None:
    running.saves()
    with pytest.raises(NotAllowed):
        throw(running, 1, by=running.colleague)
