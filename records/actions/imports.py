"""Take what other systems tell of a patient: entries and visits, in bulk.

No fact is announced. Whoever listens to facts of the chart raises alerts, sends notices or bills; a history calls for
none of that, and thousands of facts would delay those that do. Its results were read where they were made.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from healthcare.accounts.models import User
from healthcare.audit import About, record_many
from healthcare.audit.changes import bulk_verb
from records.actions.writing import Content
from records.kinds import allergy, family_history, kind_of, surgical_history
from records.kinds.vital_signs import DISPLAYS
from records.models import Encounter, Entry
from records.models.entries import SUCCESSORS
from records.rules.ranges import Flag, worst_of
from records.rules.vitals import PANEL

VOID = "entered_in_error"
WRONG_THERE = "Marked as entered in error by the system it came from"
# Of these kinds somebody can say that there is none: the code that says it.
NONE_KNOWN = {kind.KIND.slug: kind.NONE_KNOWN for kind in (allergy, family_history, surgical_history)}
AT_ONCE = 500  # rows of one INSERT
COLUMNS = [field.attname for field in Entry._meta.concrete_fields]
# json, not jsonb: what `data` holds is parsed once, as the column's own type.
INSERT = f"""
INSERT INTO records_entry ({", ".join(COLUMNS)})
SELECT {", ".join(COLUMNS)} FROM json_populate_recordset(NULL::records_entry, %s)
"""  # noqa: S608


@dataclass(frozen=True)
class Arrival:
    """One entry that another system tells of. `before` is the entry of its earlier version here, `request_id` the order
    that it answers.

    A `private` one is shown to nobody outside the clinic before a clinician releases it.
    """

    patient_id: UUID
    source: str
    content: Content
    effective_at: datetime
    record_status: str = "final"
    private: bool = False
    encounter_id: UUID | None = None
    request_id: UUID | None = None
    parent_id: UUID | None = None
    before: UUID | None = None


@dataclass(frozen=True)
class Visit:
    """A visit elsewhere. `before` is its row of an earlier import; `kept` the entry that held it until now."""

    patient_id: UUID
    source: str
    started_at: datetime
    finished_at: datetime
    reason: str = ""
    wrong: bool = False
    told: Mapping[str, Any] = field(default_factory=dict)
    before: UUID | None = None
    kept: UUID | None = None


@transaction.atomic
def take_entries(*, by: User | None, arrivals: Sequence[Arrival], now: datetime) -> list[Entry | None]:
    """Write these entries, or their next versions; the answers stand in the order of the arrivals.

    A changed one supersedes its version before, one in error voids it. None is the answer where somebody here has
    replaced, voided or signed that version: their word stands. Vital signs of one taking get a panel of their own; an
    allergy ends that none was known. Announces nothing. Raises NotOfKind, and IntegrityError for a row that breaks a
    constraint: then nothing of it is written.
    """
    for arrival in arrivals:
        kind_of(arrival.content.kind).schema.check(arrival.content.data)
    before = _locked(arrivals)
    panels, arrivals = _with_panels(by, arrivals, now)
    answers: list[Entry | None] = []
    rows, voided, replaced = list(panels), [], []
    for arrival in arrivals:
        former = before.get(arrival.before) if arrival.before else None
        if former is not None and (former.superseded_at or former.voided_at or former.signed_at):
            again = former.void_reason == WRONG_THERE  # void by its own source, which now says otherwise
            answers.append(_row(by, arrival, None, now) if again else None)
        elif former is not None and arrival.record_status == VOID:
            voided.append(former)
            answers.append(former)
            continue
        else:
            answers.append(_row(by, arrival, former, now))
            replaced += [former] if former else []
        rows += [answers[-1]] if answers[-1] else []
    replaced += _none_known_over(rows)
    with bulk_verb():
        _set(voided, record_status=VOID, voided_at=now, voided_by=by, void_reason=WRONG_THERE, updated_at=now)
        _set(replaced, superseded_at=now, updated_at=now)
    _insert(rows, now)
    record_many("records.take_entries", by=by, about=_about([*rows, *voided]))
    return answers


@transaction.atomic
def take_encounters(*, by: User | None, visits: Sequence[Visit], now: datetime) -> list[Encounter]:
    """Write visits that took place elsewhere, or bring them to what their source says now; in their order.

    They have no provider, site, note or bill here, and nothing is announced of them.
    """
    known = {row.pk: row for row in _encounters(visits)}
    rows = [_encounter(visit, known.get(visit.before) if visit.before else None, now) for visit in visits]
    with bulk_verb():
        Encounter.objects.bulk_create([row for row in rows if row.pk not in known], batch_size=AT_ONCE)
        changed = ["started_at", "finished_at", "status", "reason", "told", "updated_at"]
        Encounter.objects.bulk_update([row for row in rows if row.pk in known], changed, batch_size=AT_ONCE)
    kept = [visit.kept for visit in visits if visit.kept]
    if kept:
        retire_kept(by=by, patient_ids={visit.patient_id for visit in visits}, entry_ids=kept, now=now)
    record_many("records.take_encounters", by=by, about=_about(rows))
    return rows


@transaction.atomic
def retire_kept(*, by: User | None, patient_ids: Collection[UUID], entry_ids: Collection[UUID], now: datetime) -> int:
    """Entries of the kind "imported" whose resources have a model of their own now are no longer current.

    Returns how many were. What they hold stays, as every former version does.
    """
    kept = Entry.objects.current().of_kind("imported").filter(patient_id__in=patient_ids, pk__in=entry_ids)
    rows = list(kept.select_for_update(of=("self",)).order_by("id"))
    with bulk_verb():
        _set(rows, superseded_at=now, updated_at=now)
    record_many("records.retire_kept", by=by, about=_about(rows))
    return len(rows)


# == Entries ==
def _locked(arrivals: Sequence[Arrival]) -> dict[UUID, Entry]:
    ids = [arrival.before for arrival in arrivals if arrival.before]
    if not ids:
        return {}
    rows = Entry.objects.filter(patient_id__in={arrival.patient_id for arrival in arrivals}, pk__in=ids)
    return {row.pk: row for row in rows.select_for_update(of=("self",)).order_by("id")}


def _row(by: User | None, arrival: Arrival, former: Entry | None, now: datetime) -> Entry:
    content = arrival.content
    mark = content.sensitivity or (former.sensitivity if former else "")  # what was marked here, stays
    void = arrival.record_status == VOID
    at_once = kind_of(content.kind).is_released(content) and not arrival.private and not void
    row = Entry(
        patient_id=arrival.patient_id,
        encounter_id=arrival.encounter_id,
        parent_id=former.parent_id if former else arrival.parent_id,
        supersedes=former,
        source=arrival.source,
        effective_at=arrival.effective_at,
        enterer=by,
        record_status=_next_status(former, arrival.record_status) if former else arrival.record_status,
        released_at=now if at_once else None,
        voided_at=now if void else None,
        void_reason=WRONG_THERE if void else "",
        **{name: getattr(content, name) for name in Content.__dataclass_fields__} | {"sensitivity": mark},
    )
    row.request_id = arrival.request_id or (former.request_id if former else None)
    return row


def _next_status(former: Entry, wanted: str) -> str:
    """What a later version may be; more is known where its source says no more than that it is final."""
    allowed = SUCCESSORS[former.record_status]
    return wanted if wanted in allowed else "amended" if "amended" in allowed else "final"


def _insert(rows: Sequence[Entry], now: datetime) -> None:
    """As one JSON document a statement, which Python writes and PostgreSQL reads in C: arrays of a parameter a column
    would have every quote of every resource escaped one by one. Of a profiled import `bulk_create` took 47 s of 102;
    this takes 5 of 30."""
    for row in rows:
        row.created_at = row.updated_at = now
    with connection.cursor() as cursor:
        for start in range(0, len(rows), AT_ONCE):
            told = [{name: getattr(row, name) for name in COLUMNS} for row in rows[start : start + AT_ONCE]]
            cursor.execute(INSERT, [json.dumps(told, default=str)])


def _set(rows: Iterable[Entry], **changes: Any) -> None:
    """One UPDATE for all, of the partitions of their patients alone."""
    rows = list(rows)
    if rows:
        patients = {row.patient_id for row in rows}
        Entry.objects.filter(patient_id__in=patients, pk__in=[row.pk for row in rows]).update(**changes)


# == Vital signs of one taking ==
def _with_panels(by: User | None, arrivals: Sequence[Arrival], now: datetime) -> tuple[list[Entry], Sequence[Arrival]]:
    """Measures that came one by one, tied to a panel a taking: the one that stands there, or a new one."""
    takings: dict[tuple[Any, ...], list[Arrival]] = defaultdict(list)
    for one in arrivals:
        if _stands_alone(one):
            takings[_taking(one)].append(one)
    if not takings:
        return [], arrivals
    known = Entry.objects.current().filter(
        patient_id__in={key[0] for key in takings}, code=PANEL, effective_at__in={key[2] for key in takings}
    )
    panels = {_taking(row): row for row in known.exclude(source="").order_by("id")}
    made = {key: _panel(by, parts, now) for key, parts in takings.items() if key not in panels}
    parents = {key: row.pk for key, row in (panels | made).items()}
    return list(made.values()), [
        replace(one, parent_id=parents[_taking(one)]) if _stands_alone(one) else one for one in arrivals
    ]


def _stands_alone(arrival: Arrival) -> bool:
    return arrival.content.kind == "vital_signs" and arrival.before is None and arrival.parent_id is None


def _taking(one: Arrival | Entry) -> tuple[Any, ...]:
    return one.patient_id, one.encounter_id, one.effective_at, one.source


def _panel(by: User | None, parts: Sequence[Arrival], now: datetime) -> Entry:
    worst = worst_of(Flag(part.content.data.get("flag", "")) for part in parts)
    data = {name: parts[0].content.data[name] for name in ("precision",) if name in parts[0].content.data}
    content = Content(
        kind="vital_signs",
        code=PANEL,
        code_system="loinc",
        display=DISPLAYS[PANEL],
        data=data | {"flag": worst.value},
        sensitivity=_common_mark([part.content.sensitivity for part in parts]),
    )
    return _row(by, replace(parts[0], content=content, record_status="final"), None, now)


def _common_mark(marks: Sequence[str]) -> str:
    """Of a panel: the mark of its parts, where all have the same; it says nothing that they do not say."""
    return marks[0] if len(set(marks)) == 1 else ""


# == None known ==
def _none_known_over(rows: Iterable[Entry]) -> list[Entry]:
    """What said that none was known, of the patients of whom one is told now; the first of these replaces it."""
    first: dict[tuple[UUID, str], Entry] = {}
    for row in rows:
        counts = row.kind in NONE_KNOWN and (row.kind != "allergy" or row.clinical_status == "active")
        if counts and row.code != NONE_KNOWN[row.kind] and row.supersedes_id is None and row.voided_at is None:
            first.setdefault((row.patient_id, row.kind), row)
    if not first:
        return []
    patients = {patient_id for patient_id, _kind in first}
    standing = Entry.objects.current().filter(patient_id__in=patients, code__in=NONE_KNOWN.values())
    locked = standing.select_for_update(of=("self",)).order_by("id")
    found = {place: row for row in locked if (place := (row.patient_id, row.kind)) in first}
    for place, row in found.items():
        first[place].supersedes, first[place].record_status = row, "amended"
    return list(found.values())


# == Visits ==
def _encounters(visits: Sequence[Visit]) -> list[Encounter]:
    ids = [visit.before for visit in visits if visit.before]
    rows = Encounter.objects.filter(pk__in=ids).exclude(source="").select_for_update(of=("self",))
    return list(rows.order_by("id")) if ids else []


def _encounter(visit: Visit, row: Encounter | None, now: datetime) -> Encounter:
    row = row or Encounter(patient_id=visit.patient_id, source=visit.source)
    row.started_at, row.finished_at = visit.started_at, visit.finished_at
    row.status = Encounter.Status.ENTERED_IN_ERROR if visit.wrong else Encounter.Status.FINISHED
    row.reason, row.told, row.updated_at = visit.reason, dict(visit.told), now
    return row


# == Audit ==
def _about(rows: Iterable[Entry | Encounter]) -> list[About]:
    """One event a patient: how many, of which kinds."""
    by_patient: dict[UUID, list[str]] = defaultdict(list)
    for row in rows:
        by_patient[row.patient_id].append(row.kind if isinstance(row, Entry) else "encounter")
    return [
        About(patient_id=patient_id, detail={"rows": len(kinds), "kinds": sorted(set(kinds))})
        for patient_id, kinds in by_patient.items()
    ]
