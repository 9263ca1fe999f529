"""What people type about money, read and checked. Whether a payment fits the bill is the verb's to say."""

import re
import secrets
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from billing.models import LedgerEntry
from billing.queries import Filters
from healthcare.accounts.models import Site
from healthcare.ui.fields import NumberField

LARGEST = 9_999_999  # US dollars; more is a mistyped number


class MoneyField(NumberField):
    """US dollars and cents, with or without the sign."""

    default_error_messages = {
        "invalid": _("Enter an amount, like 25.00"),
        "required": _("Enter the amount that was paid"),
        "max_decimal_places": _("An amount has two places behind the point, like 25.00"),
        "max_value": _("That is more than a bill can be. Check the amount"),
        "min_value": _("A payment is more than nothing"),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=12, decimal_places=2, min_value=0.01, max_value=LARGEST, **kwargs)

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace("$", "").strip() if isinstance(value, str) else value)


class PayForm(forms.Form):
    """A payment at the desk. `key` is made with the form, so that pressing twice takes the money once."""

    amount = MoneyField(label=_("Amount in US dollars"))
    method = forms.ChoiceField(
        label=_("How"),
        choices=LedgerEntry.Method.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how it was paid")},
    )
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    @classmethod
    def of(cls, balance: Any) -> "PayForm":
        """Filled in with all that is left to pay, which is what most people pay."""
        return cls(initial={"amount": balance, "key": secrets.token_urlsafe(24)})


class ReverseForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Why"),
        choices=LedgerEntry.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why it is taken back")},
    )


class ListForm(forms.Form):
    """The filters of the list, from the address. `after` is where the page begins."""

    which = forms.ChoiceField(
        label=_("Which"),
        required=False,
        choices=[
            ("open", _("Open")),
            ("overdue", _("Overdue")),
            ("doubted", _("Open, of a visit entered in error")),
            ("paid", _("Paid")),
            ("all", _("All")),
        ],
    )
    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), required=False, empty_label=_("Every site")
    )
    number = forms.CharField(
        label=_("Number begins with"), required=False, widget=forms.TextInput({"class": "medium", "maxlength": None})
    )
    after = forms.UUIDField(
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid": _("The list does not go on there. Show all, and go on from its start")},
    )

    def __init__(self, *args: Any, sites: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["site"]
        field.queryset = sites
        field.label_from_instance = lambda site: site.name
        field.error_messages["invalid_choice"] = _("Choose one of the sites where you work")

    def clean_number(self) -> str:
        typed = str(self.cleaned_data["number"]).strip()
        if typed and not re.fullmatch(r"[0-9]{4}(-[0-9]{0,9})?|[0-9]{1,3}", typed):
            raise ValidationError(_("A number looks like 2026-004817"), code="number")
        return typed

    def filters(self) -> Filters:
        typed = self.cleaned_data
        return Filters(which=typed["which"] or "open", site=typed["site"], number=typed["number"])
