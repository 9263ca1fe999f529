from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models import PatientOwned, PatientOwnedQuerySet
from prescriptions.models.prescriptions import Prescription, its_prescription_seen

WAITS = timedelta(minutes=15)  # after that the worker is taken as lost, and it can be asked for again
MADE = "state, digest, document, made_at, failure, updated_at"


class PrescriptionSheetQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Where its prescription is: it says the same, to whoever asked for it."""
        return super().visible_to(user).filter(its_prescription_seen(user))

    def waiting(self, now: datetime) -> Self:
        return self.filter(state="asked", asked_at__gt=now - WAITS)


class PrescriptionSheet(PatientOwned):
    """A prescription on paper, as a worker made it for who asked. Never rewritten.

    Its QR code leads to a page that says whether it is valid. Of what stands in that address, 256 bits by chance, the
    hash alone is kept: whoever has the database has no code.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Being made")
        MADE = "made", _("Made")
        FAILED = "failed", _("Could not be made")

    scope: ClassVar[Scope] = Scope.MEDICATION
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT", worker=f"SELECT, INSERT, UPDATE ({MADE})")

    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, related_name="sheets")
    state = models.CharField(max_length=6, choices=State, default=State.ASKED)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_as = models.CharField(max_length=20, help_text=_("The role in which it was asked for."))
    asked_at = models.DateTimeField()
    language = models.CharField(max_length=10)
    digest = models.CharField(
        max_length=64, unique=True, null=True, blank=True, help_text=_("SHA-256 of the code, in hexadecimal.")
    )
    document = models.UUIDField(null=True, blank=True, help_text=_("The stored object with the PDF."))
    made_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=80, blank=True, help_text=_("The kind of failure alone."))

    objects = PrescriptionSheetQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        indexes = [models.Index(fields=["prescription", "-asked_at"], name="sheet_of_prescription")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="asked", digest=None, document=None, made_at=None, failure="")
                | Q(state="failed", digest=None, document=None, made_at=None) & ~Q(failure="")
                | Q(state="made", digest__isnull=False, document__isnull=False, made_at__isnull=False, failure=""),
                name="sheet_state_says_what_is_there",
            ),
        ]

    def is_late(self, now: datetime) -> bool:
        """Whether whoever waits for it may give up, and ask again."""
        return self.state == self.State.ASKED and self.asked_at <= now - WAITS
