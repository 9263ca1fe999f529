"""Reads of threads for lists: the inbox of the clinic, the threads of one patient."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet
from django.db.models.expressions import OrderBy

from healthcare.accounts.models import Membership, User
from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import PATIENT
from healthcare.db.prepared import AnyOf, Whole, prepared
from patients.models import CareRelationship, Patient, reach_of
from records.models import Message, Thread
from records.models.messages import ThreadQuerySet
from records.rules.messages import CLOSED_SHOWN, answer_due

MOST = 100  # threads of one list


class Shown(StrEnum):
    """The lists of the inbox."""

    WAITING = "waiting"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    CLOSED = "closed"


@dataclass(frozen=True)
class Line:
    """A thread in a list: until when an answer is promised, and whether that has passed; None where none waits."""

    thread: Thread
    due: datetime | None
    late: bool
    unread: bool = False


@dataclass(frozen=True)
class Inbox:
    """At most 100 lines of one list, and how many stand in each; `oldest` waits longest of all."""

    lines: Sequence[Line]
    counts: dict[str, int]
    oldest: datetime | None = None
    urgent: int = 0

    @property
    def cut(self) -> bool:
        return len(self.lines) == MOST


def inbox_of(user: User, shown: Shown, now: datetime, *, at_most: int = MOST) -> Inbox:
    """What lies in one list of this person's inbox: urgent first, then what waits longest; the closed newest first."""
    closed_since = now - CLOSED_SHOWN
    *counts, urgent, oldest = _counted(user, closed_since)[0]
    return Inbox(
        lines=[line_of(thread, now) for thread in _listed(user, shown, closed_since, at_most)],
        counts={kind.value: count for kind, count in zip(Shown, counts, strict=True)},
        oldest=oldest,
        urgent=urgent,
    )


@prepared
def _listed(user: User, shown: Shown, closed_since: datetime, at_most: int) -> "QuerySet[Thread]":
    pool = _pool(user)
    lists = {
        Shown.WAITING: pool.waiting(),
        Shown.MINE: pool.open().taken_by(user),
        Shown.UNASSIGNED: pool.open().unassigned(),
        Shown.CLOSED: pool.closed().filter(closed_at__gte=closed_since),
    }
    order = [F("closed_at").desc()] if shown is Shown.CLOSED else _waiting_first()
    return lists[shown].select_related("patient", "site", "taken_by").order_by(*order, "id")[:at_most]


def line_of(thread: Thread, now: datetime, *, unread: bool = False) -> Line:
    due = answer_due(thread.waiting_since, thread.site.time_zone) if thread.waiting_since else None
    return Line(thread=thread, due=due, late=due is not None and due < now, unread=unread)


def lines_of_patient(user: User, patient: Patient, now: datetime, *, at_most: int = MOST) -> list[Line]:
    """The threads of a patient, the last written first; unread ones hold something new for this reader's side."""
    return [line_of(thread, now, unread=thread.has_new) for thread in _of_patient(user, patient, at_most)]


@prepared
def _of_patient(user: User, patient: Patient, at_most: int) -> "QuerySet[Any]":
    new = Message.objects.unread().filter(thread=OuterRef("pk"), to_patient=user.acting_role == PATIENT)
    threads = Thread.objects.visible_to(user).filter(patient=patient).annotate(has_new=Exists(new))
    return threads.select_related("site", "taken_by").order_by("-last_at", "id")[:at_most]


def reads_messages_of(user: User, patient: Patient) -> bool:
    """Whether messages with this patient are open to this person: no access is not an empty list."""
    return Patient.objects.visible_to(user, Scope.MESSAGE).filter(pk=patient.pk).exists()


def has_portal_reader(patient: Patient) -> bool:
    """Whether anybody would read in the portal what the clinic writes: the patient, or who acts for them."""
    readers = [CareRelationship.Kind.SELF, CareRelationship.Kind.PROXY]
    return CareRelationship.objects.current().filter(patient=patient, kind__in=readers).exists()


def _pool(user: User) -> ThreadQuerySet:
    """Of the sites where this person works in this role, and what they took elsewhere."""
    here = Membership.objects.current().filter(user=user, role=user.acting_role or "").values("site")
    return Thread.objects.visible_to(user).filter(Q(site__in=here) | Q(taken_by=AnyOf(reach_of(user).people)))


def _waiting_first() -> list[OrderBy]:
    return [F("urgent").desc(), F("waiting_since").asc(nulls_last=True), F("last_at").desc()]


@prepared
def _counted(user: User, closed_since: datetime) -> "QuerySet[Any, Any]":
    """All counts in one query: of each list in their order, of the urgent ones, and since when the oldest waits."""
    is_open, waits = Q(status="open"), Q(status="open", waiting_since__isnull=False)
    nobodys = Q(taken_by=None) | Q(taken_by__is_active=False)
    counts = {
        Shown.WAITING: waits,
        Shown.MINE: is_open & Q(taken_by=AnyOf(reach_of(user).people)),
        Shown.UNASSIGNED: is_open & nobodys,
        Shown.CLOSED: Q(status="closed", closed_at__gte=closed_since),
    }
    told = [Whole(Count("pk", filter=counts[kind])) for kind in Shown]
    return _pool(user).values_list(*told, Whole(Count("pk", filter=Q(urgent=True))), Whole(Min("waiting_since")))
