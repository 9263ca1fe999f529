"""What is answered when several prescriptions are signed at once."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from healthcare.ui.forms import AboutSomeone
from prescriptions.forms.writing import CHOOSE, REASON_WORDS
from prescriptions.rules.safety import PROBLEM, Answer, Result, is_answered, reasons_for
from prescriptions.rules.together import Question, answers_by_subject, questions_of


class TogetherForm(AboutSomeone):
    """A coded reason, and words, for each question; a question that stands in several checks has its fields once."""

    def __init__(self, *args: Any, results: Mapping[str, Result], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions: Sequence[Question] = questions_of(results)
        self.by_place = {place: question for question in self.questions for place in question.places}
        for question in self.questions:
            subject, key = question.asked
            result = results[subject]
            about = {one.key: one.other for one in result.findings} | {one.key: one.what for one in result.unchecked}
            choices = [CHOOSE, *((code, REASON_WORDS[code]) for code in reasons_for(key))]
            missing = _("Choose a reason to go on: %(what)s") % {"what": about.get(key) or _("safety check")}
            reason, words = self._names(question)
            self.fields[reason] = forms.ChoiceField(
                label=_("Reason"), choices=choices, error_messages={"required": missing}
            )
            self.fields[words] = forms.CharField(label=_("In your words"), max_length=300, required=key == PROBLEM)
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    @staticmethod
    def _names(question: Question) -> tuple[str, str]:
        subject, key = question.asked
        return f"reason.{subject}.{key}", f"words.{subject}.{key}"

    def fields_of(self, subject: str, key: str) -> tuple[forms.BoundField | None, forms.BoundField | None]:
        """Those of this place; none where it needs no answer, or has it from another place (`answered_at`)."""
        question = self.by_place.get((subject, key))
        if question is None or question.asked != (subject, key):
            return None, None
        reason, words = self._names(question)
        return self[reason], self[words]

    def answered_at(self, subject: str, key: str) -> str:
        """The prescription beside which this is answered; empty where it is this one, or nobody has to."""
        question = self.by_place.get((subject, key))
        return "" if question is None or question.asked == (subject, key) else question.asked[0]

    def answers(self) -> dict[str, list[Answer]]:
        """By the key of each prescription."""
        return answers_by_subject((question, self._answer(question)) for question in self.questions)

    def _answer(self, question: Question) -> Answer:
        reason, words = self._names(question)
        return Answer(question.key, self.cleaned_data[reason], self.cleaned_data[words])

    def say_what_is_missing(self) -> None:
        for question in self.questions:
            if not is_answered(question.key, self._answer(question)):
                self.add_error(self._names(question)[1], _("This reason needs your words"))
