"""The questions of the PHQ-2."""

from records.forms.questionnaires import AnswersForm


class EntryForm(AnswersForm):
    instrument = "phq_2"
