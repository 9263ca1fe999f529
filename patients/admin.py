"""Django's admin shows that patients are there, to whom they are visible, and never who they are."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from patients.models import (
    AccessRequest,
    Address,
    CareRelationship,
    CloseWatch,
    Consent,
    ContactPoint,
    ContactPreference,
    DeathReport,
    Disclosure,
    DuplicatePair,
    GroupGrant,
    LetterWish,
    Patient,
    PatientIdentifier,
    PatientLink,
    PatientName,
    PortalCode,
    PrivacyCase,
    ProposedChange,
    Proxy,
    RelatedPerson,
    Restriction,
    SelfRegistration,
    SiteNumbers,
    UserGrant,
)
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
    fields = ("id", "kind", "role", "scopes", "labels", "validity", "source", "created_at", "ended_at")


@admin.register(Consent)
class ConsentAdmin(OfPatients):
    list_display = ("__str__", "purpose", "decision", "given_at", "withdrawn_at")
    fields = ("id", "purpose", "decision", "text_version", "method", "validity", "given_at", "withdrawn_at")


@admin.register(PatientName, Address, ContactPoint, RelatedPerson, ContactPreference, LetterWish)
class DetailAdmin(OfPatients):
    list_display = ("__str__", "created_at", "ended_at")
    fields = ("id", "created_at", "updated_at", "ended_at")


@admin.register(ProposedChange)
class ProposedChangeAdmin(OfPatients):
    list_display = ("__str__", "field", "state", "created_at", "answered_at")
    fields = ("id", "field", "state", "created_at", "answered_at")


@admin.register(DeathReport)
class DeathReportAdmin(OfPatients):
    list_display = ("__str__", "source", "created_at", "taken_back_at")
    fields = ("id", "source", "created_at", "taken_back_at")


@admin.register(PatientIdentifier)
class PatientIdentifierAdmin(OfPatients):
    list_display = ("__str__", "system", "created_at")
    fields = ("id", "system", "created_at")


@admin.register(SiteNumbers)
class SiteNumbersAdmin(ReadOnly):
    says = _("The letters of each site's record numbers, and the last one given. `manage.py number_series` begins one.")
    list_display = ("__str__", "prefix", "last", "created_at")
    fields = ("id", "prefix", "last", "created_at", "updated_at")


@admin.register(PatientLink)
class PatientLinkAdmin(OfPatients):
    list_display = ("__str__", "relation", "created_at")
    fields = ("id", "relation", "created_at")


@admin.register(DuplicatePair)
class DuplicatePairAdmin(OfPatients):
    list_display = ("__str__", "weight", "verdict", "created_at", "settled_at")
    fields = ("id", "weight", "verdict", "created_at", "settled_at")


@admin.register(Restriction)
class RestrictionAdmin(OfPatients):
    list_display = ("__str__", "created_at", "ended_at")
    fields = ("id", "validity", "created_at", "ended_at")


@admin.register(SelfRegistration)
class SelfRegistrationAdmin(OfPatients):
    list_display = ("__str__", "state", "created_at", "confirmed_at", "answered_at")
    fields = ("id", "state", "created_at", "confirmed_at", "asked_at", "answered_at")


@admin.register(PortalCode)
class PortalCodeAdmin(OfPatients):
    list_display = ("__str__", "created_at", "expires_at", "used_at", "revoked_at")
    fields = ("id", "created_at", "expires_at", "attempts", "used_at", "revoked_at")


@admin.register(AccessRequest)
class AccessRequestAdmin(OfPatients):
    list_display = ("__str__", "role", "state", "created_at", "answered_at")
    fields = ("id", "role", "scopes", "until", "state", "created_at", "answered_at")


@admin.register(Disclosure)
class DisclosureAdmin(OfPatients):
    list_display = ("__str__", "made_at", "created_at")
    fields = ("id", "made_at", "source", "created_at")


@admin.register(Proxy)
class ProxyAdmin(OfPatients):
    list_display = ("__str__", "relation", "extent", "agreed_by", "created_at")
    fields = ("id", "relation", "extent", "agreed_by", "created_at")


@admin.register(PrivacyCase)
class PrivacyCaseAdmin(OfPatients):
    list_display = ("__str__", "opened_at", "due_at", "taken_at", "verdict", "answered_at")
    fields = ("id", "opened_at", "due_at", "taken_at", "verdict", "answered_at")


@admin.register(CloseWatch)
class CloseWatchAdmin(OfPatients):
    list_display = ("__str__", "created_at", "ended_at")
    fields = ("id", "created_at", "ended_at")


class GrantAdmin(ReadOnly):
    """Grants are a projection; row security shows each person their own."""

    says = _(
        "What relationships open, projected for the walls; each person sees their own alone. Written by the database."
    )

    list_display = ("pk", "permission", "valid_from", "valid_until")
    fields = ("permission", "valid_from", "valid_until")
    list_select_related = ("permission",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model._default_manager.order_by("-pk")


admin.site.register([UserGrant, GroupGrant], GrantAdmin)
