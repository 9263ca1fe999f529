"""How an entry is marked: the labels under which few see it, as a field and as a form of its own."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from healthcare.ui.forms import AboutSomeone
from records.models.entries import MARKS


class SensitivityField(forms.ChoiceField):
    """One label, or none."""

    def __init__(self, **kwargs: Any) -> None:
        said: dict[str, Any] = {
            "label": _("Sensitive"),
            "required": False,
            "choices": MARKS,
            "help_text": _("Marked, only you and those who may see items of this kind see it; and the patient."),
        }
        super().__init__(**said | kwargs)


class MarkForm(AboutSomeone):
    sensitivity = SensitivityField(label=_("Marked as"), help_text="")
