from dataclasses import fields
from datetime import date
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Site, User
from healthcare.accounts.permissions import Scope, Sensitivity
from healthcare.audit.changes import NoSilentWrites
from healthcare.db.models import BaseModel
from patients.models.reach import within_reach
from patients.rules import Demographics, age_in_years
from patients.rules.births import Birth


class PatientQuerySet(NoSilentWrites):
    def visible_to(self, user: User, scope: Scope = Scope.IDENTITY) -> Self:
        """The one rule: every door reaches patients through it."""
        return self.filter(within_reach(user, scope, "pk"))


class PatientOwnedQuerySet(NoSilentWrites):
    """Rows of a table with `patient_id`: visible where the patient is, in the table's scope."""

    def visible_to(self, user: User) -> Self:
        return self.filter(within_reach(user, self.model.scope))


class BirthPrecision(models.TextChoices):
    """How much of `Patient.birth_date` is known; of what is not, a middle stands there, for ages."""

    DAY = "day", _("Day")
    MONTH = "month", _("Month and year")
    YEAR = "year", _("Year")
    ESTIMATED = "estimated", _("Estimated from the looks")
    UNKNOWN = "unknown", _("Not known")


class Patient(BaseModel):
    """A person the clinic treats. The first access comes by a trigger: the teams of the site that registers."""

    class Sex(models.TextChoices):
        FEMALE = "female", _("Female")
        MALE = "male", _("Male")
        OTHER = "other", _("Other")
        UNKNOWN = "unknown", _("Unknown")

    class SexAtBirth(models.TextChoices):
        FEMALE = "female", _("Female")
        MALE = "male", _("Male")
        INTERSEX = "intersex", _("Intersex")
        NOT_SAID = "not_said", _("Prefers not to say")

    class GenderIdentity(models.TextChoices):
        FEMALE = "female", _("Woman")
        MALE = "male", _("Man")
        TRANS_FEMALE = "trans_female", _("Trans woman")
        TRANS_MALE = "trans_male", _("Trans man")
        NON_BINARY = "non_binary", _("Non-binary")
        OTHER = "other", _("Another")
        NOT_SAID = "not_said", _("Prefers not to say")

    mrn = models.CharField(_("medical record number"), max_length=11, unique=True, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", verbose_name=_("site"))
    given_name = models.CharField(_("given name"), max_length=100)
    family_name = models.CharField(_("family name"), max_length=100)
    preferred_name = models.CharField(_("goes by"), max_length=100, blank=True)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    birth_precision = models.CharField(_("how well it is known"), max_length=9, choices=BirthPrecision, default="day")
    sex = models.CharField(_("sex"), max_length=10, choices=Sex)
    sex_at_birth = models.CharField(_("sex at birth"), max_length=10, choices=SexAtBirth, blank=True)
    gender_identity = models.CharField(_("gender identity"), max_length=12, choices=GenderIdentity, blank=True)
    pronouns = models.CharField(_("pronouns"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True, help_text=_("BCP 47."))
    interpreter = models.BooleanField(_("needs an interpreter"), null=True, blank=True)
    quiet_from = models.TimeField(_("not written to from"), null=True, blank=True)
    quiet_until = models.TimeField(_("not written to until"), null=True, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    line = models.CharField(_("street address"), max_length=200, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    state = models.CharField(_("state"), max_length=2, blank=True)
    postal_code = models.CharField(_("ZIP code"), max_length=10, blank=True)
    deceased = models.BooleanField(null=True, blank=True, help_text=_("Empty where nobody has said it."))
    deceased_date = models.DateField(_("died on"), null=True, blank=True)
    unidentified_since = models.DateTimeField(null=True, blank=True, help_text=_("Nobody knows yet who this is."))
    public_eye = models.BooleanField(default=False, editable=False, help_text=_("By a close watch, by a trigger."))
    search_name = models.TextField(editable=False, default="", help_text=_("The names without accents, by a trigger."))

    objects = PatientQuerySet.as_manager()

    class Meta:
        # What is granted on a patient: the six scopes, and the labels of marked items.
        permissions = [(scope.value, f"{scope.value} of a patient") for scope in (*Scope, *Sensitivity)]
        default_permissions = ()
        indexes = [
            models.Index(fields=["family_name", "given_name", "id"], name="patient_by_name"),
            models.Index(fields=["birth_date"], name="patient_by_birth_date"),
            models.Index(
                fields=["id"], condition=Q(birth_precision__in=["estimated", "unknown"]), name="patient_birth_to_ask"
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(birth_date__gte="1880-01-01"), name="patient_birth_date_plausible"),
            models.CheckConstraint(
                condition=Q(birth_date=None, birth_precision="unknown")
                | (Q(birth_date__isnull=False) & ~Q(birth_precision="unknown")),
                name="patient_birth_date_or_unknown",
            ),
            models.CheckConstraint(condition=~Q(given_name="") & ~Q(family_name=""), name="patient_has_a_name"),
            models.CheckConstraint(condition=Q(deceased=True) | Q(deceased_date=None), name="patient_died_if_dated"),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None) | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="patient_quiet_hours_have_both_ends",
            ),
        ]

    @property
    def name(self) -> str:
        """As on bills and labels: the legal name, given name first."""
        return f"{self.given_name} {self.family_name}"

    def age_on(self, day: date) -> int | None:
        """Completed years on that day, as far as they are known; None where the date of birth is not."""
        return age_in_years(self.birth_date, day) if self.birth_date else None

    @property
    def birth(self) -> Birth:
        return Birth(self.birth_date, self.birth_precision)

    @property
    def security(self) -> list[str]:
        """FHIR's meta.security, of HL7's ActCode: CEL for somebody in the public eye."""
        return ["CEL"] if self.public_eye else []

    def demographics(self) -> Demographics:
        return Demographics(**{field.name: getattr(self, field.name) for field in fields(Demographics)})


class PatientOwned(BaseModel):
    """Base of every table whose rows belong to a patient: names its scope, and carries a policy made of the same."""

    scope: ClassVar[Scope]
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")

    objects = PatientOwnedQuerySet.as_manager()

    class Meta:
        abstract = True
