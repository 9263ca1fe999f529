"""What is said about reaching out to who did not come for a medicine."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from healthcare.ui.forms import AboutSomeone
from prescriptions.forms.writing import CHOOSE
from prescriptions.models import Outreach


class OutreachForm(AboutSomeone):
    way = forms.ChoiceField(label=gettext_lazy("How"), choices=Outreach.Way.choices)
    outcome = forms.ChoiceField(
        label=gettext_lazy("What came of it"),
        choices=[CHOOSE, *Outreach.Outcome.choices],
        error_messages={"required": gettext_lazy("Choose what came of it")},
    )
    note = forms.CharField(label=gettext_lazy("In your words"), max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("outcome") == Outreach.Outcome.OTHER and not cleaned.get("note"):
            self.add_error("note", _("Say in your words what came of it"))
        return cleaned
