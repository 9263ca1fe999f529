"""Making one record of two that are the same person's, and taking it apart again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Field
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.db.uuids import uuid7
from healthcare.events import publish
from patients.access import check_can_merge, check_can_unmerge
from patients.events import PatientsMerged, PatientsParted
from patients.models import Merge, Patient
from patients.models.identity import nobody_books_for
from patients.queries.merging import notes_on, refusal_of, rows_to_unmerge, taken_together


class NotMerged(Exception):
    """The message is a sentence for whoever asked; nothing was changed."""


@dataclass(frozen=True)
class Parted:
    """What became of an undoing: the record that is there again, and which details stayed as somebody changed them."""

    patient_id: UUID
    stayed: tuple[str, ...]


@transaction.atomic
def merge_patients(
    *,
    by: User,
    kept: Patient,
    gone: Patient,
    taken: Collection[str] = (),
    account: UUID | None = None,
    reason: str,
    now: datetime,
) -> Merge:
    """Give everything of `gone` to `kept`, in one transaction; the record `gone` is no more, and its number leads on.

    `taken` names the fields whose value comes from `gone`; `account` is whose portal account goes on opening the
    record where both have one (default: the kept record's). Raises NotAllowed, NotInScope, and NotMerged with what has
    to be settled first.
    """
    check_can_merge(by, kept, gone)
    if not reason.strip():
        raise NotMerged(_("Say how you know that both are the same person."))
    stops = [note.text for note in notes_on(kept, gone, user=by, now=now) if note.stops]
    if stops:
        raise NotMerged(" ".join(stops))
    kept, gone = _locked(by, kept, gone)
    fields = taken_together(taken)
    changes = {field.name: [_kept_as(field, kept), _kept_as(field, gone)] for field in fields}
    key = uuid7()
    try:
        with transaction.atomic():
            _put(kept, {field.name: getattr(gone, field.attname) for field in fields})
            _ask("app.merge_patients", key, kept.pk, gone.pk, account, _json(changes), reason.strip(), now)
    except IntegrityError as problem:
        constraint = getattr(getattr(problem.__cause__, "diag", None), "constraint_name", None) or ""
        raise NotMerged(refusal_of(constraint)) from problem
    merge = Merge.objects.get(pk=key)
    detail = {"merged": gone.pk, "merge": key, "fields": sorted(changes)}
    record("patients.merge", by=by, patient_id=kept.pk, target=merge, detail=detail)
    record("patients.merge", by=by, patient_id=gone.pk, target=merge, detail={"kept": kept.pk, "merge": key})
    publish(PatientsMerged(patient_id=kept.pk, merged_id=gone.pk, merge_id=key))
    return merge


@transaction.atomic
def unmerge_patients(*, by: User, merge: Merge, now: datetime) -> Parted:
    """Make two records of it again: what came with the merge goes back, and what was made since and hangs on that.

    What else was made since stays with the kept record; details that somebody changed since stay as they are. Raises
    NotAllowed, NotInScope, and NotMerged when it was undone already, a later merge has to be undone first, or a row
    made since hangs on both.
    """
    merge = Merge.objects.visible_to(by).filter(pk=merge.pk).first() or merge
    kept = check_can_unmerge(by, merge)
    if merge.undone_at:
        raise NotMerged(_("This merge was undone already."))
    torn = rows_to_unmerge(merge).get("torn")
    if torn:
        said = ", ".join(found.words for found in torn)
        raise NotMerged(_("Something written since belongs to both records, and would be torn apart: %s.") % said)
    kept = Patient.objects.visible_to(by).select_for_update(of=("self",)).get(pk=kept.pk)
    back, stayed = _to_put_back(kept, merge)
    try:
        with transaction.atomic():
            _put(kept, back)
            _ask("app.unmerge_patients", merge.pk, now)
    except IntegrityError as problem:
        raise NotMerged(_("Another merge came after this one. Undo the later one first.")) from problem
    for patient_id, other in ((kept.pk, merge.merged), (merge.merged, kept.pk)):
        detail = {"other": other, "merge": merge.pk}
        record("patients.unmerge", by=by, patient_id=patient_id, target=merge, detail=detail)
    publish(PatientsParted(patient_id=kept.pk, parted_id=merge.merged, merge_id=merge.pk))
    return Parted(merge.merged, stayed)


def list_merges(*, by: User) -> None:
    """Say that this person looks at what was merged, before it is shown. Raises NotAllowed and AuditUnavailable."""
    check_can(by, Permission.MERGE_PATIENTS)
    record_now("patients.list_merges", by=by)


def compare_patients(*, by: User, kept: Patient, gone: Patient) -> None:
    """Say that two records are compared for a merge, before anything of them is shown.

    Raises NotAllowed, NotInScope and AuditUnavailable.
    """
    check_can_merge(by, kept, gone)
    for patient in (kept, gone):
        record_now("patients.compare", by=by, patient_id=patient.pk, target=patient)


def _locked(by: User, kept: Patient, gone: Patient) -> tuple[Patient, Patient]:
    """As they are now, held until the end; bookings wait. Raises NotMerged where one went meanwhile."""
    nobody_books_for(kept.pk, gone.pk)
    rows = Patient.objects.visible_to(by).select_for_update(of=("self",)).order_by("pk")
    found = {row.pk: row for row in rows.filter(pk__in=[kept.pk, gone.pk])}
    if len(found) < 2:
        raise NotMerged(_("One of the two was merged meanwhile."))
    return found[kept.pk], found[gone.pk]


def _put(patient: Patient, values: dict[str, Any]) -> None:
    if values:
        for name, value in values.items():
            setattr(patient, name, value)
        patient.save(update_fields=[*values, "updated_at"])


def _to_put_back(kept: Patient, merge: Merge) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What each field said before the merge, where it still says what the merge put there; and the others' names."""
    back, stayed = {}, []
    for name, (before, after) in merge.fields.items():
        field: Field[Any, Any] = Patient._meta.get_field(name)  # type: ignore[assignment]
        if _kept_as(field, kept) == after:
            back[name] = None if before is None else field.to_python(before)
        else:
            stayed.append(name)
    return back, tuple(stayed)


def _kept_as(field: "Field[Any, Any]", patient: Patient) -> str | None:
    value = getattr(patient, field.attname)
    return None if value is None else str(field.value_to_string(patient))


def _json(value: Any) -> Any:
    return Merge._meta.get_field("fields").get_db_prep_value(value, connection)


def _ask(function: str, *arguments: Any) -> None:
    places = ", ".join(["%s"] * len(arguments))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}({places})", arguments)
