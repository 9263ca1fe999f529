"""Django's admin behind the second factor, the administrator's role and a recent proof of identity."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite, ModelAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from healthcare.accounts.permissions import Permission

RECENT = timedelta(minutes=30)


def _is_ours(thing: type) -> bool:
    return thing.__module__.split(".")[0] in settings.OWN_LOGGERS


class ClinicAdminSite(AdminSite):
    """Shows our own models on our own pages alone: third-party pages would show names, or write past the verbs."""

    site_url = "/"
    enable_nav_sidebar = False

    @property
    def site_header(self) -> str:  # type: ignore[override]
        return str(settings.CLINIC_NAME)

    site_title = site_header

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models: Iterable[type[Model]] = (
            [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        )
        page = admin_class or ModelAdmin
        ours = [model for model in models if _is_ours(model) and (admin_class is None or _is_ours(page))]
        super().register(ours, page, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        from healthcare.accounts.access import can

        return can(request.user, Permission.MANAGE_ACCOUNTS)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Guarded as our own pages are: a sentence and an audit line for whoever may not."""
        from healthcare.accounts.guards import requires, stepped_up_within

        guard = requires(Permission.MANAGE_ACCOUNTS)
        return guard(stepped_up_within(RECENT)(super().admin_view(view, cacheable)))

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("admin:index")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        from healthcare.accounts.views.signing_in import sign_out

        return sign_out(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("accounts:change_password")
