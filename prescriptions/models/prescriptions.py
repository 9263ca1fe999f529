from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider, Site, User
from healthcare.accounts.permissions import Scope, Sensitivity
from healthcare.db.privileges import Access
from healthcare.events.models import DueWork, DueWorkQuerySet
from patients.models import PatientOwned, PatientOwnedQuerySet, marks_open_to, within_reach
from prescriptions.models.formulary import KEPT, Medication
from prescriptions.models.halted import STOP, Halted, says_from_when
from prescriptions.rules.doses import VALID_DAYS
from prescriptions.rules.sig import Sig, quantity_text, read_sig
from records.models import Encounter
from records.models.entries import MARKS

VALID = timedelta(days=VALID_DAYS)  # after the signature nothing is repeated any more
USUAL_DAYS = 7  # that something waits which is written by hand
PRESCRIBERS = ("doctor", "nurse")  # who sees what is not signed yet; said in the policy as well
DISPENSERS = ("pharmacist",)  # who sees what waits for them, marked or not; said in the policy as well


def taken_at(now: datetime) -> Q:
    """Signed, neither cancelled nor stopped, and the supply with its repeats not over. What is on hold is among it.

    See `PrescriptionQuerySet.active`.
    """
    return Q(status__in=Prescription.GOING) & ~Q(halt=STOP) & (Q(ends_at=None) | Q(ends_at__gt=now))


class PrescriptionQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Where the patient's medicines are; what is not signed yet, to those who treat alone.

        What is marked, to its prescriber and to who holds the label; and to the dispensary as long as it waits there,
        and to who handed it out or said why not: whoever prepares a medicine and gives it away has to know which.
        """
        open_to = marks_open_to(user, written_by=("prescriber__user", "handed_out_by", "not_dispensed_by"))
        if user.acting_role in DISPENSERS:
            open_to |= Q(status__in=Prescription.OPEN)
        rows = super().visible_to(user).filter(open_to)
        return rows if user.acting_role in PRESCRIBERS else rows.exclude(status=Prescription.Status.DRAFT)

    def with_overrides(self) -> Self:
        """`was_overridden`: the safety check had something to say, and the prescriber answered it."""
        checks = SafetyCheck.objects.filter(prescription=OuterRef("pk"), patient=OuterRef("patient"))
        answered = checks.filter(occasion=SafetyCheck.Occasion.SIGNING)
        return self.annotate(was_overridden=Exists(answered.exclude(overrides=[])))

    def active(self, now: datetime) -> Self:
        """What the patient takes, is about to, or has on hold: neither cancelled nor stopped, and its supply not over.

        The end is counted from the signing, and from the pick-up once there was one; what goes on has none.
        """
        return self.filter(taken_at(now))


class Prescription(PatientOwned, Halted):
    """One medicine prescribed to one person. Once signed its content never changes: it is cancelled and replaced."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SIGNED = "signed", _("Signed, to prepare")
        READY = "ready", _("Ready to collect")
        PICKED_UP = "picked_up", _("Collected")
        NOT_COLLECTED = "not_collected", _("Not collected")
        NOT_DISPENSED = "not_dispensed", _("Not dispensed")
        CANCELLED = "cancelled", _("Cancelled")

    class Relation(models.TextChoices):
        SELF = "self", _("The patient")
        PARENT = "parent", _("Parent")
        PARTNER = "partner", _("Spouse or partner")
        CHILD = "child", _("Son or daughter")
        RELATIVE = "relative", _("Other relative")
        CAREGIVER = "caregiver", _("Caregiver")
        OTHER = "other", _("Somebody else")

    class CancelReason(models.TextChoices):
        NOT_NEEDED = "not_needed", _("No longer needed")
        WRONG = "wrong", _("Prescribed by mistake")
        CHANGED = "changed", _("Another medicine or dose instead")
        SIDE_EFFECT = "side_effect", _("Side effect or allergy")
        PATIENT_DECLINED = "declined", _("The patient does not want it")
        OTHER = "other", _("Other: said below")

    class WhyNot(models.TextChoices):
        OUT_OF_STOCK = "out_of_stock", _("Not in stock, and not soon")
        NOT_STOCKED = "not_stocked", _("This dispensary does not keep it")
        UNCLEAR = "unclear", _("The prescription is not clear")
        SAFETY = "safety", _("Not safe as it is: the prescriber should look")
        HAS_ENOUGH = "has_enough", _("The patient still has enough")
        DECLINED = "declined", _("The patient does not want it")
        PRICE = "price", _("Too expensive for the patient")
        NOT_COLLECTED = "not_collected", _("Nobody came for it")
        OTHER = "other", _("Other: said below")

    # To prepare again: the rest of what was handed out in part, the next repeat, what was not dispensed after all.
    MOVES: ClassVar[dict[str, frozenset[str]]] = {
        Status.DRAFT: frozenset({Status.SIGNED, Status.CANCELLED}),
        Status.SIGNED: frozenset({Status.READY, Status.PICKED_UP, Status.NOT_DISPENSED, Status.CANCELLED}),
        Status.READY: frozenset(
            {Status.PICKED_UP, Status.SIGNED, Status.NOT_COLLECTED, Status.NOT_DISPENSED, Status.CANCELLED}
        ),
        Status.NOT_COLLECTED: frozenset(
            {Status.READY, Status.PICKED_UP, Status.SIGNED, Status.NOT_DISPENSED, Status.CANCELLED}
        ),
        Status.NOT_DISPENSED: frozenset({Status.SIGNED, Status.CANCELLED}),
        Status.PICKED_UP: frozenset({Status.SIGNED}),
        Status.CANCELLED: frozenset(),
    }
    GOING = (Status.SIGNED, Status.READY, Status.NOT_COLLECTED, Status.PICKED_UP)
    OPEN = (Status.SIGNED, Status.READY, Status.NOT_COLLECTED, Status.NOT_DISPENSED)

    scope: ClassVar[Scope] = Scope.MEDICATION
    database_access: ClassVar[Access] = Access(web=KEPT, worker=KEPT)

    encounter = models.ForeignKey(Encounter, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    prescriber = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", help_text=_("Whose dispensary."))
    medication = models.ForeignKey(Medication, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    medicine = models.CharField(max_length=240, help_text=_("As on the label. Without a medication: written by hand."))
    reason = models.CharField(max_length=200, blank=True, help_text=_("What it is for."))
    sig = models.JSONField(default=dict, blank=True)
    sig_text = models.CharField(max_length=500, blank=True)
    quantity = models.DecimalField(max_digits=9, decimal_places=2, null=True, blank=True)
    quantity_unit = models.CharField(max_length=12, blank=True)
    repeats = models.PositiveSmallIntegerField(default=0)
    may_substitute = models.BooleanField(default=True)
    sensitivity = models.CharField(max_length=14, choices=MARKS, blank=True, default="")
    status = models.CharField(max_length=14, choices=Status, default=Status.DRAFT)
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    signature = models.CharField(max_length=64, blank=True, help_text=_("SHA-256 of what was signed."))
    ends_at = models.DateTimeField(null=True, blank=True, help_text=_("When the supply is over; empty: it goes on."))
    fill = models.PositiveSmallIntegerField(
        default=0, help_text=_("Which supply is due: 0 the first, 1 the first repeat.")
    )
    dispensed = models.DecimalField(
        max_digits=9, decimal_places=2, default=Decimal(0), help_text=_("Prepared or handed out; counted by trigger.")
    )
    ready_at = models.DateTimeField(null=True, blank=True)
    ready_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    collect_by = models.DateTimeField(null=True, blank=True)
    not_collected_at = models.DateTimeField(null=True, blank=True)
    picked_up_at = models.DateTimeField(null=True, blank=True)
    picked_up_by = models.CharField(max_length=120, blank=True)
    picked_up_relation = models.CharField(max_length=10, choices=Relation, blank=True)
    handed_out_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    not_dispensed_at = models.DateTimeField(null=True, blank=True)
    not_dispensed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    not_dispensed_reason = models.CharField(max_length=14, choices=WhyNot, blank=True)
    not_dispensed_note = models.CharField(max_length=300, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    cancel_reason = models.CharField(max_length=12, choices=CancelReason, blank=True)
    cancel_note = models.CharField(max_length=300, blank=True)

    # What the patient marked of its doses, where a page has asked for it: see `queries.doses.with_marked`.
    marked: Any = None

    objects = PrescriptionQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        indexes = [
            models.Index(fields=["patient", "status"], name="prescription_by_patient"),
            models.Index(
                fields=["site", "status", "signed_at"],
                condition=Q(status__in=["signed", "ready", "not_collected", "not_dispensed"]),
                name="prescription_in_the_queue",
            ),
            models.Index(fields=["prescriber", "status"], name="prescription_by_prescriber"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(medicine=""), name="prescription_names_a_medicine"),
            models.CheckConstraint(
                condition=Q(signed_at=None, signed_by=None, signature="", status__in=["draft", "cancelled"])
                | (
                    Q(signed_at__isnull=False, signed_by__isnull=False, quantity__gt=0)
                    & ~Q(signature="")
                    & ~Q(sig_text="")
                ),
                name="prescription_signed_says_who",
            ),
            models.CheckConstraint(
                condition=~Q(status="draft") | Q(signed_at=None), name="prescription_draft_is_not_signed"
            ),
            models.CheckConstraint(
                condition=Q(ready_at=None, ready_by=None, collect_by=None)
                | Q(ready_at__isnull=False, ready_by__isnull=False, collect_by__isnull=False),
                name="prescription_ready_says_who",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["ready", "picked_up", "not_collected"]) | Q(ready_at__isnull=False),
                name="prescription_waited_was_ready",
            ),
            models.CheckConstraint(
                condition=Q(picked_up_at=None, handed_out_by=None, picked_up_by="", picked_up_relation="")
                & ~Q(status="picked_up")
                | Q(picked_up_at__isnull=False, handed_out_by__isnull=False, status="picked_up")
                & ~Q(picked_up_by="")
                & ~Q(picked_up_relation=""),
                name="prescription_picked_up_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled", cancelled_at__isnull=False, cancelled_by__isnull=False)
                & ~Q(cancel_reason="")
                | Q(cancelled_at=None, cancelled_by=None, cancel_reason="") & ~Q(status="cancelled"),
                name="prescription_cancelled_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(status="not_collected") | Q(not_collected_at__isnull=False),
                name="prescription_not_collected_says_when",
            ),
            models.CheckConstraint(condition=says_from_when(), name="prescription_halt_says_from_when"),
            models.CheckConstraint(condition=Q(repeats__lte=12), name="prescription_repeats_plausible"),
            models.CheckConstraint(
                condition=Q(fill__lte=F("repeats"), dispensed__gte=0)
                & (Q(dispensed=0) | Q(dispensed__lte=F("quantity") * (F("fill") + 1))),
                name="prescription_dispensed_at_most_what_is_due",
            ),
            models.CheckConstraint(
                condition=Q(not_dispensed_at=None, not_dispensed_by=None, not_dispensed_reason="")
                & ~Q(status="not_dispensed")
                | Q(not_dispensed_at__isnull=False, not_dispensed_by__isnull=False) & ~Q(not_dispensed_reason=""),
                name="prescription_not_dispensed_says_why",
            ),
        ]

    def can_become(self, status: str) -> bool:
        return status in self.MOVES[self.status]

    @property
    def directions(self) -> Sig | None:
        return read_sig(self.sig)

    @property
    def quantity_words(self) -> str:
        return quantity_text(self.quantity or Decimal(0), self.quantity_unit) if self.quantity_unit else ""

    @property
    def due_quantity(self) -> Decimal:
        """How much of the supply that is due was neither prepared nor handed out yet; of one supply at most."""
        quantity = self.quantity or Decimal(0)
        return min(quantity, quantity * (self.fill + 1) - self.dispensed)

    @property
    def due_words(self) -> str:
        return quantity_text(self.due_quantity, self.quantity_unit) if self.quantity_unit else ""

    @property
    def is_part(self) -> bool:
        """Some of the supply that is due was handed out, and the rest is to be prepared."""
        return self.status == self.Status.SIGNED and self.quantity is not None and self.due_quantity < self.quantity

    @property
    def repeats_left(self) -> int:
        """How often it can be repeated still."""
        return self.repeats - self.fill

    @property
    def pick_up_days(self) -> int:
        """How long it waits, once ready, before it counts as not collected."""
        return self.medication.pick_up_days if self.medication else USUAL_DAYS

    @property
    def is_by_hand(self) -> bool:
        """Written in free text: nothing can be checked about it."""
        return self.medication_id is None


def its_prescription_seen(user: User) -> Exists:
    """What hangs on a prescription is seen where that is."""
    return Exists(Prescription.objects.visible_to(user).filter(pk=OuterRef("prescription_id")))


class SafetyCheckQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Where the prescription is; and where it names marked medicines besides, to who may see all of those, and to
        who signed upon it.
        """
        named = Q()
        for label in Sensitivity:
            named &= ~Q(labels__contains=[label.value]) | within_reach(user, label)
        return (
            super()
            .visible_to(user)
            .filter(Q(labels=[]) | Q(prescription__signed_by=user.pk) | named, its_prescription_seen(user))
        )


class SafetyCheck(PatientOwned):
    """What was checked before a signature, against which knowledge, what it found, and what the prescriber answered;
    or what was found after it, when something was learned, and when it was prepared and handed out.

    Where marked medicines took part there are two: one that names them, with their `labels`, and one for everybody else
    who sees the prescription, which says no more than that something did not go together.
    """

    class Occasion(models.TextChoices):
        SIGNING = "signing", _("When it was signed")
        ALLERGY = "allergy", _("After an allergy was recorded")
        MEDICINE = "medicine", _("After another medicine was signed")
        PREPARING = "preparing", _("When it was prepared")
        HAND_OUT = "hand_out", _("When it was handed out")

    DISPENSING = (Occasion.PREPARING, Occasion.HAND_OUT)

    scope: ClassVar[Scope] = Scope.MEDICATION
    database_access: ClassVar[Access] = Access(web="SELECT, INSERT", worker="SELECT, INSERT")

    prescription = models.ForeignKey(Prescription, on_delete=models.PROTECT, related_name="checks")
    occasion = models.CharField(max_length=10, choices=Occasion, default=Occasion.SIGNING)
    kb_version = models.CharField(max_length=20, blank=True, help_text=_("Empty when the check did not run."))
    ran_at = models.DateTimeField()
    problem = models.CharField(max_length=40, blank=True, help_text=_("Why the check did not run."))
    checked = models.JSONField(default=dict, blank=True)
    findings = models.JSONField(default=list, blank=True)
    unchecked = models.JSONField(default=list, blank=True)
    overrides = models.JSONField(default=list, blank=True)
    answered_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("At the dispensary; before the signature it is who signed."),
    )
    labels = ArrayField(
        models.CharField(max_length=14), default=list, blank=True, help_text=_("Of the other medicines that it names.")
    )

    objects = SafetyCheckQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(problem="") & ~Q(kb_version="") | ~Q(problem=""), name="safety_check_names_its_knowledge"
            ),
            models.CheckConstraint(
                condition=Q(overrides=[]) | Q(occasion="signing") | Q(answered_by__isnull=False),
                name="safety_check_answered_says_who",
            ),
        ]

    @property
    def was_at_the_dispensary(self) -> bool:
        return self.occasion in self.DISPENSING

    @property
    def says_something(self) -> bool:
        return bool(self.problem or self.findings or self.unchecked)


class CollectionDeadlineQuerySet(DueWorkQuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(within_reach(user, CollectionDeadline.scope), its_prescription_seen(user))


class CollectionDeadline(PatientOwned, DueWork):
    """The moment at which a prescription that is ready counts as not collected. One row a prescription."""

    scope: ClassVar[Scope] = Scope.MEDICATION
    database_access: ClassVar[Access] = Access(
        web="SELECT, INSERT, UPDATE (next_at, handed_until, updated_at)", worker=KEPT
    )

    prescription = models.OneToOneField(Prescription, on_delete=models.PROTECT, related_name="deadline")

    objects = CollectionDeadlineQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta(DueWork.Meta):
        pass
