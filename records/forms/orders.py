"""What is typed about orders: what is wanted, for whom and by when, and why one ends."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider
from healthcare.ui.fields import FlexibleDateField, LineField
from healthcare.ui.forms import AboutSomeone
from records.forms.marking import SensitivityField
from records.models import ServiceRequest
from records.rules.orders import CATALOGUE, Wanted


class OrderForm(AboutSomeone):
    """Several at once: what is said besides holds for all of them."""

    use_required_attribute = False

    codes = forms.MultipleChoiceField(
        label=_("What to order"),
        choices=lambda: [(code, one.display) for code, one in CATALOGUE.items()],
        error_messages={"required": _("Choose what to order")},
    )
    priority = forms.ChoiceField(label=_("How soon"), choices=ServiceRequest.Priority.choices, initial="routine")
    reason = LineField(at_most=200, required=False, label=_("Why"), help_text=_("What is to be found out"))
    note = LineField(
        at_most=200, required=False, label=_("For who takes it"), help_text=_("Like: fasting, left arm, claustrophobic")
    )
    expected_by = FlexibleDateField(
        required=False,
        label=_("Answer expected by"),
        earliest=timezone.localdate,
        help_text=_("Left empty: a week for the laboratory, three for images, less when it is urgent"),
    )
    provider = forms.ModelChoiceField(label=_("Who reads the answer"), queryset=Provider.objects.none())
    sensitivity = SensitivityField()
    again = LineField(at_most=200, required=False, label=_("Why it is wanted again"))

    def __init__(self, *args: Any, providers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provider"].queryset = providers  # type: ignore[attr-defined]
        self.fields["provider"].label_from_instance = lambda provider: provider.name  # type: ignore[attr-defined]

    def wanted(self) -> list[Wanted]:
        said = {name: self.cleaned_data[name] for name in Wanted.__dataclass_fields__ if name != "code"}
        return [Wanted(code=code, **said) for code in self.cleaned_data["codes"]]


class ReportForm(AboutSomeone):
    """What was seen on an image, or grew in a culture."""

    use_required_attribute = False

    text = forms.CharField(label=_("What the report says"), widget=forms.Textarea({"rows": 8}), max_length=20_000)
    conclusion = forms.CharField(
        label=_("Its conclusion"), required=False, widget=forms.Textarea({"rows": 2}), max_length=1000
    )
    taken_on = FlexibleDateField(label=_("Taken on"), latest=timezone.localdate)
    laboratory = LineField(at_most=80, label=_("Who reports"), required=False)
    preliminary = forms.BooleanField(label=_("The report calls it preliminary"), required=False)

    def correcting(self) -> None:
        """Its words alone: the rest stays."""
        del self.fields["taken_on"], self.fields["laboratory"], self.fields["preliminary"]


class EndForm(AboutSomeone):
    """Why an order is revoked, or nothing more comes."""

    reason = LineField(at_most=200, label=_("Why"))


class ExtendForm(AboutSomeone):
    expected_by = FlexibleDateField(label=_("Wait until"), earliest=timezone.localdate)
