"""What is typed about something that is to be done."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import FlexibleDateField, LineField
from records.forms.kinds import KindForm
from records.kinds import Said
from records.models import Entry


class EntryForm(KindForm):
    text = LineField(at_most=300, label=_("What is to be done"))
    owner = LineField(
        at_most=100, required=False, label=_("Who does it"), help_text=_("Like: Dr. Okafor, the nurse, the patient")
    )
    due = FlexibleDateField(required=False, label=_("Until"), earliest=date(1900, 1, 1))
    done = forms.BooleanField(required=False, label=_("It is done already"))
    note = LineField(at_most=200, required=False, label=_("Note"))

    def said(self) -> Said:
        cleaned = self.cleaned_data
        due = cleaned["due"].isoformat() if cleaned["due"] else ""
        data = {"owner": cleaned["owner"], "due": due, "note": cleaned["note"]}
        return Said(
            display=cleaned["text"],
            clinical_status="completed" if cleaned["done"] else "active",
            data={name: text for name, text in data.items() if text},
        )

    @staticmethod
    def typed(entry: Entry) -> dict[str, Any]:
        due = entry.data.get("due", "")
        told = {"text": entry.display, "done": entry.clinical_status == "completed"}
        return {**entry.data, **told, "due": date.fromisoformat(due) if due else None}
