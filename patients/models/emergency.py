from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Now, Trim
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import ROLE_CHOICES
from healthcare.db.privileges import Access
from patients.models.people import PatientOwned, PatientOwnedQuerySet
from patients.models.relationships import CareRelationship

REVIEWER = "privacy_officer"
SHORTEST_REASON = 20  # characters
LONGEST_EMERGENCY = timedelta(hours=4)
OPEN_VERDICTS = ("", "follow_up")


class EmergencyAccessQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """The privacy officer reviews all of them; whoever broke the glass sees their own."""
        if not user.is_active or not user.acting_role:
            return self.none()
        return self if user.acting_role == REVIEWER else self.filter(user=user)

    def running(self) -> Self:
        return self.filter(opened_at__lte=Now(), until__gt=Now(), ended_at=None)

    def to_review(self) -> Self:
        """Without a verdict, or with one that needs another."""
        return self.filter(verdict__in=OPEN_VERDICTS)


class EmergencyAccess(PatientOwned):
    """That somebody broke the glass, and what the review says of it.

    A trigger makes the row with every care relationship of the kind `break_glass`, so there is no emergency access
    without its place in the review queue; its constraints are those of the access.
    """

    class Purpose(models.TextChoices):
        """HL7 v3 ActReason, value set PurposeOfUse."""

        TREATED_NOW = "ETREAT", _("The patient is treated now, in an emergency")
        URGENT = "TREAT", _("An urgent call or question about this patient")
        COVERING = "COC", _("I stand in for the patient's usual doctor or nurse")

    class Verdict(models.TextChoices):
        JUSTIFIED = "justified", _("Justified")
        NOT_JUSTIFIED = "not_justified", _("Not justified")
        FOLLOW_UP = "follow_up", _("Needs a follow-up")

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(
        web="SELECT, UPDATE (verdict, note, reviewed_at, reviewed_by_id, updated_at)",
        worker="SELECT, UPDATE (verdict, note, reviewed_at, reviewed_by_id, updated_at)",
    )

    relationship = models.OneToOneField(CareRelationship, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("who"))
    role = models.CharField(_("in the role"), max_length=20, choices=ROLE_CHOICES)
    purpose = models.CharField(max_length=6, choices=Purpose)
    reason = models.CharField(max_length=500)
    opened_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text=_("Where it was ended before its time."))
    verdict = models.CharField(max_length=13, choices=Verdict, blank=True)
    note = models.CharField(max_length=4000, blank=True, help_text=_("What each look at it found, line by line."))
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = EmergencyAccessQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("emergency access")
        verbose_name_plural = _("emergency access")
        indexes = [
            models.Index(fields=["opened_at"], condition=Q(verdict__in=["", "follow_up"]), name="emergency_to_review"),
            models.Index(fields=["user", "-opened_at"], name="emergency_by_user"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__gt=F("opened_at"), until__lte=F("opened_at") + LONGEST_EMERGENCY),
                name="emergency_four_hours_at_most",
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=["ETREAT", "TREAT", "COC"]), name="emergency_says_its_purpose"
            ),
            models.CheckConstraint(
                condition=Q(verdict="", reviewed_at=None, reviewed_by=None)
                | (~Q(verdict="") & Q(reviewed_at__isnull=False, reviewed_by__isnull=False) & ~Q(note="")),
                name="emergency_reviewed_says_who_and_why",
            ),
            models.CheckConstraint(condition=~Q(user=F("reviewed_by")), name="emergency_reviewed_by_another"),
            models.CheckConstraint(
                condition=GreaterThanOrEqual(Length(Trim("reason")), SHORTEST_REASON), name="emergency_says_why"
            ),
        ]


def emergency_until(user: User) -> models.Subquery:
    """Beside a patient: until when this person's emergency access to the chart lasts; NULL where there is none."""
    running = EmergencyAccess.objects.running().filter(user=user, role=user.acting_role or "")
    of_patient = running.filter(patient=models.OuterRef("pk")).order_by("-until")
    return models.Subquery(of_patient.values("until")[:1])
