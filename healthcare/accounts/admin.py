"""The admin's pages for people and places: every save is a verb, nothing is deleted."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from healthcare.accounts import actions
from healthcare.accounts.access import can
from healthcare.accounts.actions.providers import PROVIDER_FIELDS
from healthcare.accounts.actions.sites import SITE_FIELDS
from healthcare.accounts.admin_pages import CONFIRMED, ByVerb, Watched
from healthcare.accounts.forms import check_time_zone
from healthcare.accounts.models import (
    Cover,
    FailureCount,
    Membership,
    OneTimeLink,
    Provider,
    RecoveryCode,
    RightsChange,
    RoleEdit,
    SecondFactorReset,
    Session,
    Site,
    Team,
    TOTPDevice,
    User,
)
from healthcare.accounts.permissions import Permission


def _link(page: str, text: object, *arguments: Any) -> str:
    return format_html('<a href="{}">{}</a>', reverse(f"accounts:{page}", args=arguments), text)


@admin.register(User)
class UserAdmin(ByVerb):
    says = _("Who works here. Names are corrected here; roles, closing and opening have a page for each person.")
    list_display = ("full_name", "email", "is_active", "last_login", "own_page")
    list_filter = ("is_active",)
    search_fields = ("full_name", "email")
    ordering = ("full_name", "pk")
    fields = (
        "full_name",
        "email",
        "is_active",
        "own_page",
        "email_verified_at",
        "deactivated_at",
        "last_login",
        "created_at",
    )
    readonly_fields = fields[1:]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """That somebody is a patient is not the administrator's business."""
        return User.objects.staff()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        user = User.objects.get(pk=obj.pk)
        actions.rename_user(by=request.user, user=user, full_name=obj.full_name)  # type: ignore[arg-type]

    @admin.display(description=_("roles and account"))
    def own_page(self, user: User) -> str:
        return _link("colleague", _("Give and end roles, close, open"), user.pk)


@admin.register(Site)
class SiteAdmin(ByVerb):
    says = _("Places of the clinic. A site that is closed takes nobody new; what happened there stays.")
    search_fields = ("name", "city")
    list_display = ("name", "slug", "time_zone", "closed_at")
    ordering = ("name",)
    fields = ("name", "slug", *SITE_FIELDS[1:], "closed_at")
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
    def close(self, request: HttpRequest, queryset: QuerySet[Site]) -> HttpResponse | None:
        sites = list(queryset.filter(closed_at=None).order_by("name"))
        if CONFIRMED not in request.POST:
            asked = [(site.name, str(_("open")), str(_("closed"))) for site in sites]
            return self.ask_first(request, asked, [_("Nothing new happens there from now on; what happened stays.")])
        for site in sites:
            actions.close_site(by=request.user, site=site)  # type: ignore[arg-type]
        return None


@admin.register(Membership)
class MembershipAdmin(Watched):
    says = _("Who works where as what, and since when. Given and ended on the page of the person, after a preview.")
    shown = ("person", "site_name", "role", "validity")
    list_filter = ("role", "site__name")
    list_select_related = ("user", "site")
    search_fields = ("user__full_name", "user__email", "site__name")

    @admin.display(description=_("person"))
    def person(self, membership: Membership) -> str:
        return _link("colleague", membership.user.full_name, membership.user_id)

    @admin.display(description=_("site"))
    def site_name(self, membership: Membership) -> str:
        return membership.site.name


@admin.register(Team)
class TeamAdmin(Watched):
    says = _("The people of one role at one site. What grants to them open is edited on the page of the team.")
    shown = ("site_name", "role", "scopes")
    list_filter = ("role",)
    list_select_related = ("site",)
    search_fields = ("site__name", "role")
    ordering = ("site__name", "role")

    @admin.display(description=_("site"))
    def site_name(self, team: Team) -> str:
        return _link("team", team.site.name, team.pk)


@admin.register(RoleEdit)
class RoleEditAdmin(Watched):
    says = _("Where a role differs from how it was delivered. Edited on the page of the role, after a preview.")
    shown = ("role_page", "permission", "held", "updated_at")
    list_filter = ("role",)
    search_fields = ("role", "permission")
    ordering = ("role", "permission")

    @admin.display(description=_("role"))
    def role_page(self, edit: RoleEdit) -> str:
        return _link("role", edit.get_role_display(), edit.role)


@admin.register(RightsChange)
class RightsChangeAdmin(Watched):
    says = _("Each decision about a role or a team: who, when and why.")
    shown = ("role", "team", "added", "taken", "reason", "made_by", "created_at")
    list_filter = ("role",)
    list_select_related = ("team", "made_by")
    search_fields = ("reason", "role")


@admin.register(Provider)
class ProviderAdmin(ByVerb):
    says = _("Those whom patients book. Colleagues who sign in are made on the page of invitations.")
    list_display = ("name", "credentials", "specialty", "accepting", "ended_at")
    search_fields = ("name", "specialty", "npi")
    ordering = ("name",)
    fields = (*PROVIDER_FIELDS, "sites")

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        field.label_from_instance = lambda site: site.name
        return field

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by: Any = request.user
        if change:
            kept = Provider.objects.get(pk=obj.pk)
            actions.change_provider(by=by, provider=kept, values=form.cleaned_data, sites=form.cleaned_data["sites"])
        else:
            obj.pk = actions.add_provider(by=by, values=form.cleaned_data, sites=form.cleaned_data["sites"]).pk


@admin.register(Session)
class SessionAdmin(Watched):
    says = _("Browsers in which somebody is signed in. People end theirs on their own account page.")
    shown = ("user", "acting_role", "started_at", "last_action_at", "verified_at")


@admin.register(OneTimeLink)
class OneTimeLinkAdmin(Watched):
    says = _("Links in mails that work once; the link itself is kept nowhere.")
    shown = ("purpose", "user", "created_at", "expires_at", "used_at")


@admin.register(TOTPDevice)
class TOTPDeviceAdmin(Watched):
    says = _("Authenticator apps. The key is encrypted and shown to nobody.")
    shown = ("user", "confirmed", "confirmed_at", "throttling_failure_count")


@admin.register(RecoveryCode)
class RecoveryCodeAdmin(Watched):
    says = _("Codes for the day a phone is lost; only their hashes are kept.")
    shown = ("user", "created_at", "used_at")


@admin.register(SecondFactorReset)
class SecondFactorResetAdmin(Watched):
    says = _("One administrator asks that a second factor be taken off, another agrees.")
    shown = ("user", "requested_by", "approved_by", "created_at", "expires_at", "approved_at")


@admin.register(FailureCount)
class FailureCountAdmin(Watched):
    says = _("How often something was tried, for throttling; of what is counted only a hash is kept.")
    shown = ("kind", "window_start", "count")


@admin.register(Cover)
class CoverAdmin(Watched):
    says = _(
        "Who stands in for whom, in which role, until when. Named on their own page, or when an account is closed."
    )
    shown = ("absent", "cover", "role", "validity", "granted_by", "ended_at", "ended_by")
