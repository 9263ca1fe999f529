"""Django's admin shows that something is in a chart, to whom it is visible, and never what it says."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from healthcare.accounts.access import can
from healthcare.accounts.permissions import Permission
from records.models import DiagnosisCode, Draft, Encounter, Entry, Message, Thread


class ReadOnly(admin.ModelAdmin):
    """Nothing is added, changed or deleted here: the verbs do that, and write it down."""

    list_per_page = 50
    show_full_result_count = False
    actions = None

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    has_module_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Owned(ReadOnly):
    """Rows of patients, by the one rule."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model._default_manager.visible_to(request.user).order_by("-pk")


@admin.register(Encounter)
class EncounterAdmin(Owned):
    list_display = ("__str__", "status", "started_at", "finished_at")
    fields = ("id", "status", "started_at", "finished_at")


@admin.register(Entry)
class EntryAdmin(Owned):
    list_display = ("__str__", "kind", "record_status", "created_at")
    fields = ("id", "kind", "record_status", "created_at", "voided_at")


@admin.register(Draft)
class DraftAdmin(Owned):
    list_display = ("__str__", "kind", "version", "updated_at")
    fields = ("id", "kind", "version", "created_at", "updated_at")


@admin.register(Thread)
class ThreadAdmin(Owned):
    list_display = ("__str__", "status", "last_at", "waiting_since")
    fields = ("id", "status", "last_at", "waiting_since", "taken_at", "closed_at")


@admin.register(Message)
class MessageAdmin(Owned):
    list_display = ("__str__", "to_patient", "sent_at", "read_at")
    fields = ("id", "to_patient", "sent_at", "read_at")


@admin.register(DiagnosisCode)
class DiagnosisCodeAdmin(ReadOnly):
    list_display = ("code", "display", "billable")
    fields = ("code", "display", "billable")
    search_fields = ("code", "terms")
    ordering = ("code",)
