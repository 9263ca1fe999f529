from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models.people import PatientOwned


class Disclosure(PatientOwned):
    """What was given to whom, when and why: a line of the accounting that a patient may ask for (45 CFR 164.528(b)(2)).

    Written with the deed in one transaction; never changed.
    """

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT", worker="SELECT, INSERT")

    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recipient = models.CharField(max_length=200)
    recipient_address = models.CharField(max_length=300, blank=True, help_text=_("If known."))
    description = models.CharField(max_length=500, help_text=_("What was given, in words."))
    purpose = models.CharField(max_length=500)
    source = models.CharField(max_length=60, help_text=_("What it came with, such as share:id."))

    class Meta:
        indexes = [models.Index(fields=["patient", "made_at"], name="disclosure_by_patient")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(recipient="") & ~Q(description="") & ~Q(purpose=""),
                name="disclosure_says_what",
            ),
        ]
