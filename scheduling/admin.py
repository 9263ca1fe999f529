"""Django's admin shows that visits are there and in which state; who comes and why is for the clinic's own pages.

Visits, claims and hours are changed by the verbs, or by those who set the clinic up, in one place each.
"""

from django.contrib import admin

from patients.read_only import OfPatients, ReadOnly
from scheduling.models import (
    Appointment,
    PatientClaim,
    Resource,
    TimeClaim,
    VisitType,
    WorkException,
    WorkRule,
)


@admin.register(Appointment)
class AppointmentAdmin(OfPatients):
    list_display = ("__str__", "status", "created_at")
    fields = ("id", "status", "sequence", "time_zone", "created_at", "updated_at")


@admin.register(PatientClaim)
class PatientClaimAdmin(OfPatients):
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
