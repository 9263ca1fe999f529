from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models.people import User
from healthcare.accounts.roles import STAFF_ROLE_CHOICES
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access


class CoverQuerySet(models.QuerySet["Cover"]):
    def current(self) -> "CoverQuerySet":
        return self.filter(validity__contains=Now())


class Cover(BaseModel):
    """Somebody stands in for a colleague: in this role they reach whom the absent one reaches. Both walls read it."""

    database_access = Access(
        web="SELECT, INSERT, UPDATE (validity, ended_at, ended_by_id, updated_at)",
        worker="SELECT, INSERT, UPDATE (validity, ended_at, ended_by_id, updated_at)",
    )

    absent = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("is away"))
    cover = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("stands in"))
    role = models.CharField(_("in the role"), max_length=20, choices=STAFF_ROLE_CHOICES)
    validity = DateTimeRangeField(help_text=_("From the first moment to, and without, the last; always with an end."))
    reason = models.CharField(max_length=500, blank=True)
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = CoverQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["cover", "role"], name="cover_by_who_stands_in")]
        constraints = [
            models.CheckConstraint(condition=~Q(absent=F("cover")), name="cover_is_somebody_else"),
            models.CheckConstraint(condition=Q(validity__upper_inf=False), name="cover_ends"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None) | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="cover_ended_says_who",
            ),
        ]
