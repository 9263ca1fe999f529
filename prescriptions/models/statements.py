from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models import PatientOwned, PatientOwnedQuerySet, marks_open_to
from prescriptions.models.halted import STOP, Halted, says_from_when
from records.models import Encounter
from records.models.entries import MARKS


class MedicationStatementQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Where the patient's medicines are; what its source marked, to who holds the label."""
        return super().visible_to(user).filter(marks_open_to(user))

    def current(self) -> Self:
        """The newest versions, without what its source says was wrong."""
        return self.filter(superseded_at=None).exclude(status=MedicationStatement.Status.WRONG)

    def active(self, now: datetime) -> Self:
        """What the patient takes, or has on hold, as far as anybody knows: nobody here has said otherwise, and no end
        has come.
        """
        going = self.current().filter(status__in=MedicationStatement.TAKEN, ended_at=None).exclude(halt=STOP)
        return going.filter(Q(ends_at=None) | Q(ends_at__gt=now))


class MedicationStatement(PatientOwned, Halted):
    """A medicine that another system says the patient takes or took. What it says never changes here: a later version
    replaces it, and whoever prescribes may say that it is no longer taken."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Taken")
        ON_HOLD = "on-hold", _("Paused")
        UNKNOWN = "unknown", _("Not known whether it is taken")
        COMPLETED = "completed", _("Over")
        STOPPED = "stopped", _("Stopped")
        WRONG = "entered-in-error", _("Entered in error")

    # Whoever does not know whether it is taken checks against it.
    TAKEN = (Status.ACTIVE, Status.ON_HOLD, Status.UNKNOWN)
    LIFE = "sensitivity, ended_at, ended_by_id, updated_at"

    scope: ClassVar[Scope] = Scope.MEDICATION
    database_access: ClassVar[Access] = Access(
        web=f"SELECT, UPDATE ({LIFE})", worker=f"SELECT, INSERT, UPDATE ({LIFE}, superseded_at)"
    )

    encounter = models.ForeignKey(Encounter, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=200, help_text=_("The system that told of it."))
    medicine = models.CharField(max_length=300, help_text=_("As its source names it."))
    code = models.CharField(max_length=32, blank=True)
    code_system = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=16, choices=Status)
    sensitivity = models.CharField(max_length=14, choices=MARKS, blank=True, default="")
    sig_text = models.CharField(max_length=500, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    prescriber = models.CharField(max_length=200, blank=True)
    said_at = models.DateTimeField(help_text=_("When it was prescribed, or said to be taken."))
    ends_at = models.DateTimeField(null=True, blank=True, help_text=_("When it is over; empty: nobody said."))
    data = models.JSONField(default=dict, help_text=_("The resource whole, and how exactly its moment is known."))
    supersedes = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    superseded_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = MedicationStatementQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        indexes = [models.Index(fields=["patient", "-said_at"], name="statement_by_patient")]
        constraints = [
            models.CheckConstraint(condition=~Q(medicine="") & ~Q(source=""), name="statement_says_what_and_whence"),
            models.CheckConstraint(condition=says_from_when(), name="statement_halt_says_from_when"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="statement_ended_says_who_and_when",
            ),
        ]
