"""The timeline of one chart: by the time each entry was true of the patient, narrowed, a page at a time by keyset."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Case, Q, Value, When

from healthcare.accounts.models import User
from healthcare.db.prepared import prepared
from patients.models import Patient
from records.models import Encounter, Entry, EntryQuerySet
from records.queries.entries import with_parts

PAGE = 30
IMPORTED = "imported"


@dataclass(frozen=True)
class Narrowing:
    """What of a chart is asked for; nothing named: everything that stands.

    `begins` (included) and `ends` (not included) are of when it was true of the patient. `since` is of the record: what
    others wrote, replaced or took back from that moment on. `mine`: what one wrote oneself. `with_old`: void and
    replaced versions, too.
    """

    kind: str = ""
    begins: datetime | None = None
    ends: datetime | None = None
    since: datetime | None = None
    mine: bool = False
    with_old: bool = False


@dataclass(frozen=True)
class TimelinePage:
    """Up to 30 entries that stand by themselves, newest first; `after` is where the next page goes on."""

    entries: Sequence[Entry]
    after: UUID | None


EVERYTHING = Narrowing()


def timeline(
    user: User, patient: Patient, narrowing: Narrowing = EVERYTHING, *, after: UUID | None = None
) -> TimelinePage:
    """A page of the chart by the time each entry was true of the patient; keyset, so flat however long the chart.

    What other systems told and no kind holds is left out unless the kind asks for it: bills of years would bury the
    chart. Panels carry their parts as `parts`. At most 3 queries, and two settings where it is narrowed.
    """
    if narrowing == EVERYTHING and after is None:
        page = first_page(_newest(user, patient, PAGE + 1))
    else:
        with _along_an_index():
            page = page_of(user, patient, _told(user, patient, narrowing), after=after, begins=narrowing.begins)
    return TimelinePage(entries=with_parts(user, patient, page.entries), after=page.after)


@prepared
def _newest(user: User, patient: Patient, at_most: int) -> EntryQuerySet:
    return _told(user, patient, EVERYTHING).select_related("author").newest_first()[:at_most]


def _told(user: User, patient: Patient, asked: Narrowing) -> EntryQuerySet:
    rows: EntryQuerySet = Entry.objects.visible_to(user).filter(patient=patient).top()
    rows = rows.of_kind(asked.kind) if asked.kind else rows.exclude(kind=IMPORTED)
    if asked.ends is not None:
        rows = rows.filter(effective_at__lt=asked.ends)
    if asked.mine:
        rows = rows.filter(Q(author=user) | Q(enterer=user))
    if asked.since is not None:
        written = Q(created_at__gte=asked.since) & ~Q(author=user)
        rows = rows.filter(written | Q(voided_at__gte=asked.since) & ~Q(voided_by=user))
        return rows if asked.with_old else rows.filter(superseded_at=None)
    return rows if asked.with_old else rows.current()


@contextmanager
def _along_an_index() -> Iterator[None]:
    """The plan that fits all charts expects a short one, and would read and sort all of a long one for its first page.

    An error ends the transaction, and the setting with it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off")
        yield
        cursor.execute("SET LOCAL enable_sort = on")


def first_page(found: Sequence[Entry]) -> TimelinePage:
    """Of one row more than a page holds."""
    return TimelinePage(entries=found[:PAGE], after=found[PAGE - 1].pk if len(found) > PAGE else None)


def page_of(
    user: User, patient: Patient, rows: EntryQuerySet, *, after: UUID | None = None, begins: datetime | None = None
) -> TimelinePage:
    """A page of these rows, newest first. An `after` that is not visible begins anew. At most 2 queries.

    What was true before `begins` is left out here: between two bounds the database expects so few rows that it would
    read and sort all of them, however many years lie between.
    """
    last = Entry.objects.visible_to(user).filter(patient_id=patient.pk, pk=after).first() if after else None
    if last:
        rows = rows.filter(_behind(last))
    found = rows.select_related("author").newest_first()[: PAGE + 1]
    return first_page([entry for entry in found if begins is None or entry.effective_at >= begins])


def _behind(last: Entry) -> Q:
    """Rows behind this one; the first condition repeats the second's, for the index."""
    same = Q(effective_at=last.effective_at, pk__lt=last.pk)
    return Q(effective_at__lte=last.effective_at) & (Q(effective_at__lt=last.effective_at) | same)


# == Since the last visit ==
def last_visit(user: User, patient: Patient) -> Encounter | None:
    """The visit after which everything is news to this person: the last that they held with the patient and that is
    over; where they held none, the last of anybody. Visits that other systems told of do not count. One query.
    """
    own = Case(When(provider__user=user, then=Value(0)), default=Value(1))
    over = Encounter.objects.visible_to(user).filter(patient=patient, status="finished", source="")
    return over.select_related("provider").order_by(own, "-started_at", "-pk").first()
