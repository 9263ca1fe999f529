"""What leaves the chart on paper, or as a file that prints as one."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models import PatientOwned, PatientOwnedQuerySet, within_reach
from records.models.encounters import Encounter

VOIDED = "voided_at, voided_by_id, void_reason, updated_at"
MADE = f"state, version, content_hash, holds, document, made_at, failure, {VOIDED}"
WAITS = timedelta(minutes=15)  # after that the worker is taken as lost, and it can be asked for again


class PaperQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """One's own, asked for in the same role, in clinical scope; a sick note says nothing of the chart, and is
        everybody's there (docs/decisions/0051).
        """
        own = Q(asked_by_id=user.pk, asked_as=user.acting_role)
        return self.filter(within_reach(user, self.model.scope), Q(kind="sick_note") | own)

    def made(self) -> Self:
        return self.filter(state="made")

    def waiting(self, now: datetime) -> Self:
        return self.filter(state="asked", asked_at__gt=now - WAITS)

    def about(self, paper: "Paper") -> Self:
        """The papers that count their versions together with this one."""
        return self.filter(patient_id=paper.patient_id, kind=paper.kind, encounter_id=paper.encounter_id)

    def newest_first(self) -> Self:
        return self.order_by("-asked_at", "-id")


class Paper(PatientOwned):
    """A document that somebody asked for, as a worker made it for their eyes. Never rewritten: what changed is another.

    `holds` names what stands in it, kind of row → ids: it opens only for whoever still sees all of that. A sick note is
    signed when it is asked for, and holds nothing but its `data`.
    """

    class Kind(models.TextChoices):
        SUMMARY = "summary", _("Visit summary")
        SICK_NOTE = "sick_note", _("Sick note")
        IMMUNIZATIONS = "immunizations", _("Immunization certificate")
        CHART = "chart", _("Full chart")

    class State(models.TextChoices):
        ASKED = "asked", _("Being made")
        MADE = "made", _("Made")
        FAILED = "failed", _("Could not be made")

    scope: ClassVar[Scope] = Scope.CLINICAL
    database_access: ClassVar[Access] = Access(
        web=f"SELECT, INSERT, UPDATE ({VOIDED})", worker=f"SELECT, INSERT, UPDATE ({MADE})"
    )

    encounter = models.ForeignKey(Encounter, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=13, choices=Kind)
    state = models.CharField(max_length=6, choices=State, default=State.ASKED)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_as = models.CharField(max_length=20, help_text=_("The role in which it was asked for."))
    asked_at = models.DateTimeField()
    language = models.CharField(max_length=10)
    data = models.JSONField(default=dict, blank=True, help_text=_("Of a sick note: its days, and what for."))
    signature = models.CharField(max_length=64, blank=True, help_text=_("SHA-256 of data, signer and time."))
    version = models.PositiveIntegerField(null=True, blank=True)
    content_hash = models.CharField(max_length=64, blank=True, help_text=_("SHA-256 of what it says."))
    holds = models.JSONField(default=dict, blank=True)
    document = models.UUIDField(null=True, blank=True, help_text=_("The stored object with the PDF."))
    made_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=80, blank=True, help_text=_("The kind of failure alone."))
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    void_reason = models.CharField(max_length=200, blank=True)

    objects = PaperQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("paper")
        indexes = [models.Index(fields=["patient", "-asked_at", "-id"], name="paper_by_patient")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["summary", "sick_note"], encounter__isnull=False)
                | Q(kind__in=["immunizations", "chart"], encounter=None),
                name="paper_kind_says_of_what",
            ),
            models.CheckConstraint(
                condition=Q(state="asked", version=None, content_hash="", document=None, made_at=None, failure="")
                | Q(state="failed", version=None, content_hash="", document=None, made_at=None) & ~Q(failure="")
                | Q(state="made", version__gte=1, document__isnull=False, made_at__isnull=False, failure="")
                & ~Q(content_hash=""),
                name="paper_state_says_what_is_there",
            ),
            models.CheckConstraint(
                condition=Q(kind="sick_note") & ~Q(signature="") | ~Q(kind="sick_note") & Q(signature="", data={}),
                name="paper_sick_note_is_signed",
            ),
            models.CheckConstraint(
                condition=Q(voided_at=None, voided_by=None, void_reason="")
                | Q(kind="sick_note", voided_at__isnull=False, voided_by__isnull=False) & ~Q(void_reason=""),
                name="paper_void_says_who_when_and_why",
            ),
        ]

    @property
    def number(self) -> str:
        """By which a sick note is called: the day in its key, in UTC, and eight digits that nobody can guess."""
        return f"{self.asked_at:%Y%m%d}-{self.pk.hex[-8:].upper()}"

    @property
    def is_void(self) -> bool:
        return self.voided_at is not None


# From → to. What failed is asked for anew.
PAPER_MOVES: dict[str, frozenset[str]] = {
    "asked": frozenset({"made", "failed"}),
    "made": frozenset(),
    "failed": frozenset(),
}
