"""The questions of the GAD-7."""

from records.forms.questionnaires import AnswersForm


class EntryForm(AnswersForm):
    instrument = "gad_7"
