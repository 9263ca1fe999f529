from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Site
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access


class SiteNumbers(BaseModel):
    """The record numbers of one site: its letters before each, and the last that was given. The clinic's own number,
    `Patient.mrn`, everybody has besides.
    """

    database_access: ClassVar[Access] = Access(
        web="SELECT, UPDATE (last, updated_at)", worker="SELECT, INSERT, UPDATE (last, updated_at)"
    )

    site = models.OneToOneField(Site, on_delete=models.PROTECT, related_name="+")
    prefix = models.CharField(_("letters"), max_length=4, unique=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("series of numbers")
        verbose_name_plural = _("series of numbers")
        constraints = [
            models.CheckConstraint(condition=models.Q(prefix__regex="^[A-Z]{2,4}$"), name="sitenumbers_two_to_four")
        ]
