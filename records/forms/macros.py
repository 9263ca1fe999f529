"""A phrase or a template for notes, as an administrator writes it."""

from typing import Any, ClassVar

from django import forms

from records.forms.notes import LABELS, ROWS, Prose
from records.models import Macro
from records.rules.notes import PARTS

WRITTEN = tuple(part for part in PARTS if part != "reason")


class MacroForm(forms.ModelForm):
    """Either the phrase, or the parts."""

    subjective = Prose(rows=ROWS["subjective"], label=LABELS["subjective"])
    objective = Prose(rows=ROWS["objective"], label=LABELS["objective"])
    assessment = Prose(rows=ROWS["assessment"], label=LABELS["assessment"])
    plan = Prose(rows=ROWS["plan"], label=LABELS["plan"])
    instructions = Prose(rows=ROWS["instructions"], label=LABELS["instructions"])

    class Meta:
        model = Macro
        fields: ClassVar[list[str]] = ["shortcut", "name", "specialty", "visit_type", "active", "text"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for part in WRITTEN:
            self.fields[part].initial = self.instance.parts.get(part, "")
        field: Any = self.fields.get("visit_type")
        if field:
            field.queryset = field.queryset.order_by("name")
            field.label_from_instance = lambda row: row.name

    def parts(self) -> dict[str, str]:
        return {part: self.cleaned_data[part] for part in WRITTEN if self.cleaned_data[part]}
