from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Scope, Sensitivity
from healthcare.accounts.roles import PATIENT
from healthcare.db.fields import EncryptedTextField
from healthcare.db.privileges import Access
from patients.models import Patient, PatientOwned, PatientOwnedQuerySet, marks_open_to, within_reach
from records.models.encounters import Encounter
from records.models.marks import MARKS
from records.models.orders import ServiceRequest

UNMARKED = ("allergy",)  # kinds that carry no mark: what protects the patient is hidden from nobody who treats them
RESULTS = ("laboratory_result", "diagnostic_report")  # what answers an order, and has to be read by somebody
STANDING = ("final", "corrected", "amended")
SHOWN_TO_PATIENT = Q(record_status__in=STANDING, superseded_at=None, released_at__isnull=False)
# What may still change on a row after it is written: where it stands in its life, never what it says.
LIFE = (
    "sensitivity",
    "record_status",
    "superseded_at",
    "acknowledged_at",
    "acknowledged_by_id",
    "released_at",
    "released_by_id",
    "release_comment",
    "voided_at",
    "voided_by_id",
    "void_reason",
    "updated_at",
)
LIFE_ONLY = f"SELECT, INSERT, UPDATE ({', '.join(LIFE)})"


def mark_of(text: str) -> str:
    """The label that somebody chose, "" for none. Raises ValueError for one that is none."""
    return Sensitivity(text).value if text else ""


class EntryQuerySet(PatientOwnedQuerySet):
    def visible_to(self, user: User) -> Self:
        """Clinical scope, and the label of what is marked, unless one wrote it oneself; a patient sees what is final,
        the newest version of it, and released.
        """
        marks = marks_open_to(user, written_by=("author", "enterer"))
        seen = self.filter(within_reach(user, self.model.scope), marks)
        return seen.filter(SHOWN_TO_PATIENT) if user.acting_role == PATIENT else seen

    def current(self) -> Self:
        """Neither void nor replaced by a later version."""
        return self.filter(superseded_at=None).exclude(record_status="entered_in_error")

    def standing_at(self, moment: datetime) -> Self:
        """Recorded by then, and neither void nor replaced by then."""
        not_replaced = Q(superseded_at=None) | Q(superseded_at__gt=moment)
        return self.filter(not_replaced, Q(voided_at=None) | Q(voided_at__gt=moment), created_at__lte=moment)

    def of_kind(self, kind: str) -> Self:
        return self.filter(kind=kind)

    def top(self) -> Self:
        """What stands by itself; the parts of a panel come with it."""
        return self.filter(parent=None)

    def unread(self) -> Self:
        """Results that no clinician has acknowledged. What another system tells of was read there."""
        waiting = self.current().filter(kind__in=RESULTS, acknowledged_at=None, source="")
        return waiting.filter(voided_at=None)  # as the index says it

    def results(self) -> Self:
        """Numbers of a laboratory, and reports in words that were written here; of elsewhere, those have a list."""
        return self.filter(Q(kind="laboratory_result") | Q(kind="diagnostic_report", source=""))

    def newest_first(self) -> Self:
        return self.order_by("-effective_at", "-id")


