"""What a colleague who left was to do stands in the lists of who stands in for them, and history says who did what."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from healthcare.accounts import actions as accounts
from healthcare.accounts.leaving import get_held
from healthcare.db.context import acting_as
from records.actions.notes import list_notes_to_sign
from records.actions.results import list_unread_results
from records.actions.threads import take_thread
from records.models import Draft, Thread
from records.panels.handover import WORDS
from records.queries.handover import held_by
from records.queries.messages import Shown, inbox_of
from records.rules.notes import NoteText
from tests.accounts.conftest import audited
from tests.factories import CoverFactory, EntryFactory, ThreadFactory, staff
from tests.records.visits import NOW, TEXT, Visit
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(running: Visit) -> Any:
    return staff("administrator", running.patient.site)


@pytest.fixture
def left(running: Visit, boss: Any) -> Visit:
    """The doctor began a note, has a result to read and a conversation, and leaves; the colleague takes over."""
    running.saves()
    EntryFactory(patient=running.patient, provider=running.provider)
    ThreadFactory(patient=running.patient, site=running.patient.site, taken_by=running.doctor, taken_at=NOW)
    close(boss, running, to=running.colleague)
    return running


def close(boss: Any, visit: Visit, to: Any) -> None:
    with acting_as(boss):
        accounts.deactivate_user(by=boss, user=visit.doctor, to=to)


def begun_by(visit: Visit) -> Any:
    with as_the_system():
        return Draft.objects.values_list("author", flat=True).get(encounter=visit.encounter)


# == Counted ==
def test_an_administrator_learns_how_much_there_is_and_nothing_else(left: Visit, boss: Any) -> None:
    with acting_as(boss):
        assert get_held(left.doctor, NOW) == [
            (WORDS["notes"], 1),
            (WORDS["results"], 1),
            (WORDS["threads"], 1),
        ]
        assert set(held_by(left.nurse).values()) == {0}
        assert not Thread.objects.visible_to(boss).exists()


@pytest.mark.parametrize("who", ["colleague", "nurse", "stranger", "rosa"])
def test_nobody_else_is_told_the_counts(running: Visit, who: str) -> None:
    refused = pytest.raises(DatabaseError, match="who closes the account")
    with acting_as(getattr(running, who)), refused, transaction.atomic():
        held_by(running.doctor)


# == Notes ==
def test_the_note_waits_with_who_stands_in(left: Visit) -> None:
    with acting_as(left.colleague):
        (waits,) = list_notes_to_sign(by=left.colleague, now=NOW)
    assert (waits.encounter, waits.has_draft) == (left.encounter, True)
    with acting_as(left.nurse):
        assert not Draft.objects.visible_to(left.nurse).exists()


def test_who_stands_in_writes_on_and_signs_in_their_own_name(left: Visit) -> None:
    draft = left.saves(TEXT, version=1, by=left.colleague)
    assert begun_by(left) == left.doctor.pk  # nothing was changed yet, so it is still the one who left whose it is
    text = NoteText(reason="Burning", assessment="Cystitis.", plan="Culture.")
    changed = left.saves(text, version=1, by=left.colleague)
    assert changed.pk == draft.pk
    assert begun_by(left) == left.colleague.pk
    assert len(audited("records.take_over_draft", target_id=draft.pk)) == 1
    note = left.signs(text, version=changed.version, by=left.colleague)
    assert note.signed_by == left.colleague
    assert left.now_is().provider == left.provider  # with whom the patient was does not change
    assert left.draft() is None


def test_signing_what_the_other_wrote_leaves_no_draft(left: Visit) -> None:
    note = left.signs(version=1, by=left.colleague)
    assert note.signed_by == left.colleague
    assert left.draft() is None


def test_ones_own_draft_comes_first(left: Visit) -> None:
    own = Draft(patient=left.patient, encounter=left.encounter, author=left.colleague, kind="note")
    with acting_as(left.colleague):
        own.save(force_insert=True)
    assert left.saves(version=1, by=left.colleague).pk == own.pk


def test_the_note_of_a_colleague_who_is_only_away_is_theirs_to_sign(running: Visit) -> None:
    """A cover for a week reads the results; nobody signs for who comes back, or reads their unsigned thoughts."""
    running.saves()
    EntryFactory(patient=running.patient, provider=running.provider)
    CoverFactory(absent=running.doctor, cover=running.colleague)
    with acting_as(running.colleague):
        assert list_notes_to_sign(by=running.colleague, now=NOW) == []
        assert not Draft.objects.visible_to(running.colleague).exists()
        assert len(list_unread_results(by=running.colleague)) == 1
    assert not running.encounter.is_held_by(running.colleague)


def test_the_second_wall_holds_drafts_as_the_first_does(left: Visit) -> None:
    """Without any filter in the query; and what is taken over is taken over in one's own name alone."""
    for user, seen in ((left.colleague, 1), (left.nurse, 0), (left.stranger, 0)):
        with acting_as(user):
            assert Draft.objects.count() == seen
            assert Draft.objects.visible_to(user).count() == seen
    with acting_as(left.colleague):
        draft = Draft.objects.get()
        draft.author = left.nurse
        with pytest.raises(DatabaseError), transaction.atomic():
            draft.save(update_fields=["author"])


def test_once_the_account_is_open_again_the_draft_is_its_authors_own(left: Visit, boss: Any) -> None:
    with acting_as(boss):
        accounts.reactivate_user(by=boss, user=left.doctor)
    with acting_as(left.colleague):
        assert Draft.objects.count() == 0
        assert list_notes_to_sign(by=left.colleague.in_role("doctor"), now=NOW) == []


# == Results and conversations ==
def test_results_wait_with_who_stands_in(left: Visit) -> None:
    with acting_as(left.colleague):
        (result,) = list_unread_results(by=left.colleague)
    assert result.provider == left.provider


def test_conversations_stand_in_their_list_and_in_nobody_elses(left: Visit) -> None:
    for user, mine in ((left.colleague, 1), (left.nurse, 0)):
        with acting_as(user):
            inbox = inbox_of(user, Shown.MINE, timezone.now())
            assert (len(inbox.lines), inbox.counts["mine"]) == (mine, mine)


def test_the_team_may_still_take_what_nobody_answers(left: Visit) -> None:
    with as_the_system():
        thread = Thread.objects.get()
    with acting_as(left.nurse):
        assert inbox_of(left.nurse, Shown.UNASSIGNED, timezone.now()).counts["unassigned"] == 1
        take_thread(by=left.nurse, thread=thread, instead_of=left.doctor.pk, now=timezone.now())
        assert inbox_of(left.nurse, Shown.MINE, timezone.now()).counts["mine"] == 1


def test_without_anybody_named_the_team_has_it(running: Visit, boss: Any) -> None:
    ThreadFactory(patient=running.patient, site=running.patient.site, taken_by=running.doctor, taken_at=NOW)
    close(boss, running, to=None)
    with acting_as(running.colleague):
        assert list_notes_to_sign(by=running.colleague, now=NOW) == []
        assert inbox_of(running.colleague, Shown.UNASSIGNED, timezone.now()).counts["unassigned"] == 1
