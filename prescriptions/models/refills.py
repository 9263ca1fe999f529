"""What patients ask for once more, and what the prescriber answered."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from patients.models import PatientOwned, PatientOwnedQuerySet
from prescriptions.models.prescriptions import Prescription, its_prescription_seen

# What follows the asking; what was asked, by whom and when never changes.
ANSWERED = "state, answered_at, answered_by_id, reason, answer, made_in_id, updated_at"


class RefillRequestQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Where its prescription is."""
        return super().visible_to(user).filter(its_prescription_seen(user))

    def waiting(self) -> Self:
        """Nobody has answered; of the dead nobody has to."""
        return self.filter(state=RefillRequest.State.WAITING).exclude(patient__deceased=True)


class RefillRequest(PatientOwned):
    """A patient, or who acts for them, asks for more of what was prescribed.

    Approved, the next repeat is prepared, or it was prescribed again: `made_in` says as what, from when it is written;
    the signature of that is the answer. One waits for each prescription.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for an answer")
        APPROVED = "approved", _("Approved")
        DENIED = "denied", _("Denied")
        WITHDRAWN = "withdrawn", _("Taken back")
        CLOSED = "closed", _("The prescription was cancelled")

    class Reason(models.TextChoices):
        """As the patient reads it."""

        VISIT_FIRST = "visit_first", _("Your doctor wants to see you first. Please book a visit.")
        TEST_FIRST = "test_first", _("A test is needed first. Please call us.")
        TOO_EARLY = "too_early", _("It is too early: you should still have enough.")
        OVER = "over", _("The treatment is over: you no longer need it.")
        CHANGED = "changed", _("You are to take something else instead.")
        OTHER = "other", _("For another reason: said below.")

    MOVES: ClassVar[dict[str, frozenset[str]]] = {
        State.WAITING: frozenset({State.APPROVED, State.DENIED, State.WITHDRAWN, State.CLOSED}),
        State.APPROVED: frozenset(),
        State.DENIED: frozenset(),
        State.WITHDRAWN: frozenset(),
        State.CLOSED: frozenset(),
    }

    scope: ClassVar[Scope] = Scope.MEDICATION
    database_access: ClassVar[Access] = Access(
        web=f"SELECT, INSERT, UPDATE ({ANSWERED})", worker=f"SELECT, INSERT, UPDATE ({ANSWERED})"
    )

    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, related_name="refill_requests")
    note = models.CharField(max_length=300, blank=True, help_text=_("In the words of who asked."))
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    answered_at = models.DateTimeField(null=True, blank=True, help_text=_("Or taken back, or closed."))
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=11, choices=Reason, blank=True)
    answer = models.CharField(max_length=300, blank=True)
    made_in = models.ForeignKey(Prescription, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = RefillRequestQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("request for a refill")
        verbose_name_plural = _("requests for a refill")
        indexes = [
            models.Index(fields=["asked_at", "id"], condition=Q(state="waiting"), name="refill_waiting"),
            models.Index(fields=["patient", "asked_at"], name="refill_by_patient"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["prescription"], condition=Q(state="waiting"), name="refill_one_waits_per_prescription"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", answered_at=None, answered_by=None)
                | ~Q(state="waiting") & Q(answered_at__isnull=False, answered_by__isnull=False),
                name="refill_answered_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(state="denied") & ~Q(reason="") | ~Q(state="denied") & Q(reason=""),
                name="refill_denied_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(reason="other") | ~Q(answer=""), name="refill_denied_otherwise_says_it_in_words"
            ),
        ]

    def can_become(self, state: str) -> bool:
        return state in self.MOVES[self.state]
