"""Entries of one chart: what stands now, panels with their parts, and the versions of one entry."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from healthcare.accounts.models import User
from healthcare.db.prepared import AnyOf, prepared
from patients.models import Patient
from records.kinds.condition import PRESENT
from records.kinds.vital_signs import ORDER
from records.models import Encounter, Entry, EntryQuerySet

LONGEST_CHAIN = 50
LAST = len(ORDER)
HOLD_PARTS = ("vital_signs", "diagnostic_report")


def active_entries(user: User, patient: Patient, kind: str) -> EntryQuerySet:
    """The current versions of a kind, newest first, as far as this person may see them."""
    rows: EntryQuerySet = Entry.objects.visible_to(user).filter(patient_id=patient.pk).of_kind(kind)
    return rows.current().newest_first()


def active_conditions(user: User, patient: Patient) -> list[Entry]:
    """The problems that are present, the one named last first."""
    return list(active_entries(user, patient, "condition").filter(clinical_status__in=PRESENT))


# == Panels ==
def with_parts(user: User, patient: Patient, entries: Iterable[Entry]) -> list[Entry]:
    """The same entries; each panel has what is current under it as `parts`, in one query for all."""
    rows = list(entries)
    held = {row.pk: _held_under(row) for row in rows if row.kind in HOLD_PARTS and row.parent_id is None}
    panels = set(held.values())
    found: dict[UUID, list[Entry]] = {panel: [] for panel in panels}
    if panels:
        for part in _parts(user, patient, list(panels)):
            found[part.parent_id].append(part)
    for row in rows:
        if row.pk in held:
            row.parts = sorted(
                found[held[row.pk]], key=lambda part: ORDER.index(part.code) if part.code in ORDER else LAST
            )
    return rows


@prepared
def _parts(user: User, patient: Patient, panels: list[UUID]) -> "QuerySet[Any]":
    return Entry.objects.visible_to(user).filter(patient=patient, parent=AnyOf(panels)).current().order_by("id")


def _place(part: Entry) -> int:
    return ORDER.index(part.code) if part.code in ORDER else LAST


def _held_under(row: Entry) -> UUID:
    """Where its parts hang: on the first version of a report, whatever its source said later."""
    first = row.data.get("first")
    return UUID(first) if first else row.pk


# == One entry ==
def versions_of(user: User, entry: Entry) -> list[Entry]:
    """Every version this person may see, the first first. The chain is walked in one query, both ways."""
    rows = Entry.objects.visible_to(user).filter(patient_id=entry.patient_id).of_kind(entry.kind)
    same = rows.filter(parent_id=entry.parent_id).filter(Q(supersedes__isnull=False) | Q(superseded_at__isnull=False))
    known = {row.pk: row for row in same.select_related("author", "voided_by").order_by("id")}
    known[entry.pk] = entry
    later = {row.supersedes_id: row for row in known.values() if row.supersedes_id}
    first = entry
    while first.supersedes_id in known:
        first = known[first.supersedes_id]
    chain = [first]
    while chain[-1].pk in later and len(chain) < LONGEST_CHAIN:
        chain.append(later[chain[-1].pk])
    return chain


def family_of(user: User, entry: Entry) -> list[Entry]:
    """The entry, its other versions, and what stands under any of them: parts of a panel, addenda. Two queries."""
    versions = {row.pk: row for row in versions_of(user, entry)}
    under = Entry.objects.visible_to(user).filter(patient_id=entry.patient_id, parent_id__in=versions)
    return [entry, *(row for pk, row in versions.items() if pk != entry.pk), *under.order_by("id")]


def running_encounter(user: User, patient: Patient) -> Encounter | None:
    """The visit that goes on now, whoever holds it: what is recorded meanwhile belongs to it."""
    seen = Encounter.objects.visible_to(user).filter(patient_id=patient.pk, status="in_progress")
    return seen.order_by("-started_at", "-id").first()
