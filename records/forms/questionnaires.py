"""The questions of one questionnaire, every one to be answered; in the words of its authors."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import LineField
from patients.models import Patient
from records.forms.kinds import KindForm
from records.kinds import Said
from records.models import Entry
from records.rules.questionnaires import INSTRUMENTS, band_of, score_of


class AnswersForm(KindForm):
    """A kind's form names its `instrument`."""

    instrument: ClassVar[str]
    note = LineField(at_most=200, required=False, label=_("Note"))

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, patient=patient, **kwargs)
        said = INSTRUMENTS[self.instrument]
        self.hint = said.intro
        for number, question in enumerate(said.questions, start=1):
            self.fields[f"q{number}"] = forms.ChoiceField(
                label=question.text,
                choices=[(str(points), answer) for points, answer in enumerate(question.answers)],
                widget=forms.RadioSelect,
            )
        self.order_fields([name for name in self.fields if name.startswith("q")])

    def said(self) -> Said:
        said = INSTRUMENTS[self.instrument]
        answers = [int(self.cleaned_data[f"q{number}"]) for number in range(1, len(said.questions) + 1)]
        score = score_of(self.instrument, answers)
        band = band_of(self.instrument, score, self.patient.sex)
        note = {"note": self.cleaned_data["note"]} if self.cleaned_data["note"] else {}
        return Said(
            code=said.code,
            code_system="loinc",
            display=said.name,
            value=Decimal(score),
            unit="{score}",
            data={"instrument": self.instrument, "answers": answers, "band": band} | note,
        )

    @staticmethod
    def typed(entry: Entry) -> dict[str, Any]:
        answers = {f"q{number}": str(points) for number, points in enumerate(entry.data["answers"], start=1)}
        return answers | {"note": entry.data.get("note", "")}
