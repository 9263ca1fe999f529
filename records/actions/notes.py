"""The verbs of a note: keep the draft, throw it away, sign it, and add to what is signed."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.events import publish
from records.access.encounters import check_can_add, check_can_sign, check_can_write
from records.actions.signing import NotSigned, copied_from_before, signed_entry
from records.actions.writing import Content, NotWritable, check_mark, locked_encounter, why_not, writable
from records.events import EntryRecorded, NoteSigned
from records.models import Draft, Encounter, Entry
from records.models.entries import mark_of
from records.queries.diagnoses import CHOSEN, drafts_of, ids_in, to_sign
from records.queries.encounters import draft_of
from records.queries.signing import ToSign, notes_to_sign
from records.rules.notes import NoteText, clean_text, is_later_stroke, note_text
from records.rules.states import Deed

NOTE, ADDENDUM = "note", "addendum"
PROGRESS_NOTE = "11506-3"  # LOINC


class DraftMoved(Exception):
    """The draft was saved from another page since this one was opened; `draft` is what is kept now."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(_("This note was saved in another window after you opened it here."))
        self.draft = draft


class NoteIncomplete(Exception):
    """Parts without which nothing is signed; `missing` names them."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(_("The note is not complete: write your view and the plan."))
        self.missing = missing


class NothingToAdd(Exception):
    """An addendum without text, or to what is no signed note; the message is a sentence."""


@transaction.atomic
def save_draft(
    *, by: User, encounter: Encounter, text: NoteText, version: int, pen: str = "", sensitivity: str = ""
) -> Draft:
    """Keep what is written so far, and how it is to be marked; one row, overwritten, audited when it is begun alone.

    `version` is the one the page was opened on, 0 for none; `pen` names the page and its stroke. Raises DraftMoved
    where another page saved meanwhile, NotWritable once the note is signed, NotAllowed, NotInScope.
    """
    check_can_write(by, encounter)
    encounter = writable(encounter)
    draft = draft_of(by, encounter)
    if draft is None:
        draft = Draft(
            patient_id=encounter.patient_id,
            encounter=encounter,
            author=by,
            kind=NOTE,
            content=asdict(text),
            pen=pen,
            sensitivity=mark_of(sensitivity),
        )
        draft.save(force_insert=True)
        record("records.begin_draft", by=by, patient_id=encounter.patient_id, target=draft)
        return draft
    if (note_text(draft.content), draft.sensitivity) != (text, sensitivity):
        _check_not_moved(draft, version, pen)
        draft.content, draft.version, draft.pen = asdict(text), draft.version + 1, pen
        draft.sensitivity = mark_of(sensitivity)
        if draft.author_id != by.pk:
            draft.author = by
            record("records.take_over_draft", by=by, patient_id=encounter.patient_id, target=draft)
        draft.save(update_fields=["content", "version", "pen", "sensitivity", "author", "updated_at"])
    return draft


@transaction.atomic
def throw_draft_away(*, by: User, encounter: Encounter, version: int) -> None:
    """Delete the draft for good, if it is still the one that was seen. Raises DraftMoved, NotAllowed, NotInScope."""
    check_can_write(by, encounter)
    encounter = locked_encounter(encounter)
    draft = draft_of(by, encounter)
    if draft is None:
        return
    _check_not_moved(draft, version, "")
    record("records.throw_draft_away", by=by, patient_id=encounter.patient_id, target=draft)
    _delete(*drafts_of(by, encounter))


@transaction.atomic
def sign_note(
    *, by: User, encounter: Encounter, text: NoteText, version: int, pen: str = "", sensitivity: str = "", now: datetime
) -> Entry:
    """Sign this text, the one before the signer's eyes, as the visit's note; the draft is gone after it.

    The signature binds the text, whose it is, the signer and `now`; from here on the row never changes. The patient
    may read it from now on (45 CFR 171). `sensitivity` is the label under which few others see it; it is no part of
    what is signed, and may be changed (`mark_entry`). Ask for a step-up at the door. Raises NoteIncomplete, DraftMoved,
    NotWritable, NotAllowed, NotInScope.
    """
    check_can_sign(by, encounter)
    encounter = writable(encounter)
    if missing := text.missing():
        raise NoteIncomplete(missing)
    draft, choice = drafts_of(by, encounter)
    data = asdict(text) | copied_from_before(by, encounter, text)
    if diagnoses := to_sign(by, encounter, ids_in(choice), sensitivity):
        data[CHOSEN] = diagnoses
    content = Content(NOTE, PROGRESS_NOTE, "loinc", "Progress note", data=data, sensitivity=sensitivity)
    check_mark(content)
    if draft is not None and note_text(draft.content) != text:
        _check_not_moved(draft, version, pen)
    try:
        note = signed_entry(
            by,
            content,
            patient=encounter.patient,
            encounter=encounter,
            effective_at=encounter.started_at or now,
            now=now,
        )
    except NotSigned as another:
        raise NotWritable(str(another)) from another
    encounter.note_signed_at = now
    encounter.save(update_fields=["note_signed_at", "updated_at"])
    _delete(draft, choice)
    record("records.sign_note", by=by, patient_id=note.patient_id, target=note)
    publish(EntryRecorded(entry_id=note.pk, patient_id=note.patient_id, kind=NOTE))
    publish(NoteSigned(entry_id=note.pk, patient_id=note.patient_id, encounter_id=encounter.pk))
    return note


@transaction.atomic
def add_addendum(*, by: User, note: Entry, text: str, now: datetime) -> Entry:
    """Add to a signed note, signed in its turn; the note itself stays as it is. Ask for a step-up at the door.

    Raises NothingToAdd, NotAllowed, NotInScope.
    """
    check_can_add(by, note)
    if note.encounter is not None and (refused := why_not(locked_encounter(note.encounter).state, ADDENDUM, Deed.ADD)):
        raise NothingToAdd(refused)
    if note.kind != NOTE or note.signed_at is None or note.record_status == Entry.RecordStatus.ENTERED_IN_ERROR:
        raise NothingToAdd(_("Only a signed note can be added to."))
    text = clean_text(text)
    if not text:
        raise NothingToAdd(_("Write what is to be added."))
    content = Content(ADDENDUM, display="Addendum", data={"text": text}, sensitivity=note.sensitivity)
    addendum = signed_entry(
        by, content, patient=note.patient, encounter=note.encounter, effective_at=now, now=now, parent=note
    )
    record("records.add_addendum", by=by, patient_id=note.patient_id, target=addendum, detail={"note": str(note.pk)})
    publish(EntryRecorded(entry_id=addendum.pk, patient_id=note.patient_id, kind=ADDENDUM))
    return addendum


@transaction.atomic
def reopen_note(*, by: User | None, patient_id: UUID, entry_id: UUID) -> None:
    """The signed note was voided: its visit waits for a note again, if it stands. Anything else: nothing."""
    note = Entry.objects.filter(patient_id=patient_id, pk=entry_id, kind=NOTE).first()
    if note is None or note.encounter_id is None or note.record_status != Entry.RecordStatus.ENTERED_IN_ERROR:
        return
    encounter = Encounter.objects.select_for_update(of=("self",)).get(pk=note.encounter_id)
    signed_anew = Entry.objects.current().filter(patient_id=patient_id, encounter=encounter, kind=NOTE).exists()
    if encounter.note_signed_at is None or signed_anew or encounter.is_wrong:
        return
    encounter.note_signed_at = None
    encounter.save(update_fields=["note_signed_at", "updated_at"])
    record("records.reopen_note", by=by, patient_id=patient_id, target=encounter)


def list_notes_to_sign(*, by: User, now: datetime) -> list[ToSign]:
    """The actor's visits without a signed note or a co-signature. Raises NotAllowed, AuditUnavailable."""
    check_can(by, Permission.WRITE_NOTE)
    record_now("records.list_notes_to_sign", by=by)
    return notes_to_sign(by, now)


# == Steps ==
def _delete(*drafts: Draft | None) -> None:
    for draft in drafts:
        if draft is not None:
            draft.delete()


def _check_not_moved(draft: Draft, version: int, pen: str) -> None:
    if draft.version != version and not is_later_stroke(draft.pen, pen):
        raise DraftMoved(draft)
