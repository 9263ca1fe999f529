"""What is typed about something that was done."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import LineField
from records.forms.kinds import KindForm
from records.kinds import Said
from records.kinds.procedure import STATES
from records.models import Entry

SAID = ("by", "reason", "body_site", "outcome", "note")
SYSTEMS = {"": _("No code"), "snomed": "SNOMED CT", "cpt": "CPT", "hcpcs": "HCPCS", "icd-10-pcs": "ICD-10-PCS"}


class EntryForm(KindForm):
    """The code is typed: none of these systems is ours to ship."""

    name = LineField(at_most=300, label=_("What was done"))
    code = LineField(at_most=32, required=False, label=_("Its code"))
    system = forms.ChoiceField(required=False, label=_("Of which system"), choices=list(SYSTEMS.items()))
    state = forms.ChoiceField(label=_("How far it is"), choices=list(STATES.items()), initial="completed")
    by = LineField(at_most=100, required=False, label=_("By whom"))
    reason = LineField(at_most=200, required=False, label=_("Why"))
    body_site = LineField(at_most=100, required=False, label=_("Where in the body"))
    outcome = LineField(at_most=200, required=False, label=_("Outcome"))
    note = LineField(at_most=200, required=False, label=_("Note"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(cleaned.get("code")) != bool(cleaned.get("system")):
            self.add_error("system", _("A code and its system belong together: give both, or neither"))
        return cleaned

    def said(self) -> Said:
        cleaned = self.cleaned_data
        return Said(
            code=cleaned["code"],
            code_system=cleaned["system"],
            display=cleaned["name"],
            clinical_status=cleaned["state"],
            data={name: cleaned[name] for name in SAID if cleaned[name]},
        )

    @staticmethod
    def typed(entry: Entry) -> dict[str, Any]:
        told = {"name": entry.display, "code": entry.code, "system": entry.code_system, "state": entry.clinical_status}
        return {**entry.data, **told}
