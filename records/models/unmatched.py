from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.db.fields import EncryptedTextField
from healthcare.db.models import BaseModel
from healthcare.db.privileges import NONE, Access


class UnmatchedResult(BaseModel):
    """A result that arrived, and nobody is sure for whom. What was told is ciphertext; it belongs to no patient.

    Pages read and settle it by `app.unmatched_results` and `app.settle_unmatched_result` alone. `became` is the entry
    that was made of it, and `matched_to` whose: ids without a key, as they were on that day.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Waits")
        MATCHED = "matched", _("Matched")
        ASIDE = "aside", _("Set aside")
        ARRIVED = "arrived", _("Told again, and then of somebody known")

    class Why(models.TextChoices):
        NOBODY = "nobody", _("Whom it speaks of is not known here")
        NUMBER = "number", _("A number in it is known here; nothing else says whose it is")
        SEVERAL = "several", _("Its numbers are those of several people")
        ORDER = "order", _("It names one patient, and the order of another")
        BEFORE = "before", _("It spoke of another patient before")

    database_access: ClassVar[Access] = Access(web=NONE, worker="SELECT, INSERT, UPDATE")

    state = models.CharField(max_length=7, choices=State, default=State.OPEN)
    why = models.CharField(max_length=7, choices=Why)
    system = models.CharField(max_length=200, blank=True, help_text=_("Base of the source's addresses, or its name."))
    resource_type = models.CharField(max_length=40)
    source_id = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, help_text=_("SHA-256 of the canonical JSON."))
    run = models.UUIDField(help_text=_("The import that told it last."))
    headline = EncryptedTextField(help_text=_("What the list shows: the test, and the first letters of a name."))
    content = EncryptedTextField(help_text=_("What was told, as JSON."))
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200, blank=True, help_text=_("Why it was set aside."))
    matched_to = models.UUIDField(null=True, blank=True)
    became = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = _("unmatched result")
        verbose_name_plural = _("unmatched results")
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state="open"), name="unmatched_open"),
            models.Index(fields=["settled_at"], condition=Q(state="aside"), name="unmatched_aside"),
            models.Index(fields=["system", "source_id"], name="unmatched_by_source"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["system", "source_id", "resource_type"], condition=Q(state="open"), name="unmatched_once"
            ),
            models.CheckConstraint(
                condition=Q(state="open", settled_at=None, settled_by=None, reason="")
                | Q(state="arrived", settled_at__isnull=False, settled_by=None, reason="")
                | Q(state="matched", settled_at__isnull=False, settled_by__isnull=False, reason="")
                | (Q(state="aside", settled_at__isnull=False, settled_by__isnull=False) & ~Q(reason="")),
                name="unmatched_settled_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(state="matched", matched_to__isnull=False, became__isnull=False)
                | (~Q(state="matched") & Q(matched_to=None, became=None)),
                name="unmatched_matched_says_to_what",
            ),
        ]

    @property
    def source(self) -> tuple[str, str, str]:
        return self.system, self.resource_type, self.source_id


def binding_of(column: str, key: UUID) -> str:
    """With what a column of a row that a function gave is decrypted."""
    return f"{UnmatchedResult._meta.db_table}.{column}.{key}"
