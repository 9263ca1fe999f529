"""What is taken by the word of other systems: take it in bulk, and say that it is no longer taken."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import About, record, record_many
from healthcare.audit.changes import bulk_verb
from prescriptions.actions.steps import NotPossible
from prescriptions.models import Halt, MedicationStatement
from records.actions.imports import retire_kept

AT_ONCE = 500  # rows of one INSERT


@dataclass(frozen=True)
class ToldMedicine:
    """One medicine as another system tells of it; `before` is the statement of its earlier version here, `kept` the
    entry that held it while it was none."""

    patient_id: UUID
    source: str
    medicine: str
    status: str
    said_at: datetime
    encounter_id: UUID | None = None
    before: UUID | None = None
    code: str = ""
    code_system: str = ""
    sig_text: str = ""
    reason: str = ""
    sensitivity: str = ""
    prescriber: str = ""
    ends_at: datetime | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    kept: UUID | None = None


SAID = tuple(ToldMedicine.__dataclass_fields__.keys() - {"before", "kept"})
SAME = ("medicine", "code", "status", "sig_text")


@transaction.atomic
def take_statements(*, by: User | None, told: Sequence[ToldMedicine], now: datetime) -> list[MedicationStatement]:
    """Write these statements, or their next versions, in their order. Announces nothing: see `records.actions.imports`.

    That somebody here said it is no longer taken, put it on hold or stopped it, holds on as long as the source says the
    same of it.
    """
    before = [one.before for one in told if one.before]
    known = MedicationStatement.objects.filter(pk__in=before).select_for_update(of=("self",)).order_by("id")
    former = {row.pk: row for row in known} if before else {}
    rows = [_row(one, former.get(one.before) if one.before else None) for one in told]
    with bulk_verb():
        if former:
            MedicationStatement.objects.filter(pk__in=former).update(superseded_at=now, updated_at=now)
        MedicationStatement.objects.bulk_create(rows, batch_size=AT_ONCE)
        Halt.objects.bulk_create(_halts_that_hold_on(rows, former), batch_size=AT_ONCE)
    kept = [one.kept for one in told if one.kept]
    if kept:
        retire_kept(by=by, patient_ids={one.patient_id for one in told}, entry_ids=kept, now=now)
    counts = Counter(row.patient_id for row in rows)
    about = [About(patient_id=patient_id, detail={"rows": number}) for patient_id, number in counts.items()]
    record_many("prescriptions.take_statements", by=by, about=about)
    return rows


@transaction.atomic
def end_statement(*, by: User, statement: MedicationStatement, now: datetime) -> MedicationStatement:
    """Say that the patient no longer takes it: from now on nothing is checked against it.

    Raises NotAllowed, and NotPossible where somebody has said so, or a later version has come.
    """
    check_can(by, Permission.PRESCRIBE)
    rows = MedicationStatement.objects.visible_to(by).select_for_update(of=("self",))
    found = rows.get(pk=statement.pk)
    if found.superseded_at or found.ended_at or found.status not in MedicationStatement.TAKEN:
        raise NotPossible(_("This is no longer on the list of what is taken."))
    found.ended_at, found.ended_by = now, by
    found.save(update_fields=["ended_at", "ended_by", "updated_at"])
    record("prescriptions.end_statement", by=by, patient_id=found.patient_id, target=found)
    return found


def _row(one: ToldMedicine, former: MedicationStatement | None) -> MedicationStatement:
    row = MedicationStatement(**{name: getattr(one, name) for name in SAID}, supersedes=former)
    if former and former.ended_at and _is_said_again(former, row):
        row.ended_at, row.ended_by_id = former.ended_at, former.ended_by_id
    return row


def _is_said_again(former: MedicationStatement, row: MedicationStatement) -> bool:
    return all(getattr(former, name) == getattr(row, name) for name in SAME)


def _halts_that_hold_on(rows: Sequence[MedicationStatement], former: Mapping[UUID, MedicationStatement]) -> list[Halt]:
    """What was said last of the versions before these, said of these, by the same person at the same time."""
    heirs = {row.supersedes_id: row for row in rows if row.supersedes_id}
    halted = [pk for pk, row in heirs.items() if former[pk].halt and _is_said_again(former[pk], row)]
    last = {halt.statement_id: halt for halt in Halt.objects.filter(statement__in=halted).order_by("said_at", "id")}
    told = ("patient_id", "act", "starts_at", "reason", "words", "said_at", "said_by_id")
    return [Halt(statement=heirs[pk], **{name: getattr(halt, name) for name in told}) for pk, halt in last.items()]
