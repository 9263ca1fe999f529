"""Entries of one chart: what stands now, the timeline by keyset, and the versions of one entry."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from healthcare.accounts.models import User
from healthcare.db.prepared import AnyOf, prepared
from patients.models import Patient
from records.kinds.condition import PRESENT
from records.kinds.vital_signs import ORDER
from records.models import Encounter, Entry, EntryQuerySet

PAGE = 30
LONGEST_CHAIN = 50
LAST = len(ORDER)
IMPORTED = "imported"
HOLD_PARTS = ("vital_signs", "diagnostic_report")


def active_entries(user: User, patient: Patient, kind: str) -> EntryQuerySet:
    """The current versions of a kind, newest first, as far as this person may see them."""
    rows: EntryQuerySet = Entry.objects.visible_to(user).filter(patient_id=patient.pk).of_kind(kind)
    return rows.current().newest_first()


def active_conditions(user: User, patient: Patient) -> list[Entry]:
    """The problems that are present, the one named last first."""
    return list(active_entries(user, patient, "condition").filter(clinical_status__in=PRESENT))


# == The timeline ==
@dataclass(frozen=True)
class TimelinePage:
    """Up to 30 entries that stand by themselves, newest first; `after` is where the next page goes on."""

    entries: Sequence[Entry]
    after: UUID | None


def timeline(
    user: User, patient: Patient, *, kind: str = "", after: UUID | None = None, with_old: bool = False
) -> TimelinePage:
    """A page of the chart by the time each entry was true of the patient; keyset, so flat however long the chart.

    Void and replaced entries are left out unless `with_old`; what other systems told and no kind holds unless `kind`
    asks for it: bills of years would bury the chart. Panels carry their parts as `parts`. At most 3 queries.
    """
    if after is None:
        page = first_page(_newest(user, patient, kind, with_old, PAGE + 1))
    else:
        page = page_of(user, patient, _told(user, patient, kind, with_old), after=after)
    return TimelinePage(entries=with_parts(user, patient, page.entries), after=page.after)


@prepared
def _newest(user: User, patient: Patient, kind: str, with_old: bool, at_most: int) -> EntryQuerySet:
    return _told(user, patient, kind, with_old).select_related("author").newest_first()[:at_most]


def _told(user: User, patient: Patient, kind: str, with_old: bool) -> EntryQuerySet:
    rows: EntryQuerySet = Entry.objects.visible_to(user).filter(patient=patient).top()
    rows = rows if with_old else rows.current()
    return rows.of_kind(kind) if kind else rows.exclude(kind=IMPORTED)


def first_page(found: Sequence[Entry]) -> TimelinePage:
    """Of one row more than a page holds."""
    return TimelinePage(entries=found[:PAGE], after=found[PAGE - 1].pk if len(found) > PAGE else None)


def page_of(user: User, patient: Patient, rows: EntryQuerySet, *, after: UUID | None = None) -> TimelinePage:
    """A page of these rows, newest first. An `after` that is not visible begins anew. At most 2 queries."""
    last = Entry.objects.visible_to(user).filter(patient_id=patient.pk, pk=after).first() if after else None
    if last:
        rows = rows.filter(_behind(last))
    return first_page(list(rows.select_related("author").newest_first()[: PAGE + 1]))


def _behind(last: Entry) -> Q:
    """Rows behind this one; the first condition repeats the second's, for the index."""
    same = Q(effective_at=last.effective_at, pk__lt=last.pk)
    return Q(effective_at__lte=last.effective_at) & (Q(effective_at__lt=last.effective_at) | same)


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
