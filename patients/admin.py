"""Django's admin shows that patients are there, to whom they are visible, and never who they are."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from patients.models import CareRelationship, GroupGrant, Patient, PortalCode, UserGrant
from patients.read_only import OfPatients, ReadOnly


@admin.register(Patient)
class PatientAdmin(OfPatients):
    list_display = ("__str__", "site_name", "created_at")
    fields = ("id", "site_name", "created_at", "updated_at")
    list_select_related = ("site",)

    @admin.display(description="site")
    def site_name(self, patient: Patient) -> str:
        return patient.site.name


@admin.register(CareRelationship)
class CareRelationshipAdmin(OfPatients):
    list_display = ("__str__", "kind", "role", "created_at", "ended_at")
    fields = ("id", "kind", "role", "scopes", "validity", "source", "created_at", "ended_at")


@admin.register(PortalCode)
class PortalCodeAdmin(OfPatients):
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
