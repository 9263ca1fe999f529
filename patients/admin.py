"""Django's admin shows that patients are there, to whom they are visible, and never who they are."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from healthcare.accounts.access import can
from healthcare.accounts.permissions import Permission
from patients.models import CareRelationship, GroupGrant, Patient, PortalCode, UserGrant


class ReadOnly(admin.ModelAdmin):
    """Rows by the one rule; nothing is added, changed or deleted here: the verbs do that, and write it down."""

    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model._default_manager.visible_to(request.user).order_by("-pk")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    has_module_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Patient)
class PatientAdmin(ReadOnly):
    list_display = ("__str__", "site_name", "created_at")
    fields = ("id", "site_name", "created_at", "updated_at")
    list_select_related = ("site",)

    @admin.display(description="site")
    def site_name(self, patient: Patient) -> str:
        return patient.site.name


@admin.register(CareRelationship)
class CareRelationshipAdmin(ReadOnly):
    list_display = ("__str__", "kind", "role", "created_at", "ended_at")
    fields = ("id", "kind", "role", "scopes", "validity", "source", "created_at", "ended_at")


@admin.register(PortalCode)
class PortalCodeAdmin(ReadOnly):
    list_display = ("__str__", "created_at", "expires_at", "used_at", "revoked_at")
    fields = ("id", "created_at", "expires_at", "attempts", "used_at", "revoked_at")


class GrantAdmin(ReadOnly):
    """Grants are a projection; row security shows each person their own."""

    list_display = ("pk", "permission", "valid_from", "valid_until")
    fields = ("permission", "valid_from", "valid_until")
    list_select_related = ("permission",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model._default_manager.order_by("-pk")


admin.site.register([UserGrant, GroupGrant], GrantAdmin)
