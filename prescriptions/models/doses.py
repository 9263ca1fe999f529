"""When patients take a medicine, by their own word, and what became of each dose."""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models import PatientOwned, PatientOwnedQuerySet
from prescriptions.models.prescriptions import Prescription, its_prescription_seen
from prescriptions.rules.doses import Rhythm

ENDED = "ends_at, ended_by_id, updated_at"
MARKED = "state, reason, marked_at, marked_by_id, updated_at"


class DosePlanQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Where its prescription is."""
        return super().visible_to(user).filter(its_prescription_seen(user))


class DosePlan(PatientOwned):
    """A patient takes a prescription at these times of day of this zone.

    Other times are another row, so that what was due on days that are past stays as it was.
    """

    scope: ClassVar[Scope] = Scope.MEDICATION
    database_access: ClassVar[Access] = Access(
        web=f"SELECT, INSERT, UPDATE ({ENDED})", worker=f"SELECT, INSERT, UPDATE ({ENDED})"
    )

    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, related_name="dose_plans")
    times = ArrayField(models.TimeField(), help_text=_("On the clock of the zone."))
    time_zone = models.CharField(max_length=64)
    first_day = models.DateField(help_text=_("From which the days between two doses are counted."))
    every = models.PositiveSmallIntegerField(default=1, help_text=_("Days from one dose day to the next."))
    starts_at = models.DateTimeField()
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ends_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = DosePlanQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("times of a medicine")
        verbose_name_plural = _("times of medicines")
        indexes = [models.Index(fields=["patient", "ends_at"], name="doseplan_by_patient")]
        constraints = [
            models.UniqueConstraint(
                fields=["prescription"], condition=Q(ends_at=None), name="doseplan_one_per_prescription"
            ),
            models.CheckConstraint(condition=Q(times__len__gte=1, times__len__lte=6), name="doseplan_one_to_six_times"),
            models.CheckConstraint(condition=Q(every__gte=1, every__lte=28), name="doseplan_plausible_days"),
            models.CheckConstraint(
                condition=Q(ends_at=None, ended_by=None)
                | Q(ends_at__gte=F("starts_at"), ends_at__isnull=False, ended_by__isnull=False),
                name="doseplan_ended_says_by_whom",
            ),
        ]

    @property
    def rhythm(self) -> Rhythm:
        return Rhythm(tuple(self.times), self.time_zone, self.first_day, self.every, self.starts_at, self.ends_at)


class DoseMarkQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Where its plan is, and so its prescription."""
        plans = DosePlan.objects.visible_to(user).filter(pk=OuterRef("plan_id"))
        return super().visible_to(user).filter(Exists(plans))


class DoseMark(PatientOwned):
    """What the patient says became of one dose. It can be said otherwise on the same day; which dose, never."""

    class State(models.TextChoices):
        TAKEN = "taken", _("Taken")
        SKIPPED = "skipped", _("Skipped")

    class Reason(models.TextChoices):
        FORGOT = "forgot", _("I forgot")
        SIDE_EFFECTS = "side_effects", _("Side effects")
        TOO_ILL = "too_ill", _("I was too ill to take it")
        FELT_WELL = "felt_well", _("I felt well without it")
        RAN_OUT = "ran_out", _("I have none left")
        TOLD_TO = "told_to", _("A doctor or nurse told me to")
        OTHER = "other", _("Another reason")

    scope: ClassVar[Scope] = Scope.MEDICATION
    database_access: ClassVar[Access] = Access(
        web=f"SELECT, INSERT, UPDATE ({MARKED})", worker=f"SELECT, INSERT, UPDATE ({MARKED})"
    )

    plan = models.ForeignKey(DosePlan, on_delete=models.PROTECT, related_name="marks")
    day = models.DateField()
    at = models.TimeField()
    state = models.CharField(max_length=7, choices=State)
    reason = models.CharField(max_length=12, choices=Reason, blank=True)
    marked_at = models.DateTimeField()
    marked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = DoseMarkQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("mark of a dose")
        verbose_name_plural = _("marks of doses")
        indexes = [models.Index(fields=["patient", "day"], name="dosemark_by_patient")]
        constraints = [
            models.UniqueConstraint(fields=["plan", "day", "at"], name="dosemark_one_a_dose"),
            models.CheckConstraint(
                condition=Q(state="taken", reason="") | Q(state="skipped") & ~Q(reason=""),
                name="dosemark_skipped_says_why",
            ),
        ]
