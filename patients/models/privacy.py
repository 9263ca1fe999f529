from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import PATIENT
from healthcare.db.privileges import Access
from patients.models.people import PatientOwned, PatientOwnedQuerySet
from patients.models.reach import within_reach

OFFICER = "privacy_officer"


class PrivacyCaseQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """For the privacy officers, who answer, and for whoever asked, while they may open the record."""
        if user.acting_role == OFFICER and user.is_active:
            return self
        asked = Q(opened_by=user) if user.acting_role == PATIENT else Q(pk__in=[])
        return self.filter(asked & within_reach(user, Scope.IDENTITY))

    def waiting(self) -> Self:
        return self.filter(answered_at=None)


class PrivacyCase(PatientOwned):
    """A patient doubts that somebody was right to open their record; a privacy officer looks into it and answers."""

    class Verdict(models.TextChoices):
        IN_ORDER = "in_order", _("It was in order")
        NOT_IN_ORDER = "not_in_order", _("It was not in order")
        UNCLEAR = "unclear", _("It could not be cleared up")

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (owner_id, taken_at, verdict, answer, answered_at, answered_by_id, updated_at)",
        worker="SELECT, INSERT, UPDATE (owner_id, taken_at, verdict, answer, answered_at, answered_by_id, updated_at)",
    )

    event_id = models.UUIDField(_("event of the audit"))
    doubt = models.CharField(_("what seems wrong"), max_length=1000)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(null=True, blank=True)
    verdict = models.CharField(max_length=12, choices=Verdict, blank=True)
    answer = models.CharField(max_length=2000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = PrivacyCaseQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("privacy case")
        verbose_name_plural = _("privacy cases")
        indexes = [models.Index(fields=["due_at"], condition=Q(answered_at=None), name="privacycase_waiting")]
        constraints = [
            models.UniqueConstraint(fields=["patient", "event_id"], name="privacycase_one_per_event"),
            models.CheckConstraint(condition=~Q(doubt=""), name="privacycase_says_what_is_doubted"),
            models.CheckConstraint(
                condition=Q(owner=None, taken_at=None) | Q(owner__isnull=False, taken_at__isnull=False),
                name="privacycase_taken_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, verdict="", answer="")
                | (Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(verdict="") & ~Q(answer="")),
                name="privacycase_answered_says_by_whom_and_what",
            ),
        ]


class CloseWatchQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Who is watched closely is told to nobody but the privacy officers."""
        return self if user.acting_role == OFFICER and user.is_active else self.none()

    def current(self) -> Self:
        return self.filter(ended_at=None)


class CloseWatch(PatientOwned):
    """Every opening of this record by somebody who does not treat the patient is looked at: a public person, a case in
    the papers, a colleague who asked for it. A trigger keeps `Patient.public_eye` by these rows.
    """

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (ended_at, ended_by_id, updated_at)", worker="SELECT, INSERT"
    )

    reason = models.CharField(max_length=300)
    public_eye = models.BooleanField(
        _("in the public eye"),
        default=False,
        help_text=_("Who treats the patient is told; who does not finds the record by name no more."),
    )
    placed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = CloseWatchQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("close watch")
        verbose_name_plural = _("close watches")
        constraints = [
            models.UniqueConstraint(fields=["patient"], condition=Q(ended_at=None), name="closewatch_one_at_a_time"),
            models.CheckConstraint(condition=~Q(reason=""), name="closewatch_has_a_reason"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="closewatch_ended_says_who",
            ),
        ]
