from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models.people import PatientOwned, PatientOwnedQuerySet


class ProposedChangeQuerySet(PatientOwnedQuerySet):
    def waiting(self) -> Self:
        return self.filter(state="waiting")


class ProposedChange(PatientOwned):
    """What a patient says that their record should say in one field, and what became of it; one waits at a time."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits")
        ACCEPTED = "accepted", _("Taken over")
        REFUSED = "refused", _("Not taken over")
        WITHDRAWN = "withdrawn", _("Taken back")

    #: Fields of Patient that patients may propose; a birth date and a sex are changed where an ID is shown.
    FIELDS: ClassVar[tuple[str, ...]] = (
        "given_name",
        "family_name",
        "preferred_name",
        "phone",
        "email",
        "line",
        "city",
        "state",
        "postal_code",
        "gender_identity",
        "pronouns",
        "language",
    )
    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (state, answered_at, answered_by_id, answer, updated_at)",
        worker="SELECT, INSERT, UPDATE (state, answered_at, answered_by_id, answer, updated_at)",
    )

    field = models.CharField(max_length=16, choices=[(name, name) for name in FIELDS])
    was = models.CharField(max_length=254, blank=True)
    value = models.CharField(max_length=254, blank=True)
    proposed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    told_in = models.UUIDField(null=True, blank=True, help_text=_("The self-registration that says it, of nobody."))
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answer = models.CharField(max_length=300, blank=True)

    objects = ProposedChangeQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("proposed change")
        verbose_name_plural = _("proposed changes")
        indexes = [
            models.Index(fields=["patient", "-created_at"], name="proposedchange_by_patient"),
            models.Index(fields=["created_at"], condition=Q(state="waiting"), name="proposedchange_waiting"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "field"], condition=Q(state="waiting"), name="proposedchange_one_waits"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", answered_at=None, answered_by=None)
                | (~Q(state="waiting") & Q(answered_at__isnull=False, answered_by__isnull=False)),
                name="proposedchange_answered_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(proposed_by__isnull=False, told_in=None) | Q(proposed_by=None, told_in__isnull=False),
                name="proposedchange_says_who_proposed",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(answer=""), name="proposedchange_refused_says_why"
            ),
        ]

    @property
    def source(self) -> str:
        """Who proposed it, in words. A self-registration is told by somebody whom nobody has seen."""
        return self.proposed_by.full_name if self.proposed_by else str(_("An online registration"))
