"""What an administrator arranged otherwise than it is delivered: who is asked about what, and how soon who is next."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from alerts.rules import LATEST, Waits
from healthcare.accounts.roles import STAFF_ROLE_CHOICES
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access

KEPT = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")


class Recipients(BaseModel):
    """Alerts of this kind go to the people of this role, where nobody in particular is to answer for the patient."""

    database_access: ClassVar[Access] = KEPT

    kind = models.CharField(max_length=16, unique=True, help_text=_("Of `rules.KINDS`."))
    role = models.CharField(_("who is asked"), max_length=20, choices=STAFF_ROLE_CHOICES)

    class Meta:
        verbose_name = _("recipients of alerts")
        verbose_name_plural = _("recipients of alerts")


class Ladder(BaseModel):
    """How many minutes after an alert of this severity was raised who is asked next, while nobody has acknowledged."""

    database_access: ClassVar[Access] = KEPT

    severity = models.CharField(_("severity"), max_length=6, unique=True)
    again = models.PositiveIntegerField(_("minutes until its owner is asked again"))
    team = models.PositiveIntegerField(_("minutes until the whole team is asked"))
    supervisors = models.PositiveIntegerField(
        _("minutes until the supervisors are asked"), help_text=_("Then it also stands on the red board.")
    )

    class Meta:
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        constraints = [
            models.CheckConstraint(
                condition=Q(again__gte=1, team__gt=F("again"), supervisors__gt=F("team")), name="ladder_goes_up"
            ),
            models.CheckConstraint(condition=Q(severity__in=sorted(LATEST)), name="ladder_of_what_must_be_answered"),
            *[
                models.CheckConstraint(
                    condition=~Q(severity=severity) | Q(supervisors__lte=minutes), name=f"ladder_{severity}_in_time"
                )
                for severity, minutes in sorted(LATEST.items())
            ],
        ]

    @property
    def waits(self) -> Waits:
        return Waits(self.again, self.team, self.supervisors)
