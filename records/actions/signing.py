"""What a signature binds, and what is signed besides the doctor's note: amended, by a nurse, co-signed."""

from dataclasses import asdict
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.events import publish
from patients.models import Patient
from records.access.signing import check_can_amend, check_can_cosign, check_can_write_nursing_note, is_in_training
from records.actions.writing import Content, NotCurrent, content_of, entry_of, locked_encounter, supersede, why_not
from records.events import EntryRecorded, NoteCosigned, NoteSigned
from records.models import Cosignature, Encounter, Entry
from records.queries.encounters import previous_visit
from records.queries.signing import ToCosign, to_cosign
from records.rules.notes import NoteText, clean_text, copied_lines, signature_of
from records.rules.states import Deed

NOTE, NURSING, ADDENDUM = "note", "nursing_note", "addendum"
WRITABLE = (Encounter.Status.IN_PROGRESS, Encounter.Status.FINISHED)


class NotSigned(Exception):
    """Nothing was signed; the message is a sentence for whoever tried."""


@transaction.atomic
def amend_note(*, by: User, note: Entry, text: NoteText, because: str, now: datetime) -> Entry:
    """Sign a later version of a signed note: the one before stays to be read, this one stands. Ask for a step-up.

    The signature binds the reason with the text. Also in a closed visit. Of somebody in training while the co-signature
    is awaited, and that is awaited still. Raises NotSigned, NotCurrent, NotAllowed, NotInScope.
    """
    check_can_amend(by, note)
    because = clean_text(because)
    if not because:
        raise NotSigned(_("Say why the note is amended."))
    if text.missing():
        raise NotSigned(_("The note is not complete: write your view and the plan."))
    if note.encounter is not None:
        _check_takes(locked_encounter(note.encounter), NOTE, Deed.REPLACE)
    if {part: note.data.get(part, "") for part in asdict(text)} == asdict(text):
        raise NotSigned(_("Nothing is different from the note as it stands."))
    kept = {name: note.data[name] for name in ("copied", "diagnoses") if name in note.data}
    waits = is_in_training(by)
    status = "preliminary" if waits else "final" if note.record_status == "preliminary" else "amended"
    before = supersede(note, status, now)
    content = content_of(note, data=asdict(text) | kept | {"because": because})
    version = signed_entry(
        by,
        content,
        patient=note.patient,
        encounter=note.encounter,
        effective_at=note.effective_at,
        now=now,
        replaces=before,
        record_status=status,
    )
    record("records.amend_note", by=by, patient_id=note.patient_id, target=version, detail={"replaces": str(note.pk)})
    publish(EntryRecorded(entry_id=version.pk, patient_id=note.patient_id, kind=NOTE))
    publish(NoteSigned(entry_id=version.pk, patient_id=note.patient_id, encounter_id=note.encounter_id))
    return version


@transaction.atomic
def sign_nursing_note(*, by: User, encounter: Encounter, told: str, found: str, now: datetime) -> Entry:
    """Sign the nurse's part of a visit's note; each nurse signs their own. Ask for a step-up at the door.

    Raises NotSigned for one without a word, a second one by the same nurse, or a visit that takes none; NotAllowed,
    NotInScope.
    """
    check_can_write_nursing_note(by, encounter)
    encounter = locked_encounter(encounter)
    _check_takes(encounter, NURSING, Deed.ADD)
    if encounter.source or encounter.status not in WRITABLE:
        raise NotSigned(_("This visit has no note to write."))
    data = {"subjective": clean_text(told), "objective": clean_text(found)}
    if not any(data.values()):
        raise NotSigned(_("Write what you saw and did, or what the patient told you."))
    content = Content(NURSING, "34746-8", "loinc", "Nurse Note", data=data)
    note = signed_entry(by, content, patient=encounter.patient, encounter=encounter, effective_at=now, now=now)
    record("records.sign_nursing_note", by=by, patient_id=note.patient_id, target=note)
    publish(EntryRecorded(entry_id=note.pk, patient_id=note.patient_id, kind=NURSING))
    return note


@transaction.atomic
def cosign(*, by: User, entry: Entry, now: datetime) -> Cosignature:
    """Sign besides what somebody in training signed: it is final from now on, and the patient may read it.

    The signature binds the first one, which binds the text. Ask for a step-up at the door. Raises NotCurrent where it
    waits no more, NotAllowed, NotInScope.
    """
    check_can_cosign(by, entry)
    rows = Entry.objects.select_for_update(of=("self",))
    row: Entry = rows.get(pk=entry.pk, patient_id=entry.patient_id)
    if row.record_status != "preliminary" or row.superseded_at:
        raise NotCurrent(_("This waits for no co-signature any more. Look at the note as it stands."))
    given = Cosignature(patient_id=row.patient_id, entry=row, signed_by=by, signed_at=now)
    given.signature = signature_of(
        {"signature": row.signature},
        patient_id=row.patient_id,
        encounter_id=row.encounter_id,
        signer_id=by.pk,
        signed_at=now,
    )
    given.save(force_insert=True)
    row.record_status = "final"
    row.save(update_fields=["record_status", "updated_at"])
    record("records.cosign", by=by, patient_id=row.patient_id, target=row)
    publish(NoteCosigned(entry_id=row.pk, patient_id=row.patient_id, encounter_id=row.encounter_id))
    return given


def list_to_cosign(*, by: User) -> list[ToCosign]:
    """What waits for the actor's co-signature, the oldest first, audited as a list. Raises NotAllowed."""
    check_can(by, Permission.WRITE_NOTE)
    waiting = to_cosign(by)
    if waiting:
        record_now("records.list_to_cosign", by=by)
    return waiting


# == Steps ==
def signed_entry(
    by: User,
    content: Content,
    *,
    patient: Patient,
    encounter: Encounter | None,
    effective_at: datetime,
    now: datetime,
    parent: Entry | None = None,
    replaces: Entry | None = None,
    record_status: str = "",
) -> Entry:
    """The row, signed and saved; preliminary by somebody in training. Raises NotSigned where another stands."""
    entry = entry_of(
        content, by=by, patient=patient, effective_at=effective_at, now=now, encounter=encounter, parent=parent
    )
    entry.supersedes = replaces
    entry.record_status = record_status or (
        "preliminary" if content.kind != NURSING and is_in_training(by) else "final"
    )
    entry.signed_at, entry.signed_by, entry.released_by = now, by, by
    entry.signature = signature_of(
        entry.data,
        patient_id=patient.pk,
        encounter_id=encounter.pk if encounter else None,
        signer_id=by.pk,
        signed_at=now,
    )
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError as refused:
        if "duplicate key" not in str(refused):
            raise
        sentence = _("A signed note of this visit stands already. It may be marked, so that you do not see it.")
        raise NotSigned(sentence) from None
    return entry


def copied_from_before(by: User, encounter: Encounter, text: NoteText) -> dict[str, object]:
    """What of this text stands in the note before, as far as its writer sees one; for the data of the note."""
    before = previous_visit(by, encounter)
    lines = copied_lines(text, before.note.text) if before else {}
    return {"copied": {"from": str(before.note.entry.pk), "lines": lines}} if before and lines else {}


def _check_takes(encounter: Encounter, kind: str, deed: Deed) -> None:
    if refused := why_not(encounter.state, kind, deed):
        raise NotSigned(refused)
