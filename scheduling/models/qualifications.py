from datetime import date, timedelta
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider, User
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access

WRITTEN_ONCE = "SELECT, INSERT, UPDATE (withdrawn_at, withdrawn_by_id, withdraw_reason, updated_at)"


class QualificationQuerySet(models.QuerySet["Qualification"]):
    def standing(self) -> "QualificationQuerySet":
        """Those that count: what was replaced or entered in error is kept, and does not."""
        return self.filter(withdrawn_at=None)

    def licences(self) -> "QualificationQuerySet":
        """Permits to practise: without one that covers the day nothing is booked or prescribed."""
        return self.filter(kind=Qualification.Kind.LICENCE)


class Qualification(BaseModel):
    """What a provider may do, by whose word, and on which days; FHIR's Practitioner.qualification.

    A row is never rewritten: who ends or corrects one adds the right one, and the old one says when and why it ceased
    to count. `app.free_time` reads the licences, so a booking cannot leave them.
    """

    database_access: ClassVar[Access] = Access(web=WRITTEN_ONCE, worker=WRITTEN_ONCE)

    class Kind(models.TextChoices):
        LICENCE = "licence", _("Licence to practise")
        PRIVILEGE = "privilege", _("Privilege at this clinic")
        CERTIFICATION = "certification", _("Certification")

    provider = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="qualifications", verbose_name=_("provider"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=13, choices=Kind, default=Kind.LICENCE)
    name = models.CharField(_("what for"), max_length=120)
    identifier = models.CharField(_("number"), max_length=60, blank=True)
    issuer = models.CharField(_("given by"), max_length=120, blank=True)
    validity = DateRangeField(_("days"), help_text=_("From the first day to, and without, the one after the last."))
    replaces = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    recorded_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    withdraw_reason = models.CharField(_("why it does not count"), max_length=200, blank=True)

    objects = QualificationQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["provider", "kind"], name="qualification_by_provider")]
        constraints = [
            models.CheckConstraint(
                condition=Q(validity__isempty=False, validity__lower_inf=False), name="qualification_has_a_first_day"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None, withdraw_reason="")
                | (Q(withdrawn_at__isnull=False) & ~Q(withdraw_reason="")),
                name="qualification_withdrawn_says_why",
            ),
            ExclusionConstraint(
                name="qualification_once_a_day",
                expressions=[
                    ("provider", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    ("name", RangeOperators.EQUAL),
                    ("identifier", RangeOperators.EQUAL),
                    ("issuer", RangeOperators.EQUAL),
                    ("validity", RangeOperators.OVERLAPS),
                ],
                condition=Q(withdrawn_at=None),
            ),
        ]

    @property
    def first_day(self) -> date:
        return self.validity.lower

    @property
    def last_day(self) -> date | None:
        """It counts on this day still; None where it has no end."""
        return self.validity.upper and self.validity.upper - timedelta(days=1)
