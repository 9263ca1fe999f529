from typing import ClassVar, Self, TypeAlias

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider, Site, User
from healthcare.accounts.permissions import Scope
from healthcare.db.fields import EncryptedTextField
from healthcare.db.prepared import AnyOf
from healthcare.db.privileges import Access
from healthcare.events.models import DueWork, DueWorkQuerySet
from patients.models import PatientOwned, PatientOwnedQuerySet, reach_of, within_reach
from records.models.pools import Category as About
from records.models.pools import Pool, PoolMember

# What may change of a thread; whose it is, by whom begun and what about, never does.
THREAD_LIFE = (
    "status",
    "pool_id",
    "taken_by_id",
    "taken_at",
    "last_at",
    "waiting_since",
    "due_at",
    "urgent",
    "reopened_at",
    "closed_at",
    "closed_by_id",
    "next_at",
    "handed_until",
    "updated_at",
)
MESSAGE_WRITES = "SELECT, INSERT, UPDATE (read_at, read_by_id, updated_at)"


class ThreadQuerySet(DueWorkQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(within_reach(user, self.model.scope))

    def open(self) -> Self:
        """Not closed: new, at work, or with the patient."""
        return self.exclude(status="closed")

    def closed(self) -> Self:
        return self.filter(status="closed")

    def waiting(self) -> Self:
        """For an answer of the clinic."""
        return self.open().filter(waiting_since__isnull=False)

    def with_patients(self) -> Self:
        """Waiting for the patient."""
        return self.filter(status="asked")

    def unassigned(self) -> Self:
        """Nobody's: never taken, or taken by somebody who has left."""
        return self.filter(Q(taken_by=None) | Q(taken_by__is_active=False))

    def owned_by(self, user: User) -> Self:
        """Taken by this person or addressed to them, or to a colleague in whose place they stand."""
        return self.filter(owned_by(user))

    def in_pools_of(self, user: User) -> Self:
        return self.filter(in_pools_of(user))


def owned_by(user: User) -> Q:
    people = AnyOf(reach_of(user).people)
    return Q(taken_by=people) | Q(taken_by=None, provider__user=people)


def in_pools_of(user: User) -> Q:
    """Of the pools where this person answers, or somebody in whose place they stand."""
    members = PoolMember.objects.current().filter(user=AnyOf(reach_of(user).people))
    return Q(pool__in=members.values("pool"))


class Thread(DueWork, PatientOwned):
    """One matter between a patient and the care team of a site; it lies in a pool or is addressed to a provider, and
    one person owns it, once somebody took it.

    There is no subject line: a category says enough for a list, and nothing that a stranger should read. `due_at` is
    what was promised when the patient began to wait, and `next_at` when it is said that this has passed.
    """

    Category: TypeAlias = About

    class Status(models.TextChoices):
        NEW = "new", _("New")
        OPEN = "open", _("Open")
        ASKED = "asked", _("Waiting for the patient")
        CLOSED = "closed", _("Closed")

    scope: ClassVar[Scope] = Scope.MESSAGE
    database_access: ClassVar[Access] = Access(
        web=f"SELECT, INSERT, UPDATE ({', '.join(THREAD_LIFE)})",
        worker=f"SELECT, INSERT, UPDATE ({', '.join(THREAD_LIFE)}, queue, attempts, error)",
    )

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    pool = models.ForeignKey(Pool, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(
        Provider,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("To whom the patient wrote, where it was to one person."),
    )
    category = models.CharField(_("about"), max_length=8, choices=About)
    source = models.CharField(
        max_length=80, blank=True, help_text=_("app.model:id of what it is about; each reader has it resolved.")
    )
    status = models.CharField(max_length=6, choices=Status, default=Status.NEW)
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    taken_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField(help_text=_("When the last message was sent."))
    waiting_since = models.DateTimeField(
        null=True, blank=True, help_text=_("Since the first message of the patient that nobody answered.")
    )
    due_at = models.DateTimeField(null=True, blank=True, help_text=_("By when an answer was promised."))
    urgent = models.BooleanField(default=False, help_text=_("What waits has words of an emergency in it."))
    reopened_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When somebody last wrote into it after it was closed.")
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = ThreadQuerySet.as_manager()  # type: ignore[assignment, misc]

    class Meta(DueWork.Meta):
        indexes = [
            *DueWork.Meta.indexes,
            models.Index(fields=["patient", "-last_at"], name="thread_by_patient"),
            models.Index(
                fields=["site", "due_at"],
                condition=Q(waiting_since__isnull=False),
                name="thread_waits",
            ),
            models.Index(fields=["taken_by", "last_at"], condition=~Q(status="closed"), name="thread_by_owner"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["new", "open", "asked", "closed"]), name="thread_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False, closed_by__isnull=False)
                | ~Q(status="closed") & Q(closed_at=None, closed_by=None),
                name="thread_closed_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(taken_at=None, taken_by=None) | Q(taken_at__isnull=False, taken_by__isnull=False),
                name="thread_taken_says_who_and_when",
            ),
            models.CheckConstraint(condition=~Q(status="new") | Q(taken_by=None), name="thread_new_is_nobodys"),
            models.CheckConstraint(
                condition=Q(status__in=["new", "open"]) | Q(waiting_since=None),
                name="thread_waits_for_one_side",
            ),
            models.CheckConstraint(
                condition=Q(waiting_since=None, due_at=None, next_at=None)
                | Q(waiting_since__isnull=False, due_at__isnull=False),
                name="thread_that_waits_is_promised",
            ),
            models.CheckConstraint(
                condition=Q(urgent=False) | Q(waiting_since__isnull=False), name="thread_urgent_while_it_waits"
            ),
            models.CheckConstraint(
                condition=Q(source="") | Q(source__regex=r"^[a-z]+[.][a-z]+:[0-9a-f-]{36}$"),
                name="thread_source_is_a_reference",
            ),
            models.CheckConstraint(condition=Q(pool=None) | Q(provider=None), name="thread_to_a_pool_or_a_provider"),
        ]


# From → to. A message into what was closed, or what waits for the patient, opens it; the rest is said by hand.
THREAD_MOVES: dict[str, frozenset[str]] = {
    "new": frozenset({"open", "closed"}),
    "open": frozenset({"asked", "closed"}),
    "asked": frozenset({"open", "closed"}),
    "closed": frozenset({"open"}),
}


class MessageQuerySet(PatientOwnedQuerySet):
    def unread(self) -> Self:
        return self.filter(read_at=None)

    def to_patients(self) -> Self:
        return self.filter(to_patient=True)

    def to_clinic(self) -> Self:
        return self.filter(to_patient=False)


class Message(PatientOwned):
    """One message of a thread; never changed after it is sent, but for who of the other side read it first."""

    scope: ClassVar[Scope] = Scope.MESSAGE
    database_access: ClassVar[Access] = Access(web=MESSAGE_WRITES, worker=MESSAGE_WRITES)

    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    author_role = models.CharField(max_length=20)
    as_proxy = models.BooleanField(default=False, help_text=_("Written by somebody who acts for the patient."))
    to_patient = models.BooleanField()
    body = EncryptedTextField()
    sent_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    read_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    idempotency_key = models.UUIDField(null=True, blank=True, editable=False)

    objects = MessageQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        indexes = [
            models.Index(fields=["patient"], condition=Q(to_patient=True, read_at=None), name="message_new_to_patient"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["author", "idempotency_key"], name="message_sent_once"),
            models.CheckConstraint(
                condition=Q(read_at=None, read_by=None) | Q(read_at__isnull=False, read_by__isnull=False),
                name="message_read_says_who_and_when",
            ),
        ]
