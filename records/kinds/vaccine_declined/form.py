"""Which vaccine was not given, and why."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from healthcare.ui.fields import LineField
from records.forms.kinds import KindForm
from records.kinds import Said
from records.kinds.immunization import VACCINES
from records.kinds.vaccine_declined import REASONS
from records.models import Entry


class EntryForm(KindForm):
    code = forms.ChoiceField(label=_("Vaccine"), choices=[("", _("Choose a vaccine")), *VACCINES.items()])
    why = forms.ChoiceField(label=_("Why"), choices=[("", _("Choose why")), *REASONS.items()])
    note = LineField(at_most=200, required=False, label=_("Note"))

    def said(self) -> Said:
        cleaned = self.cleaned_data
        with override("en"):
            name = str(VACCINES[cleaned["code"]])
        note = {"note": cleaned["note"]} if cleaned["note"] else {}
        return Said(code=cleaned["code"], code_system="cvx", display=name, data={"why": cleaned["why"]} | note)

    @staticmethod
    def typed(entry: Entry) -> dict[str, Any]:
        return {**entry.data, "code": entry.code}
