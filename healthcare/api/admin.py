"""The admin's pages for programs and their tokens: a program is kept by verbs, a token only looked at."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.access import can
from healthcare.accounts.admin_pages import CONFIRMED, ByVerb, Watched
from healthcare.accounts.permissions import Permission
from healthcare.api import actions
from healthcare.api.models import AccessToken, Application, Grant, RefreshToken, Reply
from healthcare.api.tokens import SCOPES


class ApplicationForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in SCOPES], widget=forms.CheckboxSelectMultiple, label=_("scopes")
    )

    class Meta:
        model = Application
        fields = actions.APPLICATION_FIELDS


@admin.register(Application)
class ApplicationAdmin(ByVerb):
    says = _("Programs that may ask for tokens, for people or for one service user. The secret is shown once.")
    search_fields = ("name", "client_id")
    list_display = ("name", "client_id", "client_type", "authorization_grant_type", "closed_at")
    ordering = ("name",)
    form = ApplicationForm
    fields = (*actions.APPLICATION_FIELDS, "client_id", "closed_at")
    raw_id_fields = ("user",)
    actions = ("renew_secret", "close")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        kept = ("client_id", "closed_at")
        return (*kept, "client_type", "authorization_grant_type") if obj else kept

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        values = form.cleaned_data
        if change:
            changed = {name: values[name] for name in form.changed_data}
            kept = Application.objects.get(pk=obj.pk)
            actions.change_application(by=request.user, application=kept, values=changed)
        else:
            made, request.new_secret = actions.register_application(by=request.user, values=values)
            obj.pk, obj.client_id = made.pk, made.client_id

    def response_add(self, request: Any, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """The secret in this one answer: messages and sessions would keep it."""
        if request.new_secret:
            return self._show(request, obj, request.new_secret)
        return super().response_add(request, obj, post_url_continue)

    @admin.action(description=_("New secret, shown once"))
    def renew_secret(self, request: Any, queryset: QuerySet[Application]) -> HttpResponse | None:
        application = queryset.filter(client_type="confidential").order_by("pk").first()
        if application is None:
            return None
        return self._show(request, application, actions.renew_secret(by=request.user, application=application))

    @admin.action(description=_("Close"))
    def close(self, request: Any, queryset: QuerySet[Application]) -> HttpResponse | None:
        if CONFIRMED not in request.POST:
            asked = [(application.name, str(_("open")), str(_("closed"))) for application in queryset.order_by("name")]
            return self.ask_first(request, asked, [_("What it was given opens nothing from the next request on.")])
        for application in queryset.order_by("pk"):
            actions.close_application(by=request.user, application=application)
        return None

    def _show(self, request: HttpRequest, application: Application, secret: str) -> HttpResponse:
        more = {"application": application, "secret": secret, "title": application.name}
        context = {**self.admin_site.each_context(request), **more}
        return TemplateResponse(request, "admin/api/application/secret.html", context)


@admin.register(AccessToken)
class AccessTokenAdmin(Watched):
    says = _("What programs were given, by whom and in which role; the token itself is kept nowhere.")
    shown = ("user", "role", "application", "scope", "created_at", "expires", "revoked")


@admin.register(RefreshToken)
class RefreshTokenAdmin(Watched):
    says = AccessTokenAdmin.says
    shown = ("user", "role", "application", "created_at", "revoked")


@admin.register(Grant)
class GrantAdmin(Watched):
    says = AccessTokenAdmin.says
    shown = ("user", "role", "application", "scope", "created_at", "expires")


@admin.register(Reply)
class ReplyAdmin(Watched):
    says = _("Answers kept so that a request that comes twice has its effect once. The body is shown to nobody here.")
    """Without the body: it is its user's alone, and so is the row."""

    shown = ("user", "status", "created_at")
