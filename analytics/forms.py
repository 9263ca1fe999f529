"""The filters of the dashboard, from the address."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from analytics.queries import Wanted, newest_count
from healthcare.accounts.models import Site

PERIODS = [
    ("week", _("Last 7 days")),
    ("month", _("Last 4 weeks")),
    ("quarter", _("Last 13 weeks")),
    ("year", _("Last 52 weeks")),
]


class WantedForm(forms.Form):
    period = forms.ChoiceField(label=_("Period"), choices=PERIODS)
    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), required=False, empty_label=_("All sites")
    )

    def __init__(self, asked: QueryDict) -> None:
        super().__init__({"period": "month"} | asked.dict())
        field: Any = self.fields["site"]
        field.queryset = Site.objects.order_by("name")
        field.label_from_instance = lambda site: site.name
        field.error_messages["invalid_choice"] = _("Choose one of the sites")

    def wanted(self) -> Wanted | None:
        """None before the first day is counted."""
        newest = newest_count()
        if newest is None:
            return None
        typed = self.cleaned_data
        return Wanted(typed["period"], newest[0], newest[1], typed["site"])
