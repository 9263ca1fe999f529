"""When a whole site is closed."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Site, User
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access
from scheduling.models.setting_up import EDITED, half_open


class SiteClosure(BaseModel):
    """A site is closed for everybody who works there: on a public holiday, for a training, for a burst pipe.

    It takes the hours of weekdays away. Extra hours that somebody has there stand: they are the exception. Visits that
    are booked in it stand too, until somebody moves them.
    """

    database_access: ClassVar[Access] = Access(web=EDITED, worker=EDITED)

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    during = DateTimeRangeField()
    reason = models.CharField(_("why"), max_length=200, help_text=_("Patients read this, too."))
    made_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            half_open("during", "site_closure_half_open"),
            ExclusionConstraint(
                name="site_closure_once",
                expressions=[("site", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
        ]
