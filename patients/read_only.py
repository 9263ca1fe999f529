"""What every app's admin pages of a patient's things have in common: they show, and nothing is changed there."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.access import can
from healthcare.accounts.admin_pages import Explained
from healthcare.accounts.permissions import Permission


class ReadOnly(Explained):
    """Nothing is added, changed or deleted here: the verbs do that, and write it down."""

    actions: Sequence[Any] | None = None

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    has_module_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OfPatients(ReadOnly):
    """Rows by the one rule: an administrator has no standing right to any."""

    says = _("Patients' rows: shown to who may see the patient, which administrators may not. Nothing is changed here.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model._default_manager.visible_to(request.user).order_by("-pk")
