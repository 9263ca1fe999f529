from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from healthcare.events.models import DueWork, DueWorkQuerySet
from patients.models import PatientOwned, within_reach


class DigestQuerySet(DueWorkQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(within_reach(user, Scope.IDENTITY))

    def waiting(self) -> Self:
        return self.filter(state="due")


class Digest(DueWork, PatientOwned):
    """When a patient's mail of the day leaves, with all that is kept for it by then (`Notice.gathered`).

    Two may wait of one patient after two records became one: the first takes everything, the second finds nothing.
    """

    class State(models.TextChoices):
        DUE = "due", _("Waits")
        SENT = "sent", _("Sent")
        EMPTY = "empty", _("Nothing was left to send")

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(web="SELECT", worker="SELECT, INSERT, UPDATE")

    state = models.CharField(max_length=5, choices=State, default=State.DUE)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = DigestQuerySet.as_manager()  # type: ignore[assignment, misc]

    class Meta(DueWork.Meta):
        verbose_name = _("mail of the day")
        verbose_name_plural = _("mails of the day")
        indexes = [
            *DueWork.Meta.indexes,
            models.Index(fields=["patient"], condition=Q(state="due"), name="digest_of_patient"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="due", next_at__isnull=False) | (~Q(state="due") & Q(next_at=None)),
                name="digest_waits_while_due",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at=None)),
                name="digest_sent_says_when",
            ),
        ]
