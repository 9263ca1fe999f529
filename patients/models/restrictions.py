from typing import ClassVar, Self

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models.people import PatientOwned, PatientOwnedQuerySet


class RestrictionQuerySet(PatientOwnedQuerySet):
    def current(self) -> Self:
        return self.filter(validity__contains=Now())


class Restriction(PatientOwned):
    """This person must not see this patient, in any staff role and whatever else opens the chart: a wish of the
    patient's that the clinic agreed to (45 CFR 164.522(a)). Both walls read it; deny wins.
    """

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (validity, ended_at, ended_by_id, updated_at)",
        worker="SELECT, INSERT, UPDATE (validity, ended_at, ended_by_id, updated_at)",
    )

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("who must not see it"))
    reason = models.CharField(_("reason"), max_length=500)
    validity = DateTimeRangeField(help_text=_("From the first moment to, and without, the last; open end is no end."))
    agreed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = RestrictionQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        indexes = [models.Index(fields=["user"], name="restriction_by_user")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="restriction_ended_says_who",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="restriction_has_a_reason"),
        ]
