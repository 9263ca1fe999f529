from datetime import date
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from healthcare.events.models import DueWork, DueWorkQuerySet
from patients.models import PatientOwned, within_reach
from records.models.encounters import Encounter
from records.models.entries import Entry
from scheduling.models import VisitType

RECALL_LIFE = (
    "state",
    "ended_at",
    "ended_by_id",
    "ended_because",
    "encounter_id",
    "reopened_at",
    "next_at",
    "handed_until",
    "updated_at",
)


class RecallQuerySet(DueWorkQuerySet):
    def visible_to(self, user: User) -> Self:
        """Whoever sees the visits of the patient: the row says when and for what kind of visit, and never why."""
        return self.filter(within_reach(user, self.model.scope))

    def standing(self) -> Self:
        return self.filter(state__in=["planned", "due"])

    def to_call_in(self) -> Self:
        """Whose day has come, and who was not here since: what a list of recalls shows."""
        return self.filter(state="due")

    def soonest_first(self) -> Self:
        return self.order_by("due_on", "id")


class Recall(DueWork, PatientOwned):
    """Somebody is to come again by a day, for this kind of visit. Why, says the plan item that `entry` leads to, for
    whoever may see that; the front desk reads this row alone.

    `next_at` is the morning of the day, on the clock of the patient's site.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        DUE = "due", _("To be called in")
        DONE = "done", _("Was here")
        CANCELLED = "cancelled", _("Not needed any more")

    class Because(models.TextChoices):
        VISIT = "visit", _("A visit of this kind took place")
        BY_HAND = "by_hand", _("Somebody said so")
        PLAN_ENDED = "plan_ended", _("What was planned is over")
        DIED = "died", _("The patient has died")

    scope: ClassVar[Scope] = Scope.SCHEDULE
    database_access: ClassVar[Access] = Access(
        web=f"SELECT, INSERT, UPDATE ({', '.join(RECALL_LIFE)})",
        worker=f"SELECT, INSERT, UPDATE ({', '.join(RECALL_LIFE)}, queue, attempts, error)",
    )

    entry = models.ForeignKey(
        Entry,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # the pair (entry_id, patient_id) is the constraint
    )
    visit_type = models.ForeignKey(VisitType, on_delete=models.PROTECT, related_name="+", db_index=False)
    due_on = models.DateField(_("by"))
    planned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.PLANNED)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text=_("Empty: nobody by hand.")
    )
    ended_because = models.CharField(max_length=10, choices=Because, blank=True)
    encounter = models.ForeignKey(
        Encounter, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reopened_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When the visit that had ended it was found to be entered in error.")
    )

    objects = RecallQuerySet.as_manager()  # type: ignore[assignment, misc]

    class Meta(DueWork.Meta):
        verbose_name = _("recall")
        verbose_name_plural = _("recalls")
        indexes = [
            *DueWork.Meta.indexes,
            models.Index(fields=["patient", "entry"], name="recall_by_entry"),
            models.Index(fields=["due_on", "id"], condition=Q(state__in=["planned", "due"]), name="recall_standing"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["patient", "entry"], name="recall_once_per_plan"),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "due"], ended_at=None, ended_by=None, ended_because="")
                | Q(state__in=["done", "cancelled"], ended_at__isnull=False, next_at=None) & ~Q(ended_because=""),
                name="recall_ended_says_when_and_why",
            ),
            models.CheckConstraint(
                condition=Q(encounter=None) | Q(ended_because="visit"), name="recall_visit_ended_it"
            ),
            models.CheckConstraint(
                condition=~Q(ended_because="by_hand") | Q(ended_by__isnull=False), name="recall_by_hand_says_whose"
            ),
        ]

    def is_overdue(self, today: date) -> bool:
        return self.state in ("planned", "due") and self.due_on < today


# From → to. A recall that ended is planned anew, but for one whose visit was entered in error: that one stands again.
RECALL_MOVES: dict[str, frozenset[str]] = {
    "planned": frozenset({"due", "done", "cancelled"}),
    "due": frozenset({"done", "cancelled"}),
    "done": frozenset({"planned"}),
    "cancelled": frozenset(),
}


class RecallCall(PatientOwned):
    """Somebody tried to reach a patient who is to come again: how it went, when and who. Never what was said."""

    class Outcome(models.TextChoices):
        REACHED = "reached", _("Reached")
        MESSAGE = "message", _("Left a message")
        NO_ANSWER = "no_answer", _("Nobody answered")
        WRONG_NUMBER = "wrong", _("The number is wrong")

    scope: ClassVar[Scope] = Scope.SCHEDULE
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT", worker="SELECT, INSERT")

    recall = models.ForeignKey(
        Recall,
        on_delete=models.PROTECT,
        related_name="calls",
        db_constraint=False,  # the pair (recall_id, patient_id) is the constraint
    )
    outcome = models.CharField(max_length=9, choices=Outcome)
    called_at = models.DateTimeField()
    called_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        verbose_name = _("call about a recall")
        verbose_name_plural = _("calls about recalls")
