from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Scope
from healthcare.accounts.roles import PATIENT
from healthcare.db.models import BaseModel
from healthcare.db.prepared import AnyOf
from healthcare.db.privileges import Access
from patients.models import PatientOwned, PatientOwnedQuerySet, marks_open_to, reach_of, within_reach
from records.models.encounters import Encounter
from records.models.marks import MARKS
from records.rules.orders import WAITING

# Where an order stands; what was ordered, for whom and by whom never changes.
ORDER_LIFE = (
    "status",
    "ordered_at",
    "ordered_by_id",
    "expected_by",
    "collected_at",
    "collected_by_id",
    "ended_at",
    "ended_by_id",
    "end_reason",
    "updated_at",
)
ORDER_WRITES = f"SELECT, INSERT, UPDATE ({', '.join(ORDER_LIFE)})"


class ServiceRequestQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Clinical scope, and the label of what is marked, unless one wrote it; a patient sees what was really ordered,
        here.
        """
        marks = marks_open_to(user, written_by=("written_by", "ordered_by"))
        seen = self.filter(within_reach(user, self.model.scope), marks)
        return seen.exclude(status="draft") if user.acting_role == PATIENT else seen

    def waiting(self) -> Self:
        """For an answer, or for the rest of one."""
        return self.filter(status__in=sorted(WAITING), source="")

    def drafts(self) -> Self:
        return self.filter(status="draft")

    def asked_by(self, user: User) -> Self:
        """By this person, or by a colleague in whose place they stand."""
        return self.filter(provider__user=AnyOf(reach_of(user).people))

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-id")


class ServiceRequest(PatientOwned):
    """One thing asked of a laboratory or of who makes images, as FHIR R4 calls it. Results answer it.

    One that another system tells of has no provider of ours: `source` says which system, `told` holds the resource.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Prepared")
        ACTIVE = "active", _("Ordered")
        SPECIMEN_COLLECTED = "specimen_collected", _("Specimen taken")
        PRELIMINARY = "preliminary", _("Preliminary result")
        FINAL = "final", _("Result is there")
        REVOKED = "revoked", _("Revoked")
        FAILED = "failed", _("Nothing more comes")

    class Category(models.TextChoices):
        LABORATORY = "laboratory", _("Laboratory")
        IMAGING = "imaging", _("Imaging")
        OTHER = "other", _("Other")

    class Priority(models.TextChoices):
        ROUTINE = "routine", _("Routine")
        URGENT = "urgent", _("Urgent")
        STAT = "stat", _("At once")

    scope: ClassVar[Scope] = Scope.CLINICAL
    database_access: ClassVar[Access] = Access(
        web=ORDER_WRITES, worker=ORDER_WRITES.replace("status,", "told, status,")
    )

    encounter = models.ForeignKey(Encounter, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(
        Provider,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("Who asks for it, and so has to read the answer."),
    )
    category = models.CharField(max_length=10, choices=Category)
    code = models.CharField(max_length=32, blank=True)
    code_system = models.CharField(max_length=20, blank=True)
    display = models.CharField(max_length=300)
    priority = models.CharField(max_length=8, choices=Priority, default=Priority.ROUTINE)
    reason = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=200, blank=True, help_text=_("For who takes the specimen or the image."))
    sensitivity = models.CharField(max_length=14, choices=MARKS, blank=True, default="")
    status = models.CharField(max_length=18, choices=Status, default=Status.ACTIVE)
    written_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField(null=True, blank=True)
    ordered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    expected_by = models.DateField(null=True, blank=True, help_text=_("The day by which an answer is expected."))
    collected_at = models.DateTimeField(null=True, blank=True)
    collected_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True, help_text=_("When it was revoked, or failed."))
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    end_reason = models.CharField(max_length=200, blank=True)
    source = models.CharField(
        max_length=200, blank=True, help_text=_("The system that told of it; empty for what was ordered here.")
    )
    told = models.JSONField(default=dict, blank=True)

    objects = ServiceRequestQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("order")
        indexes = [
            models.Index(fields=["patient", "-created_at", "-id"], name="order_by_patient"),
            models.Index(
                fields=["expected_by", "id"],
                condition=Q(status__in=["active", "specimen_collected", "preliminary"], source=""),
                name="order_waiting",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "draft",
                        "active",
                        "specimen_collected",
                        "preliminary",
                        "final",
                        "revoked",
                        "failed",
                    ]
                ),
                name="order_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["revoked", "failed"], ended_at__isnull=False) & ~Q(end_reason="")
                | ~Q(status__in=["revoked", "failed"]) & Q(ended_at=None, ended_by=None, end_reason=""),
                name="order_ended_says_when_and_why",
            ),
            models.CheckConstraint(
                condition=Q(ordered_at=None, ordered_by=None) | Q(ordered_at__isnull=False),
                name="order_ordered_says_when",
            ),
            models.CheckConstraint(
                condition=Q(collected_at=None, collected_by=None)
                | Q(collected_at__isnull=False, collected_by__isnull=False),
                name="order_collected_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=~Q(source="")
                | Q(provider__isnull=False, written_by__isnull=False)
                & (
                    Q(status__in=["draft", "revoked"])
                    | Q(ordered_at__isnull=False, ordered_by__isnull=False, expected_by__isnull=False)
                ),
                name="order_says_who_ordered_and_when",
            ),
        ]


# From → to. A corrected result leaves its order final, one entered in error has it wait again; what was revoked or
# failed is ordered anew.
ORDER_MOVES: dict[str, frozenset[str]] = {
    "draft": frozenset({"active", "revoked"}),
    "active": frozenset({"specimen_collected", "preliminary", "final", "revoked", "failed"}),
    "specimen_collected": frozenset({"preliminary", "final", "revoked", "failed"}),
    "preliminary": frozenset({"active", "specimen_collected", "final", "failed"}),
    "final": frozenset({"active", "specimen_collected", "preliminary"}),
    "revoked": frozenset(),
    "failed": frozenset(),
}


class FavouriteOrder(BaseModel):
    """What a doctor wants to find first."""

    database_access: ClassVar[Access] = Access(web="SELECT, INSERT, DELETE", worker="SELECT")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=32)

    class Meta:
        verbose_name = _("favourite order")
        constraints = [models.UniqueConstraint(fields=["user", "code"], name="favourite_order_once")]
