"""Who looks over whose shoulder, and what they signed besides."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Scope
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access
from patients.models import PatientOwned, PatientOwnedQuerySet, within_reach
from records.models.entries import Entry

ENDED_ONCE = "SELECT, INSERT, UPDATE (ended_at, ended_by_id, updated_at)"


class SupervisionQuerySet(models.QuerySet["Supervision"]):
    def standing(self) -> "SupervisionQuerySet":
        return self.filter(ended_at=None)

    def of(self, user: User) -> "SupervisionQuerySet":
        """Of the provider with this account, as the one who needs it."""
        return self.filter(trainee__user=user)


class Supervision(BaseModel):
    """A provider in training signs, and this other one signs besides; kept by administrators, never rewritten."""

    database_access: ClassVar[Access] = Access(web=ENDED_ONCE, worker=ENDED_ONCE)

    trainee = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+", verbose_name=_("in training"))
    supervisor = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+", verbose_name=_("supervisor"))
    added_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = SupervisionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["trainee", "supervisor"], condition=Q(ended_at=None), name="supervision_stands_once"
            ),
            models.CheckConstraint(condition=~Q(trainee=F("supervisor")), name="supervision_by_somebody_else"),
        ]

    def __str__(self) -> str:
        return f"supervision {str(self.pk)[-8:]}"


class CosignatureQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(within_reach(user, self.model.scope))


class Cosignature(PatientOwned):
    """The second signature under what somebody in training signed: over the first one, by whom, when. Never changed."""

    scope: ClassVar[Scope] = Scope.CLINICAL
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT", worker="SELECT, INSERT")

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()
    signature = models.CharField(max_length=64, help_text=_("SHA-256 of the first signature, who and when."))

    objects = CosignatureQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patient", "entry"], name="cosignature_once")]
