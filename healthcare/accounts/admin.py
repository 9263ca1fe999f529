"""The admin's pages for people and places: every save is a verb, nothing is deleted."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from healthcare.accounts import actions
from healthcare.accounts.access import NotAllowed, can, scopes_of
from healthcare.accounts.actions import AlreadyHere
from healthcare.accounts.actions.providers import PROVIDER_FIELDS
from healthcare.accounts.forms import SiteField, check_time_zone
from healthcare.accounts.models import (
    FailureCount,
    Membership,
    OneTimeLink,
    Provider,
    RecoveryCode,
    RoleEdit,
    SecondFactorReset,
    Session,
    Site,
    Team,
    TOTPDevice,
    User,
)
from healthcare.accounts.permissions import DESCRIPTIONS, Permission


class ByVerb(admin.ModelAdmin):
    """Whoever is let into the site may look; each page says itself what else. A verb's refusal becomes a message."""

    actions: Sequence[str] | None = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except (NotAllowed, AlreadyHere) as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(request.get_full_path())


@admin.register(User)
class UserAdmin(ByVerb):
    """People are invited on their own page; here they are renamed, closed and opened again."""

    list_display = ("full_name", "email", "is_active", "last_login")
    list_filter = ("is_active",)
    search_fields = ("full_name", "email")
    ordering = ("full_name", "pk")
    fields = ("full_name", "email", "is_active", "email_verified_at", "deactivated_at", "last_login", "created_at")
    readonly_fields = ("email", "email_verified_at", "deactivated_at", "last_login", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """That somebody is a patient is not the administrator's business."""
        return User.objects.staff()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by: Any = request.user
        user = User.objects.get(pk=obj.pk)
        if "full_name" in form.changed_data:
            actions.rename_user(by=by, user=user, full_name=obj.full_name)
        if "is_active" in form.changed_data:
            verb = actions.reactivate_user if obj.is_active else actions.deactivate_user
            verb(by=by, user=user)


@admin.register(Site)
class SiteAdmin(ByVerb):
    list_display = ("name", "slug", "time_zone", "closed_at")
    ordering = ("name",)
    fields = ("name", "slug", "time_zone", "line", "city", "state", "postal_code", "phone", "closed_at")
    actions = ("close",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("slug", "closed_at") if obj else ("closed_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """The zone is checked as on our own form."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "time_zone" and field is not None:
            field.validators.append(check_time_zone)
        return field

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by: Any = request.user
        if change:
            actions.change_site(by=by, site=Site.objects.get(pk=obj.pk), values=form.cleaned_data)
        else:
            obj.pk = actions.open_site(by=by, **form.cleaned_data).pk

    @admin.action(description=_("Close"))
    def close(self, request: HttpRequest, queryset: QuerySet[Site]) -> None:
        for site in queryset.order_by("pk"):
            actions.close_site(by=request.user, site=site)  # type: ignore[arg-type]


class MembershipForm(forms.ModelForm):
    site = SiteField()

    class Meta:
        model = Membership
        fields = ("user", "site", "role")


@admin.register(Membership)
class MembershipAdmin(ByVerb):
    list_display = ("person", "site_name", "role", "validity")
    list_filter = ("role", "site__name")
    list_select_related = ("user", "site")
    ordering = ("-created_at",)
    form = MembershipForm
    raw_id_fields = ("user",)
    actions = ("end",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("person", "site_name", "role", "validity") if obj else ("user", "site", "role")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A membership is not changed: it ends, and another one begins."""
        return obj is None and can(request.user, Permission.MANAGE_ACCOUNTS)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        made = actions.grant_membership(by=request.user, user=obj.user, site=obj.site, role=obj.role)  # type: ignore[arg-type]
        obj.pk = made.pk

    @admin.action(description=_("End now"))
    def end(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for membership in queryset.select_related("user").order_by("pk"):
            try:
                actions.end_membership(by=request.user, membership=membership)  # type: ignore[arg-type]
            except NotAllowed as refusal:
                messages.error(request, str(refusal))

    @admin.display(description=_("person"))
    def person(self, membership: Membership) -> str:
        return membership.user.full_name

    @admin.display(description=_("site"))
    def site_name(self, membership: Membership) -> str:
        return membership.site.name


class TeamForm(forms.ModelForm):
    """The scopes that grants to this team open: some of those that the role can hold at all."""

    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, required=False)

    class Meta:
        model = Team
        fields = ("scopes",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [(s, s) for s in sorted(scopes_of(self.instance.role))]  # type: ignore[attr-defined]


@admin.register(Team)
class TeamAdmin(ByVerb):
    """Teams come with their site; how far a grant to one reaches is edited here."""

    list_display = ("site_name", "role", "scopes")
    list_filter = ("role",)
    list_select_related = ("site",)
    ordering = ("site__name", "role")
    form = TeamForm
    fields = ("site_name", "role", "scopes")
    readonly_fields = ("site_name", "role")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        actions.change_team(by=request.user, team=obj, scopes=form.cleaned_data["scopes"])  # type: ignore[arg-type]

    @admin.display(description=_("site"))
    def site_name(self, team: Team) -> str:
        return team.site.name


class RoleEditForm(forms.ModelForm):
    permission = forms.ChoiceField(choices=[(p.value, text) for p, text in DESCRIPTIONS.items()])

    class Meta:
        model = RoleEdit
        fields = ("role", "permission", "held")


@admin.register(RoleEdit)
class RoleEditAdmin(ByVerb):
    """What a role may do beyond, or less than, how it was delivered."""

    list_display = ("role", "permission", "held", "updated_at")
    list_filter = ("role",)
    ordering = ("role", "permission")
    form = RoleEditForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("role", "permission") if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        permission = Permission(obj.permission)
        made = actions.edit_role(by=request.user, role=obj.role, permission=permission, held=obj.held)  # type: ignore[arg-type]
        obj.pk = made.pk


@admin.register(Provider)
class ProviderAdmin(ByVerb):
    list_display = ("name", "credentials", "specialty", "accepting", "ended_at")
    search_fields = ("name", "specialty", "npi")
    ordering = ("name",)
    fields = PROVIDER_FIELDS

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by: Any = request.user
        if change:
            actions.change_provider(by=by, provider=Provider.objects.get(pk=obj.pk), values=form.cleaned_data)
        else:
            obj.pk = actions.add_provider(by=by, values=form.cleaned_data).pk


class Watched(ByVerb):
    """Rows that the verbs alone write: to look at, without keys, hashes or names."""

    ordering = ("-created_at",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_list_display(self, request: HttpRequest) -> Any:
        return ("__str__", *self.shown)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.shown

    shown: Sequence[str] = ("created_at",)


@admin.register(Session)
class SessionAdmin(Watched):
    shown = ("user", "acting_role", "started_at", "last_action_at", "verified_at")


@admin.register(OneTimeLink)
class OneTimeLinkAdmin(Watched):
    shown = ("purpose", "user", "created_at", "expires_at", "used_at")


@admin.register(TOTPDevice)
class TOTPDeviceAdmin(Watched):
    shown = ("user", "confirmed", "confirmed_at", "throttling_failure_count")


@admin.register(RecoveryCode)
class RecoveryCodeAdmin(Watched):
    shown = ("user", "created_at", "used_at")


@admin.register(SecondFactorReset)
class SecondFactorResetAdmin(Watched):
    shown = ("user", "requested_by", "approved_by", "created_at", "expires_at", "approved_at")


@admin.register(FailureCount)
class FailureCountAdmin(Watched):
    shown = ("kind", "window_start", "count")
