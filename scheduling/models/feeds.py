from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Scope
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access
from patients.models import PatientOwned, PatientOwnedQuerySet

ENDED_ONCE = Access(
    web="SELECT, INSERT, UPDATE (ended_at, updated_at)", worker="SELECT, INSERT, UPDATE (ended_at, updated_at)"
)


class ProviderFeedQuerySet(models.QuerySet["ProviderFeed"]):
    def open(self) -> Self:
        return self.filter(ended_at=None)

    def visible_to(self, user: User) -> Self:
        """One's own; administrators see whose there are, to close an account."""
        if not user.is_active or not user.acting_role:
            return self.none()
        return self if user.acting_role == "administrator" else self.filter(owner_id=user.pk)


class PatientFeedQuerySet(PatientOwnedQuerySet):
    def open(self) -> Self:
        return self.filter(ended_at=None)

    def visible_to(self, user: User) -> Self:
        """One's own alone: who looks after somebody has another address than they."""
        return super().visible_to(user).filter(owner_id=user.pk)


class Feed(BaseModel):
    """A secret address where a calendar program reads visits (RFC 5545). Of the secret, 256 bits, the hash alone is
    kept: whoever has the database has no address. A new one ends the one before; an ended one stays so.
    """

    digest = models.CharField(max_length=64, unique=True, help_text=_("SHA-256 of the secret, in hexadecimal."))
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def made_at(self) -> datetime:
        return self.created_at


class ProviderFeed(Feed):
    """Of a provider's own visits: when and where, neither with whom nor what for."""

    database_access: ClassVar[Access] = ENDED_ONCE

    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")

    objects = ProviderFeedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider"], condition=Q(ended_at=None), name="provider_feed_one_at_a_time")
        ]


class PatientFeed(Feed, PatientOwned):
    """Of a patient's visits, for the patient or for one who looks after them; it ends with what opens the record."""

    scope: ClassVar[Scope] = Scope.SCHEDULE
    database_access: ClassVar[Access] = ENDED_ONCE

    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = PatientFeedQuerySet.as_manager()  # type: ignore[misc]
