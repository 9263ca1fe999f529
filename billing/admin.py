"""Prices by their verb; of bills that they are there, to whom they are visible, and nothing changes here."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseRedirect

from billing.actions import FeeRefused, set_fee
from billing.models import Fee, Invoice, InvoiceLine, LedgerEntry, NumberSeries
from healthcare.accounts.access import can
from healthcare.accounts.permissions import Permission
from healthcare.ui.fields import FlexibleDateField
from patients.read_only import OfPatients, ReadOnly


@admin.register(Invoice)
class InvoiceAdmin(OfPatients):
    list_display = ("__str__", "number", "status", "issued_at")
    fields = ("id", "number", "status", "issued_at", "due_date", "settled_at")


@admin.register(InvoiceLine)
class InvoiceLineAdmin(OfPatients):
    list_display = ("__str__", "code", "created_at")
    fields = ("id", "code", "created_at")


@admin.register(LedgerEntry)
class LedgerEntryAdmin(OfPatients):
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
    ordering = ("code", "-validity")
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
