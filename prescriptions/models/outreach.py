"""What was done about medicines that nobody came for."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models import PatientOwned, PatientOwnedQuerySet
from prescriptions.models.prescriptions import Prescription, its_prescription_seen


class OutreachQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Where its prescription is."""
        return super().visible_to(user).filter(its_prescription_seen(user))


class Outreach(PatientOwned):
    """Somebody reached out to who did not come for a medicine, or tried to; how, and what came of it. Never changed."""

    class Way(models.TextChoices):
        PHONE = "phone", _("By phone")
        MESSAGE = "message", _("By message")
        LETTER = "letter", _("By letter")

    class Outcome(models.TextChoices):
        WILL_COLLECT = "will_collect", _("Will come for it")
        COST = "cost", _("Costs too much")
        SIDE_EFFECTS = "side_effects", _("Fears or had side effects")
        NOT_NEEDED = "not_needed", _("Does not need it any more")
        NOT_REACHED = "not_reached", _("Not reached")
        OTHER = "other", _("Other: said below")

    scope: ClassVar[Scope] = Scope.MEDICATION
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT", worker="SELECT, INSERT")

    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, related_name="outreach")
    way = models.CharField(max_length=7, choices=Way)
    outcome = models.CharField(max_length=12, choices=Outcome)
    note = models.CharField(max_length=300, blank=True)
    reached_at = models.DateTimeField()
    reached_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = OutreachQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("outreach")
        verbose_name_plural = _("outreach")
        indexes = [models.Index(fields=["prescription", "reached_at"], name="outreach_of_prescription")]
        constraints = [
            models.CheckConstraint(condition=~Q(outcome="other") | ~Q(note=""), name="outreach_other_says_it_in_words")
        ]
