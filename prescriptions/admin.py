"""Django's admin: the formulary and the rules to read, and that prescriptions are there; never what or for whom."""

from django.contrib import admin

from patients.read_only import OfPatients, ReadOnly
from prescriptions.models import (
    CollectionDeadline,
    Ingredient,
    Medication,
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
    list_display = ("name", "rxcui", "classes")
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(Medication)
class MedicationAdmin(ReadOnly):
    list_display = ("label", "rxcui", "pick_up_days", "active")
    search_fields = ("search_text",)
    ordering = ("key",)


@admin.register(SafetyRule)
class SafetyRuleAdmin(ReadOnly):
    list_display = ("code", "kind", "severity", "title", "kb_version")
    list_filter = ("kind", "severity")
    ordering = ("code",)


admin.site.register([Prescription, SafetyCheck, CollectionDeadline], ThatItIsThere)
