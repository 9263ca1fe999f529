from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alerts.rules.watching import LONGEST, MOST
from healthcare.accounts.models import User
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access


class Rule(models.TextChoices):
    """What is looked for, as whoever reviews it reads it."""

    MANY_CHARTS = "many_charts", _("Many charts in a short time")
    AFTER_HOURS = "after_hours", _("Charts opened at night")
    SERIAL = "serial", _("Record numbers one after another")
    DENIALS = "denials", _("Refused again and again")
    EXPORTS = "exports", _("Many files taken out")
    OWN_RECORD = "own_record", _("Own record, in a staff role")
    SAME_SURNAME = "same_surname", _("A patient of the same family name")
    COLLEAGUE = "colleague", _("The record of a colleague")
    WATCHED = "watched", _("A record that is watched closely")


class AnomalyQuerySet(models.QuerySet["Anomaly"]):
    def visible_to(self, user: Any) -> "AnomalyQuerySet":
        """For whoever reviews access, and for nobody else: a finding names people and accuses them of nothing yet."""
        return self if user.acting_role == "privacy_officer" and user.is_active else self.none()

    def waiting(self) -> "AnomalyQuerySet":
        """A person has still to look, or to look again."""
        return self.filter(Q(verdict="") | Q(verdict="follow_up"))


class Anomaly(BaseModel):
    """Something unusual that a rule saw in the audit, and what a person made of it. Ids of events, no patients."""

    class Verdict(models.TextChoices):
        JUSTIFIED = "justified", _("Justified")
        NOT_JUSTIFIED = "not_justified", _("Not justified")
        FOLLOW_UP = "follow_up", _("Needs follow-up")

    database_access: ClassVar[Access] = Access(
        web="SELECT, UPDATE (verdict, note, reviewed_at, reviewed_by_id, updated_at)", worker="SELECT, INSERT, UPDATE"
    )

    rule = models.CharField(max_length=16, choices=Rule)
    person = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField()
    count = models.PositiveIntegerField()
    events = ArrayField(models.UUIDField())
    occasion = models.CharField(max_length=160, unique=True)
    found_at = models.DateTimeField()
    due_at = models.DateTimeField()
    verdict = models.CharField(max_length=16, choices=Verdict, blank=True)
    note = models.CharField(max_length=500, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = AnomalyQuerySet.as_manager()

    class Meta:
        verbose_name = _("unusual access")
        verbose_name_plural = _("unusual accesses")
        indexes = [
            models.Index(fields=["due_at"], condition=Q(verdict__in=["", "follow_up"]), name="anomaly_waiting"),
            models.Index(fields=["-found_at"], name="anomaly_by_time"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict="", reviewed_at=None, reviewed_by=None)
                | (~Q(verdict="") & Q(reviewed_at__isnull=False, reviewed_by__isnull=False)),
                name="anomaly_reviewed_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by=None) | Q(person=None) | ~Q(reviewed_by=models.F("person")),
                name="anomaly_reviewed_by_another",
            ),
        ]


class WatchEdit(BaseModel):
    """A privacy officer's change to a rule as delivered. The row is the decision; without one the rule is as it was."""

    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (is_on, at_least, minutes, made_by_id, updated_at)", worker="SELECT, INSERT"
    )

    rule = models.CharField(max_length=16, choices=Rule, unique=True)
    is_on = models.BooleanField(_("watches"), default=True)
    at_least = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(MOST)])
    minutes = models.PositiveIntegerField(validators=[MaxValueValidator(LONGEST)], default=0)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("change of a rule")
        constraints = [
            models.CheckConstraint(
                condition=Q(at_least__gte=1, at_least__lte=MOST, minutes__lte=LONGEST), name="watch_edit_in_bounds"
            )
        ]


class WatchMark(BaseModel):
    """Up to which moment the audit was looked through; one row."""

    database_access: ClassVar[Access] = Access(web="", worker="SELECT, INSERT, UPDATE")

    name = models.CharField(max_length=10, unique=True, default="audit", editable=False)
    until = models.DateTimeField()

    class Meta:
        verbose_name = _("mark of the watch")
