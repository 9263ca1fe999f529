"""Prices by their verb; of bills that they are there, to whom they are visible, and nothing changes here."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from billing.actions import FeeRefused, set_fee
from billing.models import Fee, Invoice, InvoiceLine, LedgerEntry, NumberSeries
from healthcare.accounts.access import NotAllowed, can
from healthcare.accounts.admin_pages import ByVerb
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
    says = _("The last number given in each series of bills; counted by issuing, and never set back.")
    list_display = ("name", "last", "updated_at")
    fields = ("name", "last", "updated_at")


class FeeForm(forms.ModelForm):
    from_date = FlexibleDateField()

    class Meta:
        model = Fee
        fields = ("code", "description", "amount")


@admin.register(Fee)
class FeeAdmin(ByVerb):
    says = _("Prices by day. A new price is added, from a day on; the price before ends there. Bills keep theirs.")
    refusals = (NotAllowed, FeeRefused)
    list_display = ("code", "description", "amount", "validity")
    search_fields = ("code", "description")
    ordering = ("code", "-validity")
    form = FeeForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code", "description", "amount", "validity" if obj else "from_date")

    def consequences(self, obj: Any, form: Any) -> Sequence[str]:
        now = Fee.objects.filter(
            code=form.cleaned_data["code"], validity__contains=form.cleaned_data["from_date"]
        ).first()
        told = (
            _now("It costs %(amount)s until then.") % {"amount": now.amount}
            if now
            else _now("There is no price of it yet.")
        )
        return [told]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by: Any = request.user
        obj.pk = set_fee(by=by, **form.cleaned_data).pk
