"""Entries of one chart: what stands now, the timeline by keyset, and the versions of one entry."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from healthcare.accounts.models import User
from patients.models import Patient
from records.kinds.condition import PRESENT
from records.kinds.vital_signs import ORDER
from records.models import Encounter, Entry, EntryQuerySet

PAGE = 30
LONGEST_CHAIN = 50
LAST = len(ORDER)


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

    Void and replaced entries are left out unless `with_old`. An `after` that is not visible begins anew. Panels carry
    their parts as `parts`. At most 3 queries.
    """
    rows = Entry.objects.visible_to(user).filter(patient_id=patient.pk).top()
    rows = rows if with_old else rows.current()
    rows = rows.of_kind(kind) if kind else rows
    last = Entry.objects.visible_to(user).filter(patient_id=patient.pk, pk=after).first() if after else None
    if last:
        rows = rows.filter(_behind(last))
    found = list(rows.select_related("author").newest_first()[: PAGE + 1])
    entries = with_parts(user, patient, found[:PAGE])
    return TimelinePage(entries=entries, after=entries[-1].pk if len(found) > PAGE else None)


def _behind(last: Entry) -> Q:
    """Rows behind this one; the first condition repeats the second's, for the index."""
    same = Q(effective_at=last.effective_at, pk__lt=last.pk)
    return Q(effective_at__lte=last.effective_at) & (Q(effective_at__lt=last.effective_at) | same)


def with_parts(user: User, patient: Patient, entries: Iterable[Entry]) -> list[Entry]:
    """The same entries; each panel has what is current under it as `parts`, in one query for all."""
    rows = list(entries)
    panels = [row.pk for row in rows if row.kind == "vital_signs" and row.parent_id is None]
    found: dict[UUID, list[Entry]] = {panel: [] for panel in panels}
    if panels:
        parts = Entry.objects.visible_to(user).filter(patient_id=patient.pk, parent_id__in=panels).current()
        for part in parts.order_by("id"):
            found[part.parent_id].append(part)
    for row in rows:
        if row.pk in found:
            row.parts = sorted(found[row.pk], key=lambda part: ORDER.index(part.code) if part.code in ORDER else LAST)
    return rows


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


def running_encounter(user: User, patient: Patient) -> Encounter | None:
    """The visit that goes on now, whoever holds it: what is recorded meanwhile belongs to it."""
    seen = Encounter.objects.visible_to(user).filter(patient_id=patient.pk, status="in_progress")
    return seen.order_by("-started_at", "-id").first()
