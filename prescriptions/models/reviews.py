from typing import ClassVar

from django.db import models

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models import PatientOwned


class MedicationReview(PatientOwned):
    """Somebody went through all that the patient takes, and said whether anything changed by it. Never changed."""

    scope: ClassVar[Scope] = Scope.MEDICATION
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT", worker="SELECT, INSERT")

    reviewed_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    changed = models.BooleanField()

    class Meta:
        indexes = [models.Index(fields=["patient", "-reviewed_at"], name="medication_review_by_patient")]
