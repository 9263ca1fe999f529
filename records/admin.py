"""Django's admin shows that something is in a chart, to whom it is visible, and never what it says."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from patients.read_only import OfPatients, ReadOnly
from records.models import (
    DiagnosisCode,
    DiagnosisFavorite,
    DiagnosisWord,
    Draft,
    Encounter,
    Entry,
    FavouriteOrder,
    Message,
    ResultDue,
    ServiceRequest,
    Thread,
)


@admin.register(Encounter)
class EncounterAdmin(OfPatients):
    list_display = ("__str__", "status", "started_at", "finished_at")
    fields = ("id", "status", "started_at", "finished_at")


@admin.register(Entry)
class EntryAdmin(OfPatients):
    list_display = ("__str__", "kind", "record_status", "created_at")
    fields = ("id", "kind", "record_status", "created_at", "voided_at")


@admin.register(Draft)
class DraftAdmin(OfPatients):
    list_display = ("__str__", "kind", "version", "updated_at")
    fields = ("id", "kind", "version", "created_at", "updated_at")


@admin.register(ServiceRequest)
class ServiceRequestAdmin(OfPatients):
    list_display = ("__str__", "category", "status", "created_at")
    fields = ("id", "category", "status", "created_at", "expected_by")


@admin.register(ResultDue)
class ResultDueAdmin(OfPatients):
    list_display = ("__str__", "next_at")
    fields = ("id", "next_at", "created_at")


@admin.register(FavouriteOrder)
class FavouriteOrderAdmin(ReadOnly):
    says = _("What doctors want to find first when they order.")
    list_display = ("__str__", "code")
    fields = ("id", "code")
    ordering = ("-id",)


@admin.register(Thread)
class ThreadAdmin(OfPatients):
    list_display = ("__str__", "status", "last_at", "waiting_since")
    fields = ("id", "status", "last_at", "waiting_since", "taken_at", "closed_at")


@admin.register(Message)
class MessageAdmin(OfPatients):
    list_display = ("__str__", "to_patient", "sent_at", "read_at")
    fields = ("id", "to_patient", "sent_at", "read_at")


@admin.register(DiagnosisCode)
class DiagnosisCodeAdmin(ReadOnly):
    says = _("Codes of diagnoses, as published; loaded by an operator with manage.py load_codes.")
    list_display = ("code", "display", "billable")
    fields = ("code", "display", "billable")
    search_fields = ("code", "terms")
    ordering = ("code",)


@admin.register(DiagnosisWord)
class DiagnosisWordAdmin(ReadOnly):
    says = _("Words that diagnoses are found by; loaded with the codes.")
    list_display = ("word", "codes")
    fields = ("word", "codes")
    search_fields = ("word",)
    ordering = ("word",)


@admin.register(DiagnosisFavorite)
class DiagnosisFavoriteAdmin(ReadOnly):
    says = _("Diagnoses that somebody keeps at hand: each sees their own.")
    list_display = ("__str__", "code", "created_at")
    fields = ("id", "code", "created_at")
