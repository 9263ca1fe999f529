from datetime import date
from typing import ClassVar, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import DecimalField, Q
from django.utils.translation import gettext_lazy as _

from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access


def money(**options: object) -> DecimalField:
    """An amount in US dollars."""
    return DecimalField(max_digits=12, decimal_places=2, **options)  # type: ignore[arg-type]


class FeeQuerySet(models.QuerySet["Fee"]):
    def on(self, day: date) -> Self:
        """In force on this day."""
        return self.filter(validity__contains=day)


class Fee(BaseModel):
    """What something costs for a while, and how a bill calls it: `code` is a visit type's slug, or a service's.

    A price never changes; a new one begins where the old one ends.
    """

    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (validity, updated_at)", worker="SELECT, INSERT, UPDATE (validity, updated_at)"
    )

    code = models.SlugField(_("code"), max_length=60)
    description = models.CharField(
        _("words on the bill"), max_length=120, help_text=_("The kind of visit or service, never what it was about.")
    )
    amount = money(verbose_name=_("US dollars"))
    validity = DateRangeField(help_text=_("From the first day to, and without, the last; open end is no end."))

    objects = FeeQuerySet.as_manager()

    class Meta:
        verbose_name = _("fee")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="fee_not_negative"),
            models.CheckConstraint(condition=~Q(code="") & ~Q(description=""), name="fee_has_words"),
            ExclusionConstraint(
                name="fee_one_price_a_day",
                expressions=[("code", RangeOperators.EQUAL), ("validity", RangeOperators.OVERLAPS)],
            ),
        ]
