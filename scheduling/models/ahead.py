"""What a patient confirmed before they came."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models import PatientOwned
from scheduling.models.visits import Appointment


class AheadAnswer(PatientOwned):
    """Whether one thing that the clinic knows is right, as the patient's side said before the visit. What is different
    they say elsewhere, where it belongs: here stands nothing of health.
    """

    scope: ClassVar[Scope] = Scope.SCHEDULE
    database_access: ClassVar[Access] = Access(
        web='SELECT, INSERT, UPDATE ("right", answered_by_id, updated_at)', worker="SELECT, INSERT, UPDATE"
    )

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.SlugField(max_length=20, help_text=_("The name of the part that asked."))
    right = models.BooleanField(help_text=_("Otherwise something is different."))
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["appointment", "item"], name="ahead_answer_one_an_item")]
