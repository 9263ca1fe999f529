"""The questions of the AUDIT-C."""

from records.forms.questionnaires import AnswersForm


class EntryForm(AnswersForm):
    instrument = "audit_c"
