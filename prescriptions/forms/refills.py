"""What patients say when they ask for more of a medicine, and what is said when there is no more."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from healthcare.ui.forms import AboutSomeone
from prescriptions.forms.writing import CHOOSE
from prescriptions.models import RefillRequest


class AskForm(AboutSomeone):
    note = forms.CharField(
        label=gettext_lazy("Anything we should know"),
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("How it works for you, side effects, how many you have left"),
    )


class DenyForm(AboutSomeone):
    reason = forms.ChoiceField(
        label=gettext_lazy("What the patient reads"),
        choices=[CHOOSE, *RefillRequest.Reason.choices],
        error_messages={"required": gettext_lazy("Choose why")},
    )
    words = forms.CharField(
        label=gettext_lazy("In your words"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("The patient reads them"),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("reason") == RefillRequest.Reason.OTHER and not cleaned.get("words"):
            self.add_error("words", _("Say why in your words"))
        return cleaned
