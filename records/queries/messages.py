"""Reads of threads for lists: the inbox of the clinic, the threads of one patient."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import BooleanField, Count, Exists, F, Min, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import OrderBy

from healthcare.accounts.models import Membership, User
from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import PATIENT
from healthcare.db.prepared import Whole, prepared
from patients.models import CareRelationship, Patient
from records.models import Message, Thread
from records.models.messages import ThreadQuerySet, in_pools_of, owned_by
from records.rules.messages import CLOSED_SHOWN

MOST = 100  # threads of one list


class Shown(StrEnum):
    """The lists of the inbox."""

    WAITING = "waiting"
    MINE = "mine"
    POOLS = "pools"
    UNASSIGNED = "unassigned"
    WITH_PATIENTS = "with_patients"
    SENT = "sent"
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
    """What lies in one list of this person's inbox: urgent first, then by when an answer was promised, so that what is
    overdue comes next; sent and closed ones of the last 30 days, the newest first."""
    since = now - CLOSED_SHOWN
    *counts, urgent, oldest = _counted(user, since)[0]
    return Inbox(
        lines=[line_of(thread, now, unread=thread.not_read) for thread in _listed(user, shown, since, at_most)],
        counts={kind.value: count for kind, count in zip(Shown, counts, strict=True)},
        oldest=oldest,
        urgent=urgent,
    )


@prepared
def _listed(user: User, shown: Shown, since: datetime, at_most: int) -> "QuerySet[Any]":
    """`not_read`: the patient has not read what was sent; asked in the list of sent ones alone."""
    reached = _reached(user)
    lists = {
        Shown.WAITING: reached.waiting(),
        Shown.MINE: reached.open().owned_by(user),
        Shown.POOLS: reached.open().in_pools_of(user),
        Shown.UNASSIGNED: reached.open().unassigned(),
        Shown.WITH_PATIENTS: reached.with_patients(),
        Shown.SENT: reached.filter(_sent_by(user, since)),
        Shown.CLOSED: reached.closed().filter(closed_at__gte=since),
    }
    order = {Shown.CLOSED: [F("closed_at").desc()], Shown.SENT: [F("last_at").desc()]}.get(shown, _waiting_first())
    unread: Any = Value(False, BooleanField())
    if shown is Shown.SENT:
        unread = Exists(Message.objects.unread().to_patients().filter(thread=OuterRef("pk"), author=user))
    listed = lists[shown].annotate(not_read=unread)
    return listed.select_related("patient", "site", "pool", "provider", "taken_by").order_by(*order, "id")[:at_most]


@prepared
def waiting_for(user: User, at_most: int = MOST) -> "QuerySet[Any]":
    """Patients' messages that wait for an answer of this person: theirs, of their pools, and nobody's."""
    nobodys = Q(taken_by__is_active=False) | Q(taken_by=None, pool=None, provider=None)
    theirs = owned_by(user) | in_pools_of(user) | nobodys
    waiting = _reached(user).waiting().filter(theirs).select_related("patient")
    return waiting.order_by(*_waiting_first(), "id")[:at_most]


def line_of(thread: Thread, now: datetime, *, unread: bool = False) -> Line:
    return Line(thread=thread, due=thread.due_at, late=thread.due_at is not None and thread.due_at < now, unread=unread)


def lines_of_patient(user: User, patient: Patient, now: datetime, *, at_most: int = MOST) -> list[Line]:
    """The threads of a patient, the last written first; unread ones hold something new for this reader's side."""
    return [line_of(thread, now, unread=thread.has_new) for thread in _of_patient(user, patient, at_most)]


@prepared
def _of_patient(user: User, patient: Patient, at_most: int) -> "QuerySet[Any]":
    new = Message.objects.unread().filter(thread=OuterRef("pk"), to_patient=user.acting_role == PATIENT)
    threads = Thread.objects.visible_to(user).filter(patient=patient).annotate(has_new=Exists(new))
    return threads.select_related("site", "pool", "provider", "taken_by").order_by("-last_at", "id")[:at_most]


def reads_messages_of(user: User, patient: Patient) -> bool:
    """Whether messages with this patient are open to this person: no access is not an empty list."""
    return Patient.objects.visible_to(user, Scope.MESSAGE).filter(pk=patient.pk).exists()


def has_portal_reader(patient: Patient) -> bool:
    """Whether anybody would read in the portal what the clinic writes: the patient, or who acts for them."""
    readers = [CareRelationship.Kind.SELF, CareRelationship.Kind.PROXY]
    return CareRelationship.objects.current().filter(patient=patient, kind__in=readers).exists()


def _reached(user: User) -> ThreadQuerySet:
    """Of the sites where this person works in this role, of their pools, and what is theirs elsewhere."""
    here = Membership.objects.current().filter(user=user, role=user.acting_role or "").values("site")
    threads: ThreadQuerySet = Thread.objects.visible_to(user)
    return threads.filter(Q(site__in=here) | owned_by(user) | in_pools_of(user))


def _sent_by(user: User, since: datetime) -> Q:
    sent = Message.objects.to_patients().filter(author=user, sent_at__gte=since)
    return Q(pk__in=sent.values("thread"))


def _waiting_first() -> list[OrderBy]:
    return [F("urgent").desc(), F("due_at").asc(nulls_last=True), F("last_at").desc()]


@prepared
def _counted(user: User, since: datetime) -> "QuerySet[Any, Any]":
    """All counts in one query: of each list in their order, of the urgent ones, and since when the oldest waits."""
    is_open = ~Q(status="closed")
    counts = {
        Shown.WAITING: Q(waiting_since__isnull=False),
        Shown.MINE: is_open & owned_by(user),
        Shown.POOLS: is_open & in_pools_of(user),
        Shown.UNASSIGNED: is_open & (Q(taken_by=None) | Q(taken_by__is_active=False)),
        Shown.WITH_PATIENTS: Q(status="asked"),
        Shown.SENT: _sent_by(user, since),
        Shown.CLOSED: Q(status="closed", closed_at__gte=since),
    }
    told = [Whole(Count("pk", filter=counts[kind])) for kind in Shown]
    return _reached(user).values_list(*told, Whole(Count("pk", filter=Q(urgent=True))), Whole(Min("waiting_since")))