class Entry(PatientOwned):
    """One thing said about a patient: measured, concluded, told or written. Never rewritten: a later version replaces
    it, or it is voided with a reason.

    The table is partitioned by patient (docs/decisions/0015): a key that leads here is `(entry_id, patient_id)` in SQL,
    and whoever reads many rows names the patient.
    """

    class RecordStatus(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PRELIMINARY = "preliminary", _("Preliminary")
        FINAL = "final", _("Final")
        CORRECTED = "corrected", _("Corrected")
        AMENDED = "amended", _("Amended")
        ENTERED_IN_ERROR = "entered_in_error", _("Entered in error")

    scope: ClassVar[Scope] = Scope.CLINICAL
    database_access: ClassVar[Access] = Access(web=LIFE_ONLY, worker=LIFE_ONLY)

    # The composite indexes below begin with the patient; so does the primary key.
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_index=False)
    encounter = models.ForeignKey(
        Encounter, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=30)
    code = models.CharField(max_length=32, blank=True)
    code_system = models.CharField(
        max_length=20,
        blank=True,
        help_text=_("loinc, icd-10-cm, snomed, rxnorm, cvx, local …; “other” where we have no name for it."),
    )
    display = models.CharField(max_length=300, blank=True)
    record_status = models.CharField(max_length=16, choices=RecordStatus, default=RecordStatus.FINAL)
    clinical_status = models.CharField(max_length=20, blank=True)
    sensitivity = models.CharField(max_length=14, choices=MARKS, blank=True, default="")
    effective_at = models.DateTimeField(help_text=_("When it was true of the patient, not when it was typed."))
    author = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    enterer = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    data = models.JSONField(default=dict, help_text=_("What else the kind says, validated by its schema."))
    sealed = EncryptedTextField(null=True, help_text=_("What it says that stands nowhere in clear, and in no index."))
    source = models.CharField(
        max_length=200, blank=True, help_text=_("The system that told of it; empty for what was written here.")
    )
    value = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    unit = models.CharField(max_length=20, blank=True, help_text=_("A UCUM code."))
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # the pair (parent_id, patient_id) is the constraint
    )
    supersedes = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # as above
    )
    superseded_at = models.DateTimeField(null=True, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    signature = models.CharField(max_length=64, blank=True, help_text=_("SHA-256 of content, signer and time."))
    request = models.ForeignKey(
        ServiceRequest,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # the pair (request_id, patient_id) is the constraint
        help_text=_("The order that it answers."),
    )
    provider = models.ForeignKey(
        Provider,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text=_("Who asked for it, and so has to read it."),
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    released_at = models.DateTimeField(null=True, blank=True, help_text=_("From when the patient may see it."))
    released_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    release_comment = models.TextField(blank=True, help_text=_("To the patient, in plain words."))
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    void_reason = models.CharField(max_length=200, blank=True)

    #: What was measured together; only on panels to which `queries.with_parts` gave it.
    parts: "Sequence[Entry]"
    #: What was asked to have amended in it (`AmendmentRequest`); only where `queries.amendments.with_requests` gave it.
    amendments: Sequence[object]

    objects = EntryQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("entry")
        indexes = [
            models.Index(fields=["patient", "kind", "-effective_at", "-id"], name="entry_by_kind"),
            models.Index(fields=["patient", "-effective_at", "-id"], condition=Q(parent=None), name="entry_timeline"),
            models.Index(fields=["patient", "code", "-effective_at"], condition=~Q(code=""), name="entry_by_code"),
            models.Index(fields=["patient", "parent"], condition=Q(parent__isnull=False), name="entry_parts"),
            models.Index(fields=["encounter"], condition=Q(encounter__isnull=False), name="entry_by_encounter"),
            models.Index(
                fields=["signed_by", "signed_at"],
                condition=Q(record_status="preliminary", signed_at__isnull=False, superseded_at=None),
                name="entry_to_cosign",
            ),
            models.Index(
                fields=["provider", "effective_at"],
                condition=Q(
                    kind__in=["laboratory_result", "diagnostic_report"],
                    acknowledged_at=None,
                    superseded_at=None,
                    voided_at=None,
                ),
                name="entry_results_to_read",
            ),
            models.Index(fields=["patient", "request"], condition=Q(request__isnull=False), name="entry_by_request"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "supersedes"], condition=Q(supersedes__isnull=False), name="entry_one_successor"
            ),
            models.UniqueConstraint(
                fields=["patient", "encounter"],
                condition=Q(kind="note", encounter__isnull=False, superseded_at=None, voided_at=None),
                name="entry_one_standing_note",
            ),
            models.UniqueConstraint(
                fields=["patient", "encounter", "author"],
                condition=Q(kind="nursing_note", encounter__isnull=False, superseded_at=None, voided_at=None),
                name="entry_one_nursing_note_each",
            ),
            models.CheckConstraint(
                condition=Q(
                    record_status__in=["draft", "preliminary", "final", "corrected", "amended", "entered_in_error"]
                ),
                name="entry_record_status_known",
            ),
            models.CheckConstraint(
                condition=Q(record_status="entered_in_error", voided_at__isnull=False) & ~Q(void_reason="")
                | ~Q(record_status="entered_in_error") & Q(voided_at=None, voided_by=None, void_reason=""),
                name="entry_void_says_who_when_and_why",
            ),
            models.CheckConstraint(
                condition=Q(signed_at=None, signed_by=None, signature="")
                | Q(signed_at__isnull=False, signed_by__isnull=False) & ~Q(signature=""),
                name="entry_signature_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_by=None)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="entry_acknowledged_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=False) | Q(released_at=None, released_by=None, release_comment=""),
                name="entry_released_says_when",
            ),
            models.CheckConstraint(condition=Q(value=None) | ~Q(unit=""), name="entry_value_has_a_unit"),
            models.CheckConstraint(
                condition=~Q(kind="allergy") | Q(sensitivity=""), name="entry_allergy_is_not_marked"
            ),
            models.CheckConstraint(
                condition=~Q(kind="allergy", clinical_status="active", data__verification="refuted"),
                name="entry_refuted_is_not_active",
            ),
        ]


# From → to, for every kind. Content never changes: corrected and amended are how a later version begins.
RECORD_MOVES: dict[str, frozenset[str]] = {
    "draft": frozenset({"preliminary", "final", "entered_in_error"}),
    "preliminary": frozenset({"final", "entered_in_error"}),
    "final": frozenset({"entered_in_error"}),
    "corrected": frozenset({"entered_in_error"}),
    "amended": frozenset({"entered_in_error"}),
    "entered_in_error": frozenset(),
}
# What a later version of a row in this status may be: `corrected` where it was wrong, `amended` where more is known.
SUCCESSORS: dict[str, frozenset[str]] = {
    "draft": frozenset(),
    "preliminary": frozenset({"preliminary", "final"}),
    "final": frozenset({"corrected", "amended"}),
    "corrected": frozenset({"corrected", "amended"}),
    "amended": frozenset({"corrected", "amended"}),
    "entered_in_error": frozenset(),
}
