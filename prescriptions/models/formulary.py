from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import User
from healthcare.db.models import BaseModel
from healthcare.db.privileges import READ, Access

KEPT = "SELECT, INSERT, UPDATE"
OFF = "off"  # a severity that a clinic may give a rule: it says nothing any more


class Ingredient(BaseModel):
    """A substance, and the therapeutic classes it belongs to. The knowledge speaks of both."""

    database_access: ClassVar[Access] = Access(web=READ, worker=KEPT)

    name = models.CharField(max_length=80, unique=True, help_text=_("The generic name in lower case."))
    synonyms = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    rxcui = models.CharField(_("RxNorm code"), max_length=8, blank=True)
    classes = ArrayField(models.CharField(max_length=40), default=list, blank=True)


class MedicationQuerySet(models.QuerySet["Medication"]):
    def offered(self) -> Self:
        return self.filter(active=True)


class Medication(BaseModel):
    """One line of the formulary: ingredients in a strength, a form and a route."""

    database_access: ClassVar[Access] = Access(web=READ, worker=KEPT)

    class Form(models.TextChoices):
        TABLET = "tablet", _("tablet")
        ER_TABLET = "er_tablet", _("extended-release tablet")
        DR_TABLET = "dr_tablet", _("delayed-release tablet")
        CHEWABLE = "chewable", _("chewable tablet")
        ODT = "odt", _("orally disintegrating tablet")
        SL_TABLET = "sl_tablet", _("sublingual tablet")
        CAPSULE = "capsule", _("capsule")
        ER_CAPSULE = "er_capsule", _("extended-release capsule")
        DR_CAPSULE = "dr_capsule", _("delayed-release capsule")
        SOLUTION = "solution", _("oral solution")
        SUSPENSION = "suspension", _("oral suspension")
        POWDER = "powder", _("powder")
        CREAM = "cream", _("cream")
        OINTMENT = "ointment", _("ointment")
        GEL = "gel", _("gel")
        INHALER = "inhaler", _("inhaler")
        NEBULIZER = "nebulizer", _("nebulizer solution")
        NASAL_SPRAY = "nasal_spray", _("nasal spray")
        SL_SPRAY = "sl_spray", _("sublingual spray")
        EYE_DROPS = "eye_drops", _("eye drops")
        EAR_DROPS = "ear_drops", _("ear drops")
        PATCH = "patch", _("patch")
        INJECTION = "injection", _("injection")
        PEN = "pen", _("pen")
        SUPPOSITORY = "suppository", _("suppository")

    key = models.SlugField(_("name in the project's own list"), max_length=120, unique=True)
    name = models.CharField(max_length=160, help_text=_("Generic names joined by +."))
    brand_names = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    ingredients = models.ManyToManyField(Ingredient, related_name="medications")
    strength = models.CharField(max_length=60, help_text=_("Of each ingredient, joined by +."))
    form = models.CharField(max_length=16, choices=Form)
    route = models.CharField(max_length=16)
    dose_unit = models.CharField(max_length=12)
    rxcui = models.CharField(_("RxNorm code"), max_length=8, blank=True)
    pick_up_days = models.PositiveSmallIntegerField(_("days until it counts as not collected"), default=7)
    label = models.CharField(max_length=240, help_text=_("Name, strength and form in one line."))
    search_text = models.TextField(help_text=_("What the search looks in, in lower case."))
    active = models.BooleanField(default=True)

    objects = MedicationQuerySet.as_manager()

    class Meta:
        indexes = [
            GinIndex(fields=["search_text"], opclasses=["gin_trgm_ops"], name="medication_by_any_part"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(pick_up_days__range=(1, 90)), name="medication_pick_up_days_plausible"),
        ]


class SafetyRule(BaseModel):
    """One line of the knowledge that medicines are checked against: two sets of terms that do not go together, or one
    that does not suit everybody, or not in every dose.

    A term is an ingredient's name or `class:` and a class. In an allergy rule the left side is what the person is
    allergic to. `limits` say for whom and how much (`rules.people`). `source` says where it is written.
    """

    CHOSEN = "chosen_severity, chosen_limits, chosen_because, chosen_by_id, chosen_at, updated_at"

    database_access: ClassVar[Access] = Access(web=f"SELECT, UPDATE ({CHOSEN})", worker=f"{KEPT}, DELETE")

    class Kind(models.TextChoices):
        INTERACTION = "interaction", _("Interaction")
        ALLERGY = "allergy", _("Allergy")
        PERSON = "person", _("Who takes it")
        DOSE = "dose", _("Dose")

    class Severity(models.TextChoices):
        CONTRAINDICATED = "contraindicated", _("Contraindicated")
        SEVERE = "severe", _("Severe")
        MODERATE = "moderate", _("Moderate")

    code = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    left = ArrayField(models.CharField(max_length=60))
    right = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    limits = models.JSONField(default=dict, blank=True)
    severity = models.CharField(max_length=16, choices=Severity)
    title = models.CharField(max_length=120)
    mechanism = models.TextField()
    advice = models.TextField()
    source = models.CharField(max_length=240)
    kb_version = models.CharField(max_length=20)
    # What this clinic has decided; a new version of the rules leaves it.
    chosen_severity = models.CharField(
        _("severity here"), max_length=16, choices=[*Severity.choices, (OFF, _("Off: it says nothing"))], blank=True
    )
    chosen_limits = models.JSONField(_("limits here"), default=dict, blank=True)
    chosen_because = models.CharField(_("why"), max_length=200, blank=True)
    chosen_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    chosen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(chosen_severity="", chosen_limits={}, chosen_because="", chosen_by=None, chosen_at=None)
                | ~Q(chosen_because="") & Q(chosen_by__isnull=False, chosen_at__isnull=False),
                name="safety_rule_chosen_says_who_when_and_why",
            ),
        ]

    @property
    def is_chosen(self) -> bool:
        return self.chosen_at is not None

    def __str__(self) -> str:
        return f"rule {self.code}"
