"""Django's admin: the formulary and the rules to read, and that prescriptions are there; never what or for whom."""

from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.access import NotAllowed
from healthcare.accounts.admin_pages import ByVerb
from patients.read_only import OfPatients, ReadOnly
from prescriptions.actions.severities import NotSet, set_rule
from prescriptions.forms import RuleForm
from prescriptions.models import (
    CollectionDeadline,
    Dispense,
    DoseMark,
    DosePlan,
    FavouritePrescription,
    Halt,
    Ingredient,
    Medication,
    MedicationReview,
    MedicationStatement,
    Outreach,
    Prescription,
    PrescriptionSheet,
    RefillRequest,
    SafetyCheck,
    SafetyRule,
)


class ThatItIsThere(OfPatients):
    """No word of what, or for whom."""

    list_display = ("__str__", "created_at")
    fields = ("id", "created_at", "updated_at")


@admin.register(Ingredient)
class IngredientAdmin(ReadOnly):
    says = _("Substances that the safety checks know. They come with the version of the program.")
    list_display = ("name", "rxcui", "classes")
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(Medication)
class MedicationAdmin(ReadOnly):
    says = _("The formulary: what can be prescribed here. It comes with the version of the program.")
    list_display = ("label", "rxcui", "pick_up_days", "active")
    search_fields = ("search_text",)
    ordering = ("key",)


@admin.register(SafetyRule)
class SafetyRuleAdmin(ByVerb):
    says = _(
        "What the safety check knows. The rules come with the version of the program; how bad each is, and from how"
        " much on, can be set here, with a reason. A new version leaves that as it is. Of"
        " rules that say the same, the worst speaks."
    )
    refusals = (NotAllowed, NotSet)
    form = RuleForm
    list_display = ("code", "kind", "severity", "chosen_severity", "title", "kb_version")
    list_filter = ("kind", "severity", "chosen_severity")
    search_fields = ("code", "title")
    ordering = ("code",)
    readonly_fields = ("code", "kind", "left", "right", "severity", "limits", "title", "mechanism", "advice", "source")
    fields = (*readonly_fields, "chosen_severity", "limits_here", "chosen_because")

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        set_rule(
            by=request.user,
            rule=obj,
            severity=form.cleaned_data["chosen_severity"],
            limits=form.cleaned_data["limits_here"],
            because=form.cleaned_data["chosen_because"],
            now=timezone.now(),
        )


@admin.register(FavouritePrescription)
class FavouritePrescriptionAdmin(ReadOnly):
    says = _("What doctors prescribe often, kept and named by themselves. Nobody else reads it.")
    list_display = ("__str__", "created_at")
    fields = ("id", "created_at")
    ordering = ("-id",)


PATIENTS = [
    Prescription,
    SafetyCheck,
    CollectionDeadline,
    Dispense,
    DoseMark,
    DosePlan,
    Halt,
    MedicationReview,
    Outreach,
    PrescriptionSheet,
    RefillRequest,
]
admin.site.register(PATIENTS, ThatItIsThere)


@admin.register(MedicationStatement)
class MedicationStatementAdmin(OfPatients):
    list_display = ("__str__", "status", "created_at")
    fields = ("id", "status", "created_at", "superseded_at", "ended_at")
