from typing import ClassVar

from django.db import models
from django.db.models import Q

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models.people import PatientOwned


class PortalCode(PatientOwned):
    """A one-time code that, with the date of birth, links a portal account to a patient. Only its hash is kept."""

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (revoked_at, updated_at)", worker="SELECT, INSERT, UPDATE (revoked_at, updated_at)"
    )

    code_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(used_at=None, used_by=None) | Q(used_at__isnull=False, used_by__isnull=False),
                name="portal_code_used_says_who",
            ),
        ]
