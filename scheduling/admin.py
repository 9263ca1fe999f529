"""Django's admin shows that visits are there and in which state; who comes and why is for the clinic's own pages.

Visits, claims and hours are changed by the verbs, or by those who set the clinic up, in one place each.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from healthcare.accounts.access import can
from healthcare.accounts.permissions import Permission
from scheduling.models import (
    Appointment,
    PatientClaim,
    Resource,
    TimeClaim,
    VisitType,
    WorkException,
    WorkRule,
)


class ReadOnly(admin.ModelAdmin):
    """Nothing is added, changed or deleted here: the verbs do that, and write it down."""

    list_per_page = 50
    show_full_result_count = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    has_module_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OfAPatient(ReadOnly):
    """Rows by the one rule: an administrator has no standing right to any."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model._default_manager.visible_to(request.user).order_by("-pk")


@admin.register(Appointment)
class AppointmentAdmin(OfAPatient):
    list_display = ("__str__", "status", "created_at")
    fields = ("id", "status", "sequence", "time_zone", "created_at", "updated_at")


@admin.register(PatientClaim)
class PatientClaimAdmin(OfAPatient):
    list_display = ("__str__", "created_at")
    fields = ("id", "created_at")


@admin.register(TimeClaim)
class TimeClaimAdmin(ReadOnly):
    list_display = ("__str__", "kind", "lane", "blocked")
    fields = ("id", "resource", "kind", "lane", "blocked", "hold_until", "created_at")
    list_filter = ("kind",)


@admin.register(VisitType)
class VisitTypeAdmin(ReadOnly):
    list_display = ("name", "minutes", "portal_mode", "specialty", "active")


@admin.register(Resource)
class ResourceAdmin(ReadOnly):
    list_display = ("name", "kind", "time_zone")
    list_filter = ("kind",)


@admin.register(WorkRule)
class WorkRuleAdmin(ReadOnly):
    list_display = ("__str__", "isodow", "starts", "ends", "validity")


@admin.register(WorkException)
class WorkExceptionAdmin(ReadOnly):
    list_display = ("__str__", "kind", "during")
