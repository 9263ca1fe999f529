from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models.people import PatientOwned, PatientOwnedQuerySet


class DeathReportQuerySet(PatientOwnedQuerySet):
    def standing(self) -> Self:
        """Not taken back."""
        return self.filter(taken_back_at=None)


class DeathReport(PatientOwned):
    """Who said that a patient has died, and who took it back. `Patient.deceased` is what stands by these rows.

    A death that another system told of has no row here: `PatientOrigin` keeps what it said.
    """

    class Source(models.TextChoices):
        FAMILY = "family", _("The family")
        HOSPITAL = "hospital", _("A hospital or another clinic")
        CERTIFICATE = "certificate", _("A death certificate or an authority")
        HERE = "here", _("It was here, at the clinic")
        OTHER = "other", _("Somebody else")

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (taken_back_at, taken_back_by_id, taken_back_reason, updated_at)",
        worker="SELECT, INSERT",
    )

    died_on = models.DateField(_("died on"), null=True, blank=True)
    source = models.CharField(_("who told it"), max_length=12, choices=Source)
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    taken_back_at = models.DateTimeField(null=True, blank=True)
    taken_back_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    taken_back_reason = models.CharField(max_length=300, blank=True)

    objects = DeathReportQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("report of a death")
        verbose_name_plural = _("reports of deaths")
        constraints = [
            models.UniqueConstraint(fields=["patient"], condition=Q(taken_back_at=None), name="death_reported_once"),
            models.CheckConstraint(
                condition=Q(taken_back_at=None, taken_back_by=None, taken_back_reason="")
                | (Q(taken_back_at__isnull=False, taken_back_by__isnull=False) & ~Q(taken_back_reason="")),
                name="death_taken_back_says_by_whom_and_why",
            ),
        ]
