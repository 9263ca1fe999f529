"""Django's admin: the formulary and the rules to read, and that prescriptions are there; never what or for whom."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from healthcare.accounts.access import can
from healthcare.accounts.permissions import Permission
from prescriptions.models import (
    CollectionDeadline,
    Ingredient,
    Medication,
    Prescription,
    SafetyCheck,
    SafetyRule,
)


class ReadOnly(admin.ModelAdmin):
    """The data come with the code, and prescriptions from the verbs: nothing is added or changed here."""

    list_per_page = 50
    show_full_result_count = False

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    has_module_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class OfPatients(ReadOnly):
    """Rows by the one rule."""

    list_display = ("__str__", "created_at")
    fields = ("id", "created_at", "updated_at")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Prescription]":
        return self.model._default_manager.visible_to(request.user).order_by("-pk")


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


admin.site.register([Prescription, SafetyCheck, CollectionDeadline], OfPatients)
