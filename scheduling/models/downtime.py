"""What opens the papers for an hour without computers."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Site, User
from healthcare.db.fields import EncryptedTextField
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access


class DowntimeKeyQuerySet(models.QuerySet["DowntimeKey"]):
    def open(self) -> Self:
        return self.filter(ended_at=None)


class DowntimeKey(BaseModel):
    """The words that open one kind of packet of one site; they lie in an envelope there. Administrators read them."""

    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (ended_at, updated_at)", worker="SELECT, INSERT, UPDATE (ended_at, updated_at)"
    )

    class Kind(models.TextChoices):
        DESK = "desk", _("Who comes when")
        CLINICAL = "clinical", _("Who comes when, with allergies, problems, medicines and last measures")

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=Kind)
    secret = EncryptedTextField()
    made_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = DowntimeKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "kind"], condition=Q(ended_at=None), name="downtime_key_one_open")
        ]
