from datetime import date
from typing import ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from billing.models.prices import money
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access

KEPT = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")


class Payer(BaseModel):
    """Who pays for visits besides patients: an insurance company or a public program."""

    database_access: ClassVar[Access] = KEPT

    class Kind(models.TextChoices):
        COMMERCIAL = "commercial", _("Insurance company")
        MEDICARE = "medicare", _("Medicare")
        MEDICAID = "medicaid", _("Medicaid")
        PUBLIC = "public", _("Another public program")
        WORKERS = "workers", _("Workers' compensation")
        OTHER = "other", _("Other")

    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.COMMERCIAL)
    number = models.CharField(_("payer's number in claims"), max_length=20, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    number_form = models.CharField(
        _("form of member numbers"),
        max_length=40,
        blank=True,
        help_text=_("9 for a digit, A for a letter, * for either, such as AAA999999999; empty: any."),
    )
    active = models.BooleanField(_("still pays"), default=True)

    class Meta:
        verbose_name = _("payer")
        constraints = [
            models.UniqueConstraint(Lower("name"), name="payer_once_a_name"),
            models.CheckConstraint(condition=~Q(name=""), name="payer_has_a_name"),
        ]


class Plan(BaseModel):
    """What a payer sells: a card is of a plan. What it pays on which day is said by its terms."""

    database_access: ClassVar[Access] = KEPT

    class Kind(models.TextChoices):
        HMO = "hmo", _("HMO")
        PPO = "ppo", _("PPO")
        EPO = "epo", _("EPO")
        POS = "pos", _("POS")
        PUBLIC = "public", _("Public")
        OTHER = "other", _("Other")

    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, related_name="plans", verbose_name=_("payer"))
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=6, choices=Kind, default=Kind.OTHER)

    class Meta:
        verbose_name = _("plan")
        constraints = [
            models.UniqueConstraint("payer", Lower("name"), name="plan_once_a_payer_and_name"),
            models.CheckConstraint(condition=~Q(name=""), name="plan_has_a_name"),
        ]


class PlanTermsQuerySet(models.QuerySet["PlanTerms"]):
    def on(self, day: date) -> Self:
        """In force on this day."""
        return self.filter(validity__contains=day)


class PlanTerms(BaseModel):
    """What a plan asks of its members for a while. Terms never change; new ones begin where the old ones end.

    On a day without terms the plan is not offered.
    """

    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (validity, updated_at)", worker="SELECT, INSERT, UPDATE (validity, updated_at)"
    )

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="terms", verbose_name=_("plan"))
    validity = DateRangeField(help_text=_("From the first day to, and without, the last; open end is no end."))
    copay = money(
        verbose_name=_("copay in US dollars"),
        null=True,
        blank=True,
        help_text=_("Paid at each visit; empty: not known."),
    )
    deductible = money(
        verbose_name=_("deductible in US dollars"),
        null=True,
        blank=True,
        help_text=_("Paid by oneself before the plan pays, in a year; empty: not known."),
    )

    objects = PlanTermsQuerySet.as_manager()

    class Meta:
        verbose_name = _("terms of a plan")
        verbose_name_plural = _("terms of plans")
        constraints = [
            models.CheckConstraint(
                condition=(Q(copay=None) | Q(copay__gte=0)) & (Q(deductible=None) | Q(deductible__gte=0)),
                name="plan_terms_not_negative",
            ),
            models.CheckConstraint(condition=Q(validity__isempty=False), name="plan_terms_some_day"),
            ExclusionConstraint(
                name="plan_terms_one_a_day",
                expressions=[("plan", RangeOperators.EQUAL), ("validity", RangeOperators.OVERLAPS)],
            ),
        ]
