"""Visits of several people at once: one time of the provider, and seats under it."""

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider, Site, User
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access
from scheduling.models.setting_up import MOST_SEATS, VisitType, half_open


class GroupSessionQuerySet(models.QuerySet["GroupSession"]):
    def planned(self) -> "GroupSessionQuerySet":
        return self.filter(cancelled_at=None)

    def ahead(self, now: datetime) -> "GroupSessionQuerySet":
        """Planned and not over."""
        return self.planned().filter(during__endswith__gt=now)

    def with_names(self) -> "GroupSessionQuerySet":
        """Each with whom, where and what for."""
        return self.select_related("provider", "site", "visit_type")


class GroupSession(BaseModel):
    """A provider sees several people at a time. The session has the claims; each who takes a seat has a visit of their
    own, which holds none but the patient's.

    It names nobody, so that everybody who books may read it. It stands while it is not cancelled, and then alone has
    its claims; a trigger holds both together, and its visits to its time. Seats are counted from one and never become
    fewer, so that a visit with a seat keeps it.
    """

    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (provider_id, during, wall_start, sequence, cancelled_at, cancelled_by_id,"
        " cancel_reason, updated_at)",
        worker="SELECT, INSERT, UPDATE",
    )

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+", verbose_name=_("provider"))
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", verbose_name=_("site"), db_index=False)
    visit_type = models.ForeignKey(VisitType, on_delete=models.PROTECT, related_name="+", verbose_name=_("visit type"))
    during = DateTimeRangeField()
    wall_start = models.CharField(max_length=16, help_text=_("As YYYY-MM-DDTHH:MM on the clock at the site."))
    time_zone = models.CharField(max_length=64)
    seats = models.PositiveSmallIntegerField(_("seats"))
    sequence = models.PositiveIntegerField(default=0)
    planned_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    cancel_reason = models.CharField(max_length=200, blank=True)

    overbook_reason = ""  # a session lies on top of nothing

    objects = GroupSessionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["site", "wall_start"], name="group_session_by_site")]
        constraints = [
            half_open("during", "group_session_half_open"),
            models.CheckConstraint(condition=Q(seats__range=(1, MOST_SEATS)), name="group_session_has_seats"),
            models.CheckConstraint(
                condition=(Q(cancelled_at__isnull=False) & ~Q(cancel_reason=""))
                | Q(cancelled_at=None, cancelled_by=None, cancel_reason=""),
                name="group_session_cancelled_says_why",
            ),
        ]

    @property
    def starts_at(self) -> datetime:
        return self.during.lower

    @property
    def ends_at(self) -> datetime:
        return self.during.upper

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled_at is not None

    @property
    def is_open(self) -> bool:
        """It takes place, or took place."""
        return not self.is_cancelled
