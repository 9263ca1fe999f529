"""Django's admin shows that somebody was asked or told and what became of it, never about whom or what."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from alerts.models import Alert, Anomaly, Notice, Reminder, WatchEdit
from patients.read_only import OfPatients, ReadOnly


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


@admin.register(Anomaly)
class AnomalyAdmin(OfPatients):
    list_display = ("__str__", "rule", "found_at", "due_at", "verdict", "reviewed_at")
    fields = ("id", "rule", "role", "count", "found_at", "due_at", "verdict", "reviewed_at")


@admin.register(WatchEdit)
class WatchEditAdmin(ReadOnly):
    says = _("Where the rules that watch openings differ from how they were delivered. Edited by the privacy officer.")
    list_display = ("rule", "is_on", "at_least", "minutes", "updated_at")
