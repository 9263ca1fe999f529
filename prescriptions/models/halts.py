from typing import ClassVar, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models import PatientOwned, PatientOwnedQuerySet
from prescriptions.models.halted import HOLD, STOP
from prescriptions.models.prescriptions import Prescription
from prescriptions.models.statements import MedicationStatement


class HaltQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Where its medicine is."""
        ours = Prescription.objects.visible_to(user).filter(pk=OuterRef("prescription_id"))
        told = MedicationStatement.objects.visible_to(user).filter(pk=OuterRef("statement_id"))
        return super().visible_to(user).filter(Exists(ours) | Exists(told))


class Halt(PatientOwned):
    """Somebody put a medicine on hold from a moment on, had it taken up again, or stopped it, and said why.

    Never changed: what comes later counts, and where the medicine stands follows by trigger.
    """

    class Act(models.TextChoices):
        HOLD = HOLD, _("Put on hold")
        RESUME = "resume", _("Taken up again")
        STOP = STOP, _("Stopped")

    class Reason(models.TextChoices):
        SIDE_EFFECT = "side_effect", _("Side effect or allergy")
        CONFLICT = "conflict", _("Does not go with another medicine")
        RESULT = "result", _("Because of a test result")
        OPERATION = "operation", _("Before an operation or examination")
        ILLNESS = "illness", _("While acutely ill")
        PREGNANCY = "pregnancy", _("Pregnancy or breastfeeding")
        NO_EFFECT = "no_effect", _("It does not help enough")
        NOT_NEEDED = "not_needed", _("No longer needed")
        REPLACED = "replaced", _("Another medicine or dose instead")
        NOT_TAKEN = "not_taken", _("The patient does not take it")
        DECLINED = "declined", _("The patient does not want it")
        OTHER = "other", _("Other: said below")

    scope: ClassVar[Scope] = Scope.MEDICATION
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT", worker="SELECT, INSERT")

    prescription = models.ForeignKey(
        Prescription, null=True, blank=True, on_delete=models.PROTECT, related_name="halts"
    )
    statement = models.ForeignKey(
        MedicationStatement, null=True, blank=True, on_delete=models.PROTECT, related_name="halts"
    )
    act = models.CharField(max_length=6, choices=Act)
    starts_at = models.DateTimeField(help_text=_("From when it counts."))
    reason = models.CharField(max_length=12, choices=Reason, blank=True)
    words = models.CharField(max_length=300, blank=True)
    said_at = models.DateTimeField()
    said_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = HaltQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        indexes = [models.Index(fields=["patient", "-said_at"], name="halt_by_patient")]
        constraints = [
            models.CheckConstraint(
                condition=Q(prescription__isnull=False, statement=None) | Q(prescription=None, statement__isnull=False),
                name="halt_of_one_medicine",
            ),
            models.CheckConstraint(condition=Q(act="resume") | ~Q(reason=""), name="halt_says_why"),
            models.CheckConstraint(condition=~Q(reason="other") | ~Q(words=""), name="halt_other_is_said_in_words"),
        ]

    @property
    def reason_words(self) -> str:
        """Why, with the words of who said it; where the reason is in the words, these alone."""
        said = "" if self.reason == self.Reason.OTHER else str(self.get_reason_display())
        return ". ".join(filter(None, (said, self.words)))
