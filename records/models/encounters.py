from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider, Site, User
from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import PATIENT
from healthcare.db.prepared import AnyOf
from healthcare.db.privileges import Access
from patients.models import PatientOwned, PatientOwnedQuerySet, marks_open_to, reach_of, within_reach
from records.rules.states import state_of
from scheduling.models import Appointment


class EncounterQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """A visit entered in error is kept for the staff; to the patient it is shown as such if they had its note."""
        seen = self.filter(within_reach(user, self.model.scope))
        wrong = Q(status="entered_in_error", void_told=False)
        return seen.exclude(wrong) if user.acting_role == PATIENT else seen

    def standing(self) -> Self:
        """Not entered in error."""
        return self.exclude(status="entered_in_error")

    def open(self) -> Self:
        return self.filter(status__in=["planned", "in_progress"])

    def note_to_sign(self) -> Self:
        """Begun, and the note of it is not signed yet."""
        return self.filter(status__in=["in_progress", "finished"], note_signed_at=None, source="")

    def held_by(self, user: User) -> Self:
        """One's own, and those of who left and for whom one stands in."""
        left = Q(provider__user=AnyOf(reach_of(user).people), provider__user__is_active=False)
        return self.filter(Q(provider__user=user) | left)


class Encounter(PatientOwned):
    """One meeting of a patient and a provider; the bracket round what was measured, concluded and written in it.

    One that another system tells of has neither provider nor site of ours, and no note to sign: `source` says which
    system, `told` what it says (whom and where in its own words, and the resource whole).
    """

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        IN_PROGRESS = "in_progress", _("In progress")
        FINISHED = "finished", _("Finished")
        ENTERED_IN_ERROR = "entered_in_error", _("Entered in error")

    scope: ClassVar[Scope] = Scope.CLINICAL
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")

    provider = models.ForeignKey(Provider, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=16, choices=Status, default=Status.IN_PROGRESS)
    reason = models.CharField(_("reason for the visit"), max_length=200, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    finished_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    note_signed_at = models.DateTimeField(null=True, blank=True, help_text=_("Empty while its note is still to sign."))

    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reopened_at = models.DateTimeField(null=True, blank=True)
    reopened_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reopen_reason = models.CharField(max_length=200, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    void_reason = models.CharField(max_length=200, blank=True)
    void_told = models.BooleanField(
        default=False, help_text=_("The patient had its note to read, and reads that it was wrong.")
    )

    source = models.CharField(
        max_length=200, blank=True, help_text=_("The system that told of it; empty for a visit here.")
    )
    told = models.JSONField(default=dict, blank=True)

    objects = EncounterQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-started_at"], name="encounter_by_patient"),
            models.Index(
                fields=["provider", "started_at"], condition=Q(status="in_progress"), name="encounter_in_progress"
            ),
            models.Index(
                fields=["provider", "started_at"], condition=Q(note_signed_at=None), name="encounter_note_to_sign"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["planned", "entered_in_error"]) | Q(started_at__isnull=False),
                name="encounter_started_says_when",
            ),
            models.CheckConstraint(
                condition=(Q(status="finished") & Q(finished_at__isnull=False))
                | (~Q(status="finished") & Q(finished_at=None, finished_by=None))
                | Q(status="entered_in_error"),
                name="encounter_finished_says_when",
            ),
            models.CheckConstraint(
                condition=Q(source="", provider__isnull=False, site__isnull=False)
                | ~Q(source="")
                & Q(provider=None, site=None, appointment=None, status__in=["finished", "entered_in_error"]),
                name="encounter_is_ours_or_told",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None) | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="encounter_closed_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(reopened_at=None, reopened_by=None, reopen_reason="")
                | Q(reopened_at__isnull=False, reopened_by__isnull=False) & ~Q(reopen_reason=""),
                name="encounter_reopened_says_who_when_and_why",
            ),
            models.UniqueConstraint(
                fields=["appointment"],
                condition=~Q(status="entered_in_error"),
                name="encounter_one_an_appointment",
            ),
            models.CheckConstraint(
                condition=Q(status="entered_in_error", source="", voided_at__isnull=False) & ~Q(void_reason="")
                | (~Q(status="entered_in_error") | ~Q(source=""))
                & Q(voided_at=None, voided_by=None, void_reason="", void_told=False),
                name="encounter_void_says_who_when_and_why",
            ),
        ]

    @property
    def state(self) -> str:
        """For the guard of its children (`rules.states`)."""
        return state_of(self.status, closed=self.closed_at is not None)

    @property
    def is_wrong(self) -> bool:
        """Entered in error, here or elsewhere."""
        return self.status == "entered_in_error"

    @property
    def whom(self) -> str:
        """The provider's name; of a visit elsewhere as its source names them, or "" where it does not."""
        return self.provider.name if self.provider else str(self.told.get("provider", ""))

    @property
    def where(self) -> str:
        """The site's name, or that of the house elsewhere."""
        return self.site.name if self.site else str(self.told.get("site", "")) or gettext("elsewhere")

    @property
    def time_zone(self) -> str:
        """By which clock it took place; of a visit elsewhere the running one."""
        return self.site.time_zone if self.site else timezone.get_current_timezone_name()

    def is_held_by(self, user: User) -> bool:
        """Whether it is this provider's own, or one's for whom this person stands in because they left.

        A visit elsewhere is nobody's.
        """
        if self.provider is None or self.provider.user_id not in reach_of(user).people:
            return False
        return self.provider.user_id == user.pk or not (self.provider.user and self.provider.user.is_active)

    @property
    def with_whom_and_where(self) -> str:
        return ", ".join(name for name in (self.whom, self.where) if name)


# From → to. A finished visit stays finished. Closing its record, and opening that again, is another matter.
ENCOUNTER_MOVES: dict[str, frozenset[str]] = {
    "planned": frozenset({"in_progress", "entered_in_error"}),
    "in_progress": frozenset({"finished", "entered_in_error"}),
    "finished": frozenset({"entered_in_error"}),
    "entered_in_error": frozenset(),
}


class DraftQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Unsigned thoughts are their author's own; of somebody who left, theirs who stands in and holds the mark.

        Never a patient's.
        """
        if user.acting_role == PATIENT:
            return self.none()
        left = Q(author=AnyOf(reach_of(user).people), author__is_active=False) & marks_open_to(user)
        return self.filter(within_reach(user, self.model.scope), Q(author_id=user.pk) | left)


class Draft(PatientOwned):
    """What somebody is writing: one row overwritten, `version` counts the savings; gone once it is signed."""

    scope: ClassVar[Scope] = Scope.CLINICAL
    database_access: ClassVar[Access] = Access()

    encounter = models.ForeignKey(Encounter, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=30)
    content = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    sensitivity = models.CharField(max_length=14, blank=True, default="", help_text=_("How it is to be marked."))
    pen = models.CharField(max_length=36, blank=True, help_text=_("The open page that saved last."))

    objects = DraftQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "encounter", "author", "kind"], nulls_distinct=False, name="draft_one_per_visit"
            ),
        ]
