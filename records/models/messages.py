from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Site, User
from healthcare.accounts.permissions import Scope
from healthcare.db.fields import EncryptedTextField
from healthcare.db.prepared import AnyOf
from healthcare.db.privileges import Access
from patients.models import PatientOwned, PatientOwnedQuerySet, reach_of

THREAD_WRITES = (
    "SELECT, INSERT, UPDATE (status, taken_by_id, taken_at, last_at, waiting_since, urgent, closed_at, closed_by_id,"
    " updated_at)"
)
MESSAGE_WRITES = "SELECT, INSERT, UPDATE (read_at, read_by_id, updated_at)"


class ThreadQuerySet(PatientOwnedQuerySet):
    def open(self) -> Self:
        return self.filter(status="open")

    def closed(self) -> Self:
        return self.filter(status="closed")

    def waiting(self) -> Self:
        """For an answer of the clinic."""
        return self.filter(status="open", waiting_since__isnull=False)

    def unassigned(self) -> Self:
        """Nobody's: never taken, or taken by somebody who has left."""
        return self.filter(Q(taken_by=None) | Q(taken_by__is_active=False))

    def taken_by(self, user: User) -> Self:
        """By this person, or by a colleague in whose place they stand."""
        return self.filter(taken_by=AnyOf(reach_of(user).people))


class Thread(PatientOwned):
    """One matter between a patient and the care team of a site: a pool, of whom one takes it.

    There is no subject line: a category says enough for a list, and nothing that a stranger should read.
    """

    class Category(models.TextChoices):
        QUESTION = "question", _("Health question")
        MEDICINE = "medicine", _("Medicine or refill")
        RESULT = "result", _("Test result")
        VISIT = "visit", _("Visit")
        FORM = "form", _("Form or letter")
        BILL = "bill", _("Bill")
        OTHER = "other", _("Something else")

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    scope: ClassVar[Scope] = Scope.MESSAGE
    database_access: ClassVar[Access] = Access(web=THREAD_WRITES, worker=THREAD_WRITES)

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    category = models.CharField(_("about"), max_length=8, choices=Category)
    status = models.CharField(max_length=6, choices=Status, default=Status.OPEN)
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    taken_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField(help_text=_("When the last message was sent."))
    waiting_since = models.DateTimeField(
        null=True, blank=True, help_text=_("Since the first message of the patient that nobody answered.")
    )
    urgent = models.BooleanField(default=False, help_text=_("What waits has words of an emergency in it."))
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = ThreadQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-last_at"], name="thread_by_patient"),
            models.Index(
                fields=["site", "waiting_since"],
                condition=Q(status="open", waiting_since__isnull=False),
                name="thread_waiting",
            ),
            models.Index(fields=["taken_by", "last_at"], condition=Q(status="open"), name="thread_by_owner"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False, closed_by__isnull=False)
                | Q(status="open", closed_at=None, closed_by=None),
                name="thread_closed_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(taken_at=None, taken_by=None) | Q(taken_at__isnull=False, taken_by__isnull=False),
                name="thread_taken_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(status="open") | Q(waiting_since=None), name="thread_closed_waits_for_nothing"
            ),
            models.CheckConstraint(
                condition=Q(urgent=False) | Q(waiting_since__isnull=False), name="thread_urgent_while_it_waits"
            ),
        ]


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
