"""Prices by their verb; of bills that they are there, to whom they are visible, and nothing changes here."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect

from billing.actions import FeeRefused, set_fee
from billing.models import Fee, Invoice, InvoiceLine, LedgerEntry, NumberSeries
from healthcare.accounts.access import can
from healthcare.accounts.permissions import Permission
from healthcare.ui.fields import FlexibleDateField


class ReadOnly(admin.ModelAdmin):
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-pk",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    has_module_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Owned(ReadOnly):
    """Rows of patients: by the one rule, and without a name or an amount."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model._default_manager.visible_to(request.user).order_by("-pk")


@admin.register(Invoice)
class InvoiceAdmin(Owned):
    list_display = ("__str__", "number", "status", "issued_at")
    fields = ("id", "number", "status", "issued_at", "due_date", "settled_at")


@admin.register(InvoiceLine)
class InvoiceLineAdmin(Owned):
    list_display = ("__str__", "code", "created_at")
    fields = ("id", "code", "created_at")


@admin.register(LedgerEntry)
class LedgerEntryAdmin(Owned):
    list_display = ("__str__", "kind", "entered_at")
    fields = ("id", "kind", "source", "entered_at")


@admin.register(NumberSeries)
class NumberSeriesAdmin(ReadOnly):
    list_display = ("name", "last", "updated_at")
    fields = ("name", "last", "updated_at")


class FeeForm(forms.ModelForm):
    from_date = FlexibleDateField()

    class Meta:
        model = Fee
        fields = ("code", "description", "amount")


@admin.register(Fee)
class FeeAdmin(ReadOnly):
    """A new price is added, from a day on; the price before ends there."""

    list_display = ("code", "description", "amount", "validity")
    fields = ("code", "description", "amount", "from_date")
    search_fields = ("code", "description")
    ordering = ("code", "-validity")  # type: ignore[assignment]
    form = FeeForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code", "description", "amount", "validity" if obj else "from_date")

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except FeeRefused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by: Any = request.user
        obj.pk = set_fee(by=by, **form.cleaned_data).pk
