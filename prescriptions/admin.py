"""Django's admin: the formulary and the rules to read, and that prescriptions are there; never what or for whom."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from patients.read_only import OfPatients, ReadOnly
from prescriptions.models import (
    CollectionDeadline,
    Ingredient,
    Medication,
    MedicationStatement,
    Prescription,
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
class SafetyRuleAdmin(ReadOnly):
    says = _("Which medicines do not go together, and what each rule says. It comes with the version of the program.")
    list_display = ("code", "kind", "severity", "title", "kb_version")
    list_filter = ("kind", "severity")
    ordering = ("code",)


admin.site.register([Prescription, SafetyCheck, CollectionDeadline], ThatItIsThere)


@admin.register(MedicationStatement)
class MedicationStatementAdmin(OfPatients):
    list_display = ("__str__", "status", "created_at")
    fields = ("id", "status", "created_at", "superseded_at", "ended_at")
