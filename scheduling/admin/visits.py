"""Visits and claims: that they are there, never whose."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from patients.read_only import OfPatients, ReadOnly
from scheduling.models import (
    AheadAnswer,
    Appointment,
    ArrivalCount,
    DowntimeKey,
    GroupSession,
    PatientClaim,
    PatientFeed,
    ProviderFeed,
    ProviderPhoto,
    TimeClaim,
    Wait,
    WaitOffer,
)


@admin.register(Appointment)
class AppointmentAdmin(OfPatients):
    list_display = ("__str__", "status", "created_at")
    fields = ("id", "status", "sequence", "time_zone", "created_at", "updated_at")


@admin.register(AheadAnswer, PatientClaim, PatientFeed, Wait, WaitOffer)
class PatientClaimAdmin(OfPatients):
    list_display = ("__str__", "created_at")
    fields = ("id", "created_at")


@admin.register(TimeClaim)
class TimeClaimAdmin(ReadOnly):
    says = _("Times that are taken, by a visit or a block. Changed by booking and by blocking time.")
    list_display = ("__str__", "kind", "lane", "blocked")
    fields = ("id", "resource", "kind", "lane", "blocked", "hold_until", "created_at")
    list_filter = ("kind",)


@admin.register(GroupSession)
class GroupSessionAdmin(ReadOnly):
    says = _("When several come at once, and how many seats there are. Planned, moved and cancelled on the schedule.")
    list_display = ("visit_type", "provider", "site", "during", "seats", "cancelled_at")
    list_select_related = ("visit_type", "provider", "site")
    list_filter = ("site",)
    search_fields = ("visit_type__name", "provider__name")


@admin.register(ArrivalCount)
class ArrivalCountAdmin(ReadOnly):
    says = _("The last number that was given out on arrival, by place and day. Checking in gives the next one.")


@admin.register(DowntimeKey)
class DowntimeKeyAdmin(ReadOnly):
    says = _("The keys of the papers for a failure, by site and never shown. Made and ended where the papers are.")
    fields = ("id", "site", "kind", "made_by", "ended_at", "created_at")


@admin.register(ProviderPhoto)
class ProviderPhotoAdmin(ReadOnly):
    says = _("Who shows a photo. It is changed on the page of the provider, where it is seen.")
    list_display = ("provider", "added_by", "updated_at")
    list_select_related = ("provider", "added_by")
    search_fields = ("provider__name",)
    exclude = ("content",)


@admin.register(ProviderFeed)
class ProviderFeedAdmin(ReadOnly):
    says = _("Whose calendar reads along. The provider makes and ends the address; a closed account ends it, too.")
    list_display = ("__str__", "created_at", "ended_at")
    fields = ("id", "owner", "created_at", "ended_at")
