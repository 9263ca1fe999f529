"""The questions of the PHQ-9."""

from records.forms.questionnaires import AnswersForm


class EntryForm(AnswersForm):
    instrument = "phq_9"
