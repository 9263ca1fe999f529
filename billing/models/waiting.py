from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import READ, Access
from patients.models import PatientOwned
from scheduling.models import Appointment


class UnbilledVisit(PatientOwned):
    """A finished visit that has no bill: written when it is finished, gone with its bill.

    A list of what is missing, so that a page counts some rows of it instead of all visits against all bills.
    """

    scope: ClassVar[Scope] = Scope.BILLING
    database_access: ClassVar[Access] = Access(web=READ, worker="SELECT, INSERT, DELETE")

    appointment = models.OneToOneField(Appointment, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField()

    class Meta:
        verbose_name = _("visit without a bill")
        verbose_name_plural = _("visits without a bill")
        indexes = [models.Index(fields=["finished_at"], name="unbilled_by_end")]
