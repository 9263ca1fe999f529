"""Django's admin shows that somebody was asked or told and what became of it, never about whom or what."""

from django.contrib import admin

from alerts.models import Alert, Notice, Reminder
from patients.read_only import OfPatients


@admin.register(Alert)
class AlertAdmin(OfPatients):
    list_display = ("__str__", "kind", "severity", "state", "level", "raised_at", "acknowledged_at")
    fields = ("id", "kind", "severity", "state", "level", "raised_at", "next_at", "acknowledged_at", "closed_at")


@admin.register(Notice)
class NoticeAdmin(OfPatients):
    list_display = ("__str__", "letter", "state", "reason", "level", "created_at")
    fields = ("id", "letter", "channel", "state", "reason", "level", "created_at")


@admin.register(Reminder)
class ReminderAdmin(OfPatients):
    list_display = ("__str__", "stage", "state", "reason", "due_at", "sent_at")
    fields = ("id", "stage", "sequence", "state", "reason", "due_at", "sent_at")
