from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models import PatientOwned


class Thread(PatientOwned):
    """One matter between a patient and the care team."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    scope: ClassVar[Scope] = Scope.MESSAGE
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")

    subject = models.CharField(_("about"), max_length=120)
    status = models.CharField(max_length=6, choices=Status, default=Status.OPEN)
    provider = models.ForeignKey(Provider, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    taken_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField()
    waits_for_us = models.BooleanField(help_text=_("The last word was the patient's."))
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-last_at"], name="thread_by_patient"),
            models.Index(fields=["last_at"], condition=Q(status="open", waits_for_us=True), name="thread_waiting"),
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
        ]


class Message(PatientOwned):
    """One message of a thread; never changed after it is sent, but for who of the other side read it first."""

    scope: ClassVar[Scope] = Scope.MESSAGE
    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (read_at, read_by_id, updated_at)",
        worker="SELECT, INSERT, UPDATE (read_at, read_by_id, updated_at)",
    )

    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    to_patient = models.BooleanField()
    body = models.TextField(max_length=5000)
    sent_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    read_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(body=""), name="message_says_something"),
            models.CheckConstraint(
                condition=Q(read_at=None, read_by=None) | Q(read_at__isnull=False, read_by__isnull=False),
                name="message_read_says_who_and_when",
            ),
        ]
