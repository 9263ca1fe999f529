"""What is the same for every kind: record, replace by a later version, move the clinical status, void."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.events import publish
from patients.models import Patient
from records.access.entries import check_can_record, check_can_void
from records.actions.writing import (
    Content,
    NotRecorded,
    check_mark,
    check_time_and_visit,
    check_visit,
    content_of,
    entry_of,
    locked_entry,
    supersede,
)
from records.events import AbnormalValueRecorded, EntryRecorded, EntryVoided, ValueCorrected
from records.kinds import Said, kind_of
from records.models import Encounter, Entry
from records.queries.vitals import computed_from
from records.rules.states import Deed


class NotAMove(Exception):
    """From this clinical status there is no way to that one."""


@transaction.atomic
def record_entry(
    *,
    by: User,
    patient: Patient,
    content: Content,
    effective_at: datetime,
    now: datetime,
    encounter: Encounter | None = None,
    replaces: Entry | None = None,
    record_status: str = "final",
) -> Entry:
    """Add an entry, or the next version of one; the version before it stays and is no longer current.

    Raises NotAllowed, NotInScope, NotOfKind, NotRecorded for a time to come, a visit that takes it no more, or a note,
    which `sign_note` and `add_addendum` sign, and NotCurrent when the version it replaces is no longer the last.
    """
    kind = kind_of(content.kind)
    check_can_record(by, patient, kind.slug)
    if kind.signed:
        raise NotRecorded(_("A note is signed, not recorded."))
    kind.schema.check(content.data)
    check_mark(content)
    check_time_and_visit(effective_at, now, encounter, kind.slug, Deed.REPLACE if replaces else Deed.ADD)
    entry = entry_of(content, by=by, patient=patient, effective_at=effective_at, now=now, encounter=encounter)
    entry.record_status = record_status
    if replaces is not None:
        before = supersede(replaces, record_status, now)
        entry.supersedes, entry.parent_id = before, before.parent_id
        entry.sensitivity = content.sensitivity or before.sensitivity
    entry.save(force_insert=True)
    detail = {"kind": kind.slug, "replaces": str(replaces.pk)} if replaces else {"kind": kind.slug}
    record("records.record_entry", by=by, patient_id=patient.pk, target=entry, detail=detail)
    publish(EntryRecorded(entry_id=entry.pk, patient_id=patient.pk, kind=kind.slug))
    if replaces is not None and (replaces.data.get("flag") or kind.urgency(replaces)):
        publish(ValueCorrected(entry_id=replaces.pk, patient_id=patient.pk, corrected_by=entry.pk))
    if severity := kind.urgency(content):
        visit = encounter.pk if encounter else None
        publish(AbnormalValueRecorded(entry.pk, patient.pk, severity=severity, encounter_id=visit))
    return entry


@transaction.atomic
def record_said(
    *,
    by: User,
    patient: Patient,
    kind: str,
    said: Said,
    now: datetime,
    encounter: Encounter | None = None,
    sensitivity: str = "",
    replaces: Entry | None = None,
) -> Entry:
    """Record what the form of a kind says; `replaces` is the version that was wrong. Raises as `record_entry`."""
    parts = {name: part for name, part in vars(said).items() if name != "effective_at"}
    return record_entry(
        by=by,
        patient=patient,
        content=Content(kind=kind, sensitivity=sensitivity, **parts),
        effective_at=said.effective_at or (replaces.effective_at if replaces else now),
        now=now,
        encounter=encounter or (replaces.encounter if replaces else None),
        replaces=replaces,
        record_status="corrected" if replaces else "final",
    )


@transaction.atomic
def change_clinical_status(*, by: User, entry: Entry, status: str, now: datetime, because: str = "") -> Entry:
    """Say that a problem is over, quiet, or back: an amended version that replaces the entry.

    Of an allergy `change_allergy` says it. Raises NotAMove, NotCurrent, NotAllowed and NotInScope.
    """
    kind = kind_of(entry.kind)
    if kind.own_moves or status not in kind.clinical_moves.get(entry.clinical_status, frozenset()):
        raise NotAMove(_("This cannot follow what is said now."))
    data = {**entry.data, "because": because} if because else dict(entry.data)
    return record_entry(
        by=by,
        patient=entry.patient,
        content=content_of(entry, clinical_status=status, data=data),
        effective_at=entry.effective_at,
        now=now,
        encounter=entry.encounter,
        replaces=entry,
        record_status="amended",
    )


@transaction.atomic
def void_entry(*, by: User, entry: Entry, reason: str, now: datetime) -> int:
    """Mark an entry as entered in error, with what stands under it and what was computed from it; it stays to be seen,
    and counts nowhere.

    Returns how many entries were voided. Raises NotAllowed, NotInScope, NotCurrent, NotRecorded without a reason and
    for the note of a closed visit.
    """
    check_can_void(by, entry)
    if not reason.strip():
        raise NotRecorded(_("Say why it is wrong."))
    check_visit(entry.encounter, entry.kind, Deed.VOID)
    found = Entry.objects.visible_to(by).filter(patient_id=entry.patient_id).current()
    also = Q(parent_id=entry.pk) | Q(pk__in=[row.pk for row in computed_from(by, entry)])
    if entry.kind == "note" and entry.encounter_id:  # whichever of its versions they were added to
        also |= Q(kind="addendum", encounter=entry.encounter_id)
    rows = [locked_entry(entry), *found.filter(also).select_for_update(of=("self",)).order_by("id")]
    for row in rows:
        row.record_status = "entered_in_error"
        row.voided_at, row.voided_by, row.void_reason = now, by, reason.strip()
        row.save(update_fields=["record_status", "voided_at", "voided_by", "void_reason", "updated_at"])
    record("records.void_entry", by=by, patient_id=entry.patient_id, target=entry, detail={"kind": entry.kind})
    publish(EntryVoided(entry_id=entry.pk, patient_id=entry.patient_id, kind=entry.kind))
    return len(rows)
