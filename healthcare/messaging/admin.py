"""What became of the post, for administrators: counts and outsides, neither addresses nor words."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from healthcare.messaging.models import SHOWN, Message, MessageQuerySet


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    """Read-only; the web login could change nothing either. An operator sends again with `manage.py messages`."""

    list_display = ("created_at", "channel", "template", "queue", "status", "attempts", "error", "sent_at")
    list_filter = ("status", "channel", "queue")
    ordering = ("-created_at",)
    fields = SHOWN
    show_full_result_count = False
    actions = None

    def get_queryset(self, request: HttpRequest) -> MessageQuerySet:
        return Message.objects.shown()

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(getattr(request.user, "acting_role", "") == "administrator")

    has_module_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_add_permission
    has_delete_permission = has_add_permission
