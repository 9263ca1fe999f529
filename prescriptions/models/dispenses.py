from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models import PatientOwned, PatientOwnedQuerySet
from prescriptions.models.prescriptions import Prescription, its_prescription_seen
from prescriptions.rules.sig import quantity_text

CHANGED = (
    "state, picked_up_at, picked_up_by, picked_up_relation, handed_out_by_id, returned_at, returned_by_id, updated_at"
)


class DispenseQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Where its prescription is."""
        return super().visible_to(user).filter(its_prescription_seen(user))

    def waiting(self) -> Self:
        """Put ready, and neither handed out nor put back."""
        return self.filter(state=Dispense.State.PREPARED)

    def handed_out(self) -> Self:
        return self.filter(state=Dispense.State.HANDED_OUT)


class Dispense(PatientOwned):
    """What was put ready of one prescription at one time, whole or in part, and what became of it.

    How much, and of which maker, never changes: it is put back, and something else is prepared. What is not put back
    counts towards `Prescription.dispensed`, by trigger.
    """

    class State(models.TextChoices):
        PREPARED = "prepared", _("Ready")
        HANDED_OUT = "handed_out", _("Handed out")
        RETURNED = "returned", _("Put back")

    class PartReason(models.TextChoices):
        OUT_OF_STOCK = "out_of_stock", _("Not enough in stock")
        WISH = "wish", _("The patient wants less for now")
        TRIAL = "trial", _("A few first, to try it")
        COVERAGE = "coverage", _("Insurance pays for less at a time")
        SAFETY = "safety", _("Safer in smaller amounts")

    scope: ClassVar[Scope] = Scope.MEDICATION
    database_access: ClassVar[Access] = Access(
        web=f"SELECT, INSERT, UPDATE ({CHANGED})", worker=f"SELECT, INSERT, UPDATE ({CHANGED})"
    )

    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, related_name="dispenses")
    fill = models.PositiveSmallIntegerField(help_text=_("0 for the first supply, 1 for the first repeat."))
    quantity = models.DecimalField(max_digits=9, decimal_places=2)
    product = models.CharField(max_length=120, blank=True, help_text=_("Another maker's, as it is called; else empty."))
    part_reason = models.CharField(max_length=12, choices=PartReason, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PREPARED)
    prepared_at = models.DateTimeField()
    prepared_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    picked_up_at = models.DateTimeField(null=True, blank=True)
    picked_up_by = models.CharField(max_length=120, blank=True)
    picked_up_relation = models.CharField(max_length=10, choices=Prescription.Relation, blank=True)
    handed_out_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    returned_at = models.DateTimeField(null=True, blank=True)
    returned_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = DispenseQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        indexes = [models.Index(fields=["prescription", "state"], name="dispense_of_prescription")]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="dispense_of_something"),
            models.UniqueConstraint(
                fields=["prescription"], condition=Q(state="prepared"), name="dispense_one_waits_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(picked_up_at=None, handed_out_by=None, picked_up_by="", picked_up_relation="")
                & ~Q(state="handed_out")
                | Q(picked_up_at__isnull=False, handed_out_by__isnull=False, state="handed_out")
                & ~Q(picked_up_by="")
                & ~Q(picked_up_relation=""),
                name="dispense_handed_out_says_to_whom",
            ),
            models.CheckConstraint(
                condition=Q(state="returned", returned_at__isnull=False)
                | Q(returned_at=None, returned_by=None) & ~Q(state="returned"),
                name="dispense_returned_says_when",
            ),
        ]

    @property
    def quantity_words(self) -> str:
        return quantity_text(self.quantity, self.prescription.quantity_unit)
