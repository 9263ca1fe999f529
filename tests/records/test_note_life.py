"""The life of a note as generated: whatever is tried in whatever order, what is signed stays as it was signed."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from healthcare.db.context import acting_as
from records.actions.encounters import (
    NotClosed,
    NotFinished,
    close_encounter,
    finish_encounter,
    reopen_encounter,
)
from records.actions.entries import void_entry
from records.actions.imports import Arrival, take_entries
from records.actions.notes import (
    DraftMoved,
    NoteIncomplete,
    NothingToAdd,
    NotWritable,
    add_addendum,
    save_draft,
    sign_note,
    throw_draft_away,
)
from records.actions.signing import NotSigned, amend_note, sign_nursing_note
from records.actions.voiding import NotVoided, void_encounter
from records.actions.writing import Content, NotCurrent, NotRecorded
from records.models import Draft, Entry
from records.models.encounters import ENCOUNTER_MOVES
from records.queries.encounters import is_intact
from records.rules.notes import NoteText, note_text
from tests.bearer import Program, token_for
from tests.patients.conftest import sign_in
from tests.records.visits import NOW, visit
from tests.roles import as_the_system

pytestmark = pytest.mark.django_db
WORDS = st.sampled_from(["", "Rest", "Fluids", "Come back"])
TEXTS = st.builds(NoteText, plan=WORDS, assessment=WORDS)
WHO = st.sampled_from(["doctor", "doctor", "doctor", "colleague", "nurse", "stranger"])
WINDOWS = st.sampled_from(["one", "two"])
REFUSALS = (
    PermissionDenied,
    DraftMoved,
    NoteIncomplete,
    NotWritable,
    NotFinished,
    NothingToAdd,
    NotCurrent,
    NotClosed,
    NotRecorded,
    NotSigned,
    NotVoided,
    Entry.DoesNotExist,
)


class NoteLife(RuleBasedStateMachine):
    """Two windows of one doctor, colleagues who try, and somebody with SQL; the model is what each window last saw."""

    @initialize()
    def begin(self) -> None:
        self.running = visit()
        self.hour = 0
        self.seen = {"one": 0, "two": 0}
        self.kept: tuple[str, NoteText] | None = None  # the window and the text that the server has
        self.signed: dict[object, dict[str, object]] = {}
        self.voided: set[object] = set()
        self.closed = self.wrong = False

    def attempt(self, who: str, act):
        """Run a verb as somebody; whatever refuses leaves nothing half done."""
        self.hour += 1
        user = getattr(self.running, who)
        try:
            with acting_as(user), transaction.atomic():
                return act(user, NOW + timedelta(hours=self.hour))
        except REFUSALS:
            return None

    @rule(who=WHO, window=WINDOWS, text=TEXTS)
    def save(self, who, window, text) -> None:
        before = self.kept
        draft = self.attempt(
            who,
            lambda user, _now: save_draft(
                by=user, encounter=self.running.encounter, text=text, version=self.seen[window]
            ),
        )
        if draft is not None:
            assert who == "doctor", "nobody else writes"
            unseen = before is not None and before[0] != window and self.seen[window] != draft.version - 1
            assert not unseen or before[1] == text, "another window's text is never overwritten unseen"
            self.kept, self.seen[window] = (window, text), draft.version

    @rule(window=WINDOWS)
    def look_again(self, window) -> None:
        draft = self.running.draft()
        self.seen[window] = draft.version if draft else 0

    @rule(who=WHO, window=WINDOWS)
    def throw_away(self, who, window) -> None:
        def act(user, _now):
            throw_draft_away(by=user, encounter=self.running.encounter, version=self.seen[window])
            return True

        if self.attempt(who, act):
            self.kept = None

    @rule(who=WHO, window=WINDOWS, text=TEXTS)
    def sign(self, who, window, text) -> None:
        note = self.attempt(
            who,
            lambda user, now: sign_note(
                by=user, encounter=self.running.encounter, text=text, version=self.seen[window], now=now
            ),
        )
        if note is not None:
            assert who == "doctor"
            assert text.plan
            assert text.assessment
            self.signed[note.pk] = self.image(note.pk)
            self.kept = None

    @precondition(lambda self: self.signed)
    @rule(who=WHO, word=WORDS, data=st.data())
    def add(self, who, word, data) -> None:
        note = self.entry(data.draw(st.sampled_from(list(self.signed))))
        added = self.attempt(who, lambda user, now: add_addendum(by=user, note=note, text=word, now=now))
        if added is not None:
            assert who in ("doctor", "colleague")
            assert note.kind == "note"
            assert note.pk not in self.voided
            self.signed[added.pk] = self.image(added.pk)

    @precondition(lambda self: self.signed)
    @rule(data=st.data())
    def void(self, data) -> None:
        entry = self.entry(data.draw(st.sampled_from(list(self.signed))))
        if self.attempt("doctor", lambda user, now: void_entry(by=user, entry=entry, reason="Wrong", now=now)):
            self.voided |= {key for key in self.signed if self.entry(key).record_status == "entered_in_error"}

    @precondition(lambda self: self.signed)
    @rule(who=WHO, text=TEXTS, data=st.data())
    def amend(self, who, text, data) -> None:
        note = self.entry(data.draw(st.sampled_from(list(self.signed))))
        version = self.attempt(
            who, lambda user, now: amend_note(by=user, note=note, text=text, because="Wrong before", now=now)
        )
        if version is not None:
            assert who == "doctor"
            assert note.kind == "note"
            assert note.pk not in self.voided
            self.signed[version.pk] = self.image(version.pk)

    @rule(who=WHO, word=WORDS)
    def sign_as_a_nurse(self, who, word) -> None:
        part = self.attempt(
            who,
            lambda user, now: sign_nursing_note(
                by=user, encounter=self.running.encounter, told="", found=word, now=now
            ),
        )
        if part is not None:
            assert who == "nurse"
            assert not self.closed
            self.signed[part.pk] = self.image(part.pk)

    @rule(who=WHO)
    def close(self, who) -> None:
        done = self.attempt(who, lambda user, now: close_encounter(by=user, encounter=self.running.encounter, now=now))
        if done is not None:
            assert who == "doctor"
            self.closed = True

    @rule(who=WHO, reason=st.sampled_from(["", "Left out"]))
    def open_again(self, who, reason) -> None:
        done = self.attempt(
            who, lambda user, now: reopen_encounter(by=user, encounter=self.running.encounter, reason=reason, now=now)
        )
        if done is not None:
            assert (who, reason) == ("doctor", "Left out")
            self.closed = False

    @rule(who=WHO, reason=st.sampled_from(["", "Wrong patient"]))
    def end_it_in_error(self, who, reason) -> None:
        done = self.attempt(
            who, lambda user, now: void_encounter(by=user, encounter=self.running.encounter, reason=reason, now=now)
        )
        if done is not None:
            assert (who, reason) == ("doctor", "Wrong patient")
            assert not self.closed
            assert not self.wrong
            self.wrong = True
            self.voided |= set(self.signed)

    @rule(who=WHO, whose=WHO)
    def end_it_in_error_by_sql(self, who, whose) -> None:
        """In one's own name, while it is open and nothing stands in it: else the database refuses."""
        user, named = getattr(self.running, who), getattr(self.running, whose)
        said = "status = 'entered_in_error', voided_at = now(), void_reason = 'x', voided_by_id = %s"
        try:
            with acting_as(user), transaction.atomic(), connection.cursor() as cursor:
                key = self.running.encounter.pk
                cursor.execute(f"UPDATE records_encounter SET {said} WHERE id = %s", [named.pk, key])
                moved = cursor.rowcount
                cursor.execute(
                    "SET CONSTRAINTS guard_wrong_visit IMMEDIATE; SET CONSTRAINTS guard_wrong_visit DEFERRED"
                )
        except DatabaseError:
            return
        if moved:
            assert who == whose
            assert not self.closed
            assert not self.wrong
            self.wrong = True

    @rule(who=st.sampled_from(["doctor", "nurse"]), kind=st.sampled_from(["vital_signs", "laboratory_result"]))
    def write_a_child_by_sql(self, who, kind) -> None:
        user = getattr(self.running, who)
        row = Entry(patient=self.running.patient, encounter=self.running.encounter, kind=kind, effective_at=NOW)
        row.enterer = user
        try:
            with acting_as(user), transaction.atomic():
                row.save(force_insert=True)
        except DatabaseError:
            assert self.closed or self.wrong
        else:
            assert kind == "laboratory_result" or not (self.closed or self.wrong)

    @precondition(lambda self: self.signed)
    @rule(data=st.data())
    def tell_it_otherwise_by_an_import(self, data) -> None:
        key = data.draw(st.sampled_from(list(self.signed)))
        content = Content("note", data=vars(NoteText(plan="Told otherwise", assessment="Told")))
        told = Arrival(
            patient_id=self.running.patient.pk, source="Other", content=content, effective_at=NOW, before=key
        )
        with as_the_system():
            assert take_entries(by=None, arrivals=[told], now=NOW) == [None]

    @precondition(lambda self: self.signed)
    @rule(who=WHO, door=st.sampled_from(["page", "admin", "api"]), data=st.data())
    def knock(self, who, door, data) -> None:
        """By the pages: an amendment that says nothing; the admin and `/v1`, which have no way to write a note."""
        key = data.draw(st.sampled_from(list(self.signed)))
        client = sign_in(getattr(self.running, who))
        if door == "page":
            amend = reverse("records:amend", args=[self.running.patient.pk, self.running.encounter.pk])
            answer = client.post(amend, {"plan": "Other", "assessment": "Other", "because": "", "version": key})
        elif door == "api":
            body = {"standing": "resolved", "because": "Other"}
            answer = Program(token_for(getattr(self.running, who))).write(f"/records/{key}/change", body)
            assert answer.status_code >= 400
        else:
            answer = client.post(reverse("admin:records_entry_change", args=[key]), {"data": "{}"})
        assert answer.status_code < 500

    @rule(who=WHO)
    def finish(self, who) -> None:
        done = self.attempt(who, lambda user, now: finish_encounter(by=user, encounter=self.running.encounter, now=now))
        assert done is None or who == "doctor"

    @precondition(lambda self: self.signed)
    @rule(who=WHO, change=st.sampled_from(["data = '{}'", "signature = 'x'", "signed_at = now()", "kind = 'x'"]))
    def write_over_it_by_sql(self, who, change) -> None:
        with acting_as(getattr(self.running, who)):
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(f"UPDATE records_entry SET {change} WHERE id = ANY(%s)", [list(self.signed)])
                    assert cursor.rowcount == 0
            except DatabaseError:
                pass

    # == What always holds ==
    @invariant()
    def what_is_signed_says_what_it_said(self) -> None:
        for key, before in getattr(self, "signed", {}).items():
            assert self.image(key) == before
            assert is_intact(self.entry(key))

    @invariant()
    def the_visit_knows_whether_its_note_waits(self) -> None:
        if not hasattr(self, "running"):
            return
        row = self.running.now_is()
        with as_the_system():
            standing = Entry.objects.current().filter(encounter=row, kind="note").count()
        assert self.wrong == row.is_wrong
        if self.wrong:
            assert (standing, row.closed_at) == (0, None), "nothing stands in it, and nothing moves any more"
            return
        assert standing == (row.note_signed_at is not None), "one note at most, and the worklist is right"
        assert row.status in ENCOUNTER_MOVES
        assert (row.closed_at is not None) == self.closed
        assert not self.closed or (row.status == "finished" and standing == 1)

    @invariant()
    def the_draft_is_the_last_text_that_was_kept(self) -> None:
        if not hasattr(self, "running"):
            return
        with as_the_system():
            drafts = list(Draft.objects.filter(encounter=self.running.encounter).order_by("pk"))
        assert len(drafts) <= 1
        if self.kept is None:
            assert drafts == []
        else:
            assert note_text(drafts[0].content) == self.kept[1]
            assert drafts[0].author_id == self.running.doctor.pk

    def entry(self, key) -> Entry:
        with as_the_system():
            return Entry.objects.select_related("patient", "encounter").get(pk=key)

    def image(self, key) -> dict[str, object]:
        entry = self.entry(key)
        fixed = ("kind", "data", "patient_id", "encounter_id", "parent_id", "effective_at", "author_id", "signed_by_id")
        return {name: getattr(entry, name) for name in (*fixed, "signed_at", "signature")}


def test_whatever_is_tried_what_is_signed_stays() -> None:
    run_state_machine_as_test(
        NoteLife,
        settings=settings(
            max_examples=10,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
