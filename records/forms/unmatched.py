"""Of a result that arrived for nobody sure: which order it answers, who reads it, or why it is nobody's."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider
from healthcare.ui.dates import day_text
from healthcare.ui.fields import LineField
from healthcare.ui.forms import AboutSomeone
from records.kinds.order_names import order_name
from records.models import ServiceRequest


class MatchForm(AboutSomeone):
    """Where one order alone waits for this, it is the one that is offered first."""

    use_required_attribute = False

    order = forms.ChoiceField(label=_("Which order it answers"), required=False, widget=forms.RadioSelect)
    provider = forms.ModelChoiceField(
        label=_("Who reads it"),
        queryset=Provider.objects.none(),
        required=False,
        empty_label=_("Any doctor"),
        help_text=_("What answers an order is read by whoever ordered it"),
    )

    def __init__(self, *args: Any, orders: Sequence[ServiceRequest], providers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.orders = {str(row.pk): row for row in orders}
        field: Any = self.fields["order"]
        field.choices = [*((key, _named(row)) for key, row in self.orders.items()), ("", gettext("None of these"))]
        field.initial = next(iter(self.orders)) if len(self.orders) == 1 else ""
        reader: Any = self.fields["provider"]
        reader.queryset = providers
        reader.label_from_instance = lambda provider: provider.name

    @property
    def request(self) -> ServiceRequest | None:
        return self.orders.get(self.cleaned_data["order"])


class SetAsideForm(AboutSomeone):
    use_required_attribute = False

    reason = LineField(at_most=200, label=_("Why"), help_text=_("Like: not a patient of ours, the laboratory was told"))


def _named(row: ServiceRequest) -> str:
    told = {"name": order_name(row), "day": day_text(row.ordered_at) if row.ordered_at else ""}
    return gettext("%(name)s, ordered %(day)s") % told
