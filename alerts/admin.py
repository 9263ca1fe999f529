"""Django's admin shows that somebody was asked or told and what became of it, never about whom or what."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from alerts.models import Alert, Notice, Reminder
from healthcare.accounts.access import can
from healthcare.accounts.permissions import Permission


class ReadOnly(admin.ModelAdmin):
    """Rows by the one rule; the verbs make and change them."""

    list_per_page = 50
    show_full_result_count = False
    actions = None

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


@admin.register(Alert)
class AlertAdmin(ReadOnly):
    list_display = ("__str__", "kind", "severity", "state", "level", "raised_at", "acknowledged_at")
    fields = ("id", "kind", "severity", "state", "level", "raised_at", "next_at", "acknowledged_at", "closed_at")


@admin.register(Notice)
class NoticeAdmin(ReadOnly):
    list_display = ("__str__", "letter", "state", "reason", "level", "created_at")
    fields = ("id", "letter", "channel", "state", "reason", "level", "created_at")


@admin.register(Reminder)
class ReminderAdmin(ReadOnly):
    list_display = ("__str__", "stage", "state", "reason", "due_at", "sent_at")
    fields = ("id", "stage", "sequence", "state", "reason", "due_at", "sent_at")
