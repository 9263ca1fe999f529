"""What a patient says that is wrong in the record, and what the clinic answered."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.accounts.permissions import Scope
from healthcare.db.privileges import Access
from healthcare.events.models import DueWork, DueWorkQuerySet
from patients.models import PatientOwned, marks_open_to, within_reach
from records.models.entries import Entry
from records.models.marks import MARKS

OFFICER = "privacy_officer"
# What follows the asking; what was asked, by whom and when never changes.
AMENDMENT_LIFE = (
    "state",
    "sensitivity",
    "due_at",
    "owner_id",
    "taken_at",
    "extended_at",
    "extended_by_id",
    "extension_reason",
    "answered_at",
    "answered_by_id",
    "ground",
    "answer",
    "made_in_id",
    "made_at",
    "made_by_id",
    "disagreement",
    "disagreed_at",
    "disagreed_by_id",
    "rebuttal",
    "rebutted_at",
    "rebutted_by_id",
    "next_at",
    "handed_until",
    "updated_at",
)


class AmendmentRequestQuerySet(DueWorkQuerySet):
    def visible_to(self, user: User) -> Self:
        """Clinical scope, and the label of the entry, unless one asked or wrote it; privacy officers watch over all."""
        if user.acting_role == OFFICER and user.is_active:
            return self
        marks = marks_open_to(user, written_by=("asked_by", "written_by"))
        return self.filter(within_reach(user, self.model.scope), marks)

    def waiting(self) -> Self:
        return self.filter(state="waiting")

    def to_be_made(self) -> Self:
        """Accepted, and nobody has said yet where the record says so."""
        return self.filter(state="accepted", made_at=None)


def said_whole(when: str, who: str, *words: str) -> Q:
    """None of these, or all of them."""
    none = Q(**{when: None, who: None}, **dict.fromkeys(words, ""))
    some = Q(**{f"{when}__isnull": False, f"{who}__isnull": False})
    for word in words:
        some &= ~Q(**{word: ""})
    return none | some


class AmendmentRequest(DueWork, PatientOwned):
    """A patient, or who acts for them, asks that an entry be amended, or the record as a whole where `entry` is empty.

    It stays with the entry, with its answer, the disagreement and the rebuttal (45 CFR 164.526(d)(4)). `sensitivity` is
    that of the entry. `made_in` is the entry that amends. `next_at` is when those who owe the answer are told.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for an answer")
        ACCEPTED = "accepted", _("Accepted")
        DENIED = "denied", _("Denied")
        WITHDRAWN = "withdrawn", _("Taken back")

    class Ground(models.TextChoices):
        """45 CFR 164.526(a)(2): there are no others."""

        ACCURATE = "accurate", _("It is accurate and complete")
        NOT_OURS = "not_ours", _("It was not written by this clinic")
        NOT_IN_RECORD = "not_in_record", _("It is not part of the record that decisions are made by")
        NOT_OPEN = "not_open", _("It is not open to patients by law")

    scope: ClassVar[Scope] = Scope.CLINICAL
    database_access: ClassVar[Access] = Access(
        web=f"SELECT, INSERT, UPDATE ({', '.join(AMENDMENT_LIFE)})",
        worker=f"SELECT, INSERT, UPDATE ({', '.join(AMENDMENT_LIFE)}, queue, attempts, error)",
    )

    entry = models.ForeignKey(
        Entry,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # the pair (entry_id, patient_id) is the constraint
    )
    written_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("Who wrote the entry; marked or not, they see it."),
    )
    sensitivity = models.CharField(max_length=14, choices=MARKS, blank=True, default="")
    wanted = models.TextField(_("what it should say"))
    reason = models.TextField(_("why"))
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text=_("The last moment for an answer."))
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(null=True, blank=True)
    extended_at = models.DateTimeField(null=True, blank=True)
    extended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    extension_reason = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True, help_text=_("Or taken back."))
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ground = models.CharField(max_length=13, choices=Ground, blank=True)
    answer = models.TextField(blank=True)
    made_in = models.ForeignKey(
        Entry,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # as above
    )
    made_at = models.DateTimeField(null=True, blank=True)
    made_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    disagreement = models.TextField(_("statement of disagreement"), blank=True)
    disagreed_at = models.DateTimeField(null=True, blank=True)
    disagreed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    rebuttal = models.TextField(blank=True)
    rebutted_at = models.DateTimeField(null=True, blank=True)
    rebutted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = AmendmentRequestQuerySet.as_manager()  # type: ignore[assignment, misc]

    class Meta(DueWork.Meta):
        verbose_name = _("request for an amendment")
        verbose_name_plural = _("requests for an amendment")
        indexes = [
            *DueWork.Meta.indexes,
            models.Index(fields=["patient", "entry"], name="amendment_by_entry"),
            models.Index(
                fields=["due_at", "id"],
                condition=Q(state="waiting") | Q(state="accepted", made_at=None),
                name="amendment_open",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "entry"],
                condition=Q(state="waiting", entry__isnull=False),
                name="amendment_one_waits_per_entry",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "accepted", "denied", "withdrawn"]), name="amendment_state_known"
            ),
            models.CheckConstraint(condition=~Q(wanted="") & ~Q(reason=""), name="amendment_says_what_and_why"),
            models.CheckConstraint(condition=said_whole("taken_at", "owner"), name="amendment_taken_says_by_whom"),
            models.CheckConstraint(
                condition=said_whole("extended_at", "extended_by", "extension_reason"),
                name="amendment_extended_says_why",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", answered_at=None, answered_by=None, answer="", ground="")
                | Q(state="withdrawn", answered_at__isnull=False, answered_by__isnull=False, answer="", ground="")
                | Q(state="accepted", answered_at__isnull=False, answered_by__isnull=False, ground="") & ~Q(answer="")
                | Q(state="denied", answered_at__isnull=False, answered_by__isnull=False)
                & ~Q(answer="")
                & Q(ground__in=["accurate", "not_ours", "not_in_record", "not_open"]),
                name="amendment_answered_says_by_whom_and_why",
            ),
            models.CheckConstraint(
                condition=Q(made_in=None, made_at=None, made_by=None)
                | Q(state="accepted", made_in__isnull=False, made_at__isnull=False, made_by__isnull=False),
                name="amendment_made_says_where",
            ),
            models.CheckConstraint(
                condition=said_whole("disagreed_at", "disagreed_by", "disagreement")
                & (Q(disagreed_at=None) | Q(state="denied")),
                name="amendment_disagreed_when_denied",
            ),
            models.CheckConstraint(
                condition=said_whole("rebutted_at", "rebutted_by", "rebuttal")
                & (Q(rebutted_at=None) | Q(disagreed_at__isnull=False)),
                name="amendment_rebutted_when_disagreed",
            ),
        ]

    @property
    def is_due_soon(self) -> bool:
        """Those who owe the answer were told that the last day is near."""
        return self.state == "waiting" and self.next_at == self.due_at
