from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import PATIENT, ROLE_CHOICES
from healthcare.db.privileges import Access
from patients.models.emergency import REVIEWER
from patients.models.people import Patient, PatientOwned, PatientOwnedQuerySet
from patients.models.reach import within_reach
from patients.models.relationships import CareRelationship


class AccessRequestQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """One's own; the privacy officer's to answer: all; and those about the patients whom one reaches."""
        if not user.is_active or not user.acting_role:
            return self.none()
        if user.acting_role == REVIEWER:
            return self.filter(Q(patient__isnull=False) | Q(user=user))
        own = Q(user=user)
        return self.filter(own if user.acting_role == PATIENT else own | within_reach(user, Scope.IDENTITY))

    def waiting(self) -> Self:
        """Nobody has answered them, and they have not lapsed."""
        return self.filter(state="waiting", created_at__gt=Now() - settings.ACCESS_REQUEST_LIVES)


class AccessRequest(PatientOwned):
    """Somebody asks to be let into a chart that is not in their scope, by the address they came to.

    Where there is no such patient the row stands without one: whoever asked sees the same, and nobody is asked.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Not answered yet")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    scope: ClassVar[Scope] = Scope.IDENTITY
    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (state, answer, answered_at, answered_by_id, relationship_id, updated_at)",
        worker="SELECT, INSERT, UPDATE (state, answer, answered_at, answered_by_id, relationship_id, updated_at)",
    )

    patient = models.ForeignKey(  # type: ignore[assignment]
        Patient, null=True, on_delete=models.PROTECT, related_name="+"
    )
    asked_for = models.UUIDField(help_text=_("The id in the address, whether there is such a patient or not."))
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("who"))
    role = models.CharField(_("in the role"), max_length=20, choices=ROLE_CHOICES)
    scopes = ArrayField(models.CharField(max_length=12, choices=[(scope.value, scope.value) for scope in Scope]))
    reason = models.CharField(max_length=500)
    until = models.DateTimeField(help_text=_("Until when it is asked for."))
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    answer = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    relationship = models.ForeignKey(
        CareRelationship, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = AccessRequestQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("request for access")
        verbose_name_plural = _("requests for access")
        indexes = [
            models.Index(fields=["patient"], condition=Q(state="waiting"), name="request_waiting"),
            models.Index(fields=["user", "-created_at"], name="request_by_user"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", answered_at=None, answered_by=None)
                | (~Q(state="waiting") & Q(answered_at__isnull=False, answered_by__isnull=False)),
                name="request_answered_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=(Q(state="approved") & Q(relationship__isnull=False))
                | (~Q(state="approved") & Q(relationship=None)),
                name="request_approved_opened_something",
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(answer=""), name="request_refused_says_why"),
            models.CheckConstraint(
                condition=Q(patient=None) | Q(patient=models.F("asked_for")), name="request_is_about_whom_it_asks_for"
            ),
        ]
