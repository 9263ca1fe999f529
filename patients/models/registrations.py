from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.access import can
from healthcare.accounts.models import Membership, Site, User
from healthcare.accounts.permissions import Permission, Scope
from healthcare.accounts.roles import PATIENT
from healthcare.db.fields import EncryptedTextField
from healthcare.db.models import BaseModel
from healthcare.db.privileges import Access
from patients.models.reach import within_reach
from patients.rules.registrations import Told, told_of


class SelfRegistrationQuerySet(models.QuerySet["SelfRegistration"]):
    def visible_to(self, user: User) -> Self:
        """What was confirmed, to who answers it: at the site that was wished for, or anywhere where none was.

        What became somebody's record is read by the staff who reach that record alone.
        """
        taken_over = within_reach(user, Scope.IDENTITY, "became") if user.acting_role != PATIENT else Q(pk__in=[])
        if not can(user, Permission.REVIEW_REGISTRATIONS):
            return self.filter(taken_over)
        sites = Membership.objects.current().filter(user=user, role=user.acting_role or "").values("site")
        here = Q(site=None) | Q(site__in=sites)
        return self.filter(~Q(state="unconfirmed") & Q(became=None) & here | taken_over)

    def waiting(self) -> Self:
        return self.filter(state="waiting")


class SelfRegistration(BaseModel):
    """Somebody from the street who wants to become a patient, and is none yet. What they told is ciphertext.

    It names no patient by a key: `became` is the id of the record that it was taken over into.
    """

    class State(models.TextChoices):
        UNCONFIRMED = "unconfirmed", _("E-mail not confirmed")
        WAITING = "waiting", _("Waits")
        ACCEPTED = "accepted", _("Registered")
        LINKED = "linked", _("Was registered already")
        REFUSED = "refused", _("Refused")

    ANSWERED: ClassVar[tuple[str, ...]] = ("accepted", "linked", "refused")
    ANSWERS: ClassVar[str] = "state, asked_at, asked_by_id, question, answered_at, answered_by_id, answer, became"
    database_access: ClassVar[Access] = Access(
        web=f"SELECT, INSERT, UPDATE ({ANSWERS}, updated_at)", worker="SELECT, INSERT, UPDATE, DELETE"
    )

    state = models.CharField(max_length=11, choices=State, default=State.UNCONFIRMED)
    site = models.ForeignKey(Site, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    told = EncryptedTextField(null=True)
    spoken = models.CharField(max_length=8, blank=True, help_text=_("The language of the page, for letters."))
    confirmed_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    asked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    question = models.CharField(max_length=300, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answer = models.CharField(max_length=300, blank=True)
    became = models.UUIDField(null=True, blank=True)

    objects = SelfRegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("self-registration")
        verbose_name_plural = _("self-registrations")
        indexes = [
            models.Index(fields=["confirmed_at"], condition=Q(state="waiting"), name="selfregistration_waiting"),
            models.Index(fields=["created_at"], condition=Q(state="unconfirmed"), name="selfregistration_unconfirmed"),
            models.Index(fields=["became"], condition=Q(became__isnull=False), name="selfregistration_became"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="unconfirmed", confirmed_at=None)
                | (~Q(state="unconfirmed") & Q(confirmed_at__isnull=False)),
                name="selfregistration_confirmed_says_when",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, state__in=["unconfirmed", "waiting"])
                | Q(answered_at__isnull=False, answered_by__isnull=False, state__in=["accepted", "linked", "refused"]),
                name="selfregistration_answered_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(became=None, state__in=["unconfirmed", "waiting", "refused"])
                | Q(became__isnull=False, state__in=["accepted", "linked"]),
                name="selfregistration_became_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(answer=""), name="selfregistration_refused_says_why"
            ),
            models.CheckConstraint(
                condition=Q(asked_at=None, asked_by=None) | Q(asked_at__isnull=False, asked_by__isnull=False),
                name="selfregistration_asked_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(told__isnull=False) | Q(state__in=["accepted", "linked"]),
                name="selfregistration_answered_before_it_is_emptied",
            ),
        ]

    def get_told(self) -> Told | None:
        """None when it was emptied, some time after the answer."""
        return told_of(self.told) if self.told is not None else None
