"""What is typed about operations, the family and how somebody lives."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import LineField
from healthcare.ui.forms import AboutSomeone
from healthcare.ui.reading import Unreadable, read_day
from patients.models import Patient
from records.forms.marking import SensitivityField
from records.kinds.family_history import RELATIVES
from records.kinds.social_history import QUESTIONS
from records.models import Entry
from records.rules import told
from records.rules.said import Operation, Relative

YEAR = re.compile(r"(?P<year>[0-9]{4})")
MONTH = re.compile(r"(?P<year>[0-9]{4})-(?P<month>0[1-9]|1[0-2])|(?P<month_>0?[1-9]|1[0-2])/(?P<year_>[0-9]{4})")
COMMON_OPERATIONS = (
    "Appendix removed",
    "Cataract surgery",
    "Cesarean section",
    "Coronary bypass",
    "Gallbladder removed",
    "Hernia repair",
    "Hip replacement",
    "Hysterectomy",
    "Knee replacement",
    "Tonsils removed",
)


class LongAgoField(LineField):
    """A day, a month or a year that is over, as ISO 8601 to what was said; "" where nothing was."""

    default_error_messages = {
        "unreadable": _("Enter a year, like 2009, a month, like 5/2009, or a day, like Mar 12, 2009"),
        "too_late": _("This lies in the future. Check the year"),
        "too_early": _("This lies before the patient was born. Check the year"),
    }
    earliest = "1850"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(at_most=40, widget=forms.TextInput({"class": "medium"}), **kwargs)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        found = _as_said(text) if text else ""
        if found is None:
            raise self.refusal("unreadable")
        if found and found > timezone.localdate().isoformat()[: len(found)]:
            raise self.refusal("too_late")
        if found and found < self.earliest[: len(found)]:
            raise self.refusal("too_early")
        return found


def _as_said(text: str) -> str | None:
    if YEAR.fullmatch(text):
        return text
    if month := MONTH.fullmatch(text):
        return f"{month['year'] or month['year_']}-{int(month['month'] or month['month_']):02d}"
    try:
        return read_day(text).isoformat()
    except Unreadable:
        return None


class HistoryForm(AboutSomeone):
    """`standing` is what stands on the list and says the same; then a reason is asked for."""

    use_required_attribute = False
    standing: Entry | None = None
    though = LineField(at_most=200, required=False, label=_("Why it is recorded a second time"))

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patient = patient

    def warn(self, sentence: str, standing: Entry) -> None:
        self.standing = standing
        self.fields["though"].required = True
        self.add_error("though", sentence)


class OperationForm(HistoryForm):
    name = LineField(at_most=200, label=_("Operation"), widget=forms.TextInput({"list": "operations"}))
    day = LongAgoField(required=False, label=_("When"), help_text=_("A year is enough; empty where nobody knows"))
    where = LineField(at_most=100, required=False, label=_("Where, or by whom"))
    body_site = LineField(at_most=100, required=False, label=_("Where in the body"), help_text=_("Like: left knee"))
    outcome = LineField(at_most=200, required=False, label=_("How it went"))
    note = LineField(at_most=200, required=False, label=_("Note"))
    sensitivity = SensitivityField()
    known = COMMON_OPERATIONS

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, patient=patient, **kwargs)
        if patient.birth_date:
            self.fields["day"].earliest = patient.birth_date.isoformat()  # type: ignore[attr-defined]

    def told(self) -> Operation:
        return Operation(**{name: self.cleaned_data[name] for name in Operation.__dataclass_fields__})

    @staticmethod
    def said_of(entry: Entry) -> dict[str, Any]:
        said = {name: entry.data.get(name, "") for name in ("where", "body_site", "outcome", "note")}
        precision = entry.data.get("precision", "")
        known = told.Moment(entry.effective_at, precision or told.DAY) if precision != told.UNKNOWN else None
        return said | {"name": entry.display, "day": told.moment_words(known), "sensitivity": entry.sensitivity}


class RelativeForm(HistoryForm):
    relative = forms.ChoiceField(label=_("Who"), choices=[("", _("Choose who it was")), *RELATIVES.items()])
    condition = LineField(at_most=200, label=_("What they have or had"))
    onset = LineField(
        at_most=20, required=False, label=_("How old they were"), help_text=_("Like: 52, or “as a child”")
    )
    died = forms.BooleanField(required=False, label=_("They died of it"))
    note = LineField(at_most=200, required=False, label=_("Note"))
    sensitivity = SensitivityField()

    def told(self) -> Relative:
        return Relative(**{name: self.cleaned_data[name] for name in Relative.__dataclass_fields__})

    @staticmethod
    def said_of(entry: Entry) -> dict[str, Any]:
        first: dict[str, Any] = next(iter(entry.data.get("conditions", ())), {})
        said = {"condition": first.get("text", ""), "onset": first.get("onset", ""), "died": bool(first.get("died"))}
        return said | {
            "relative": entry.code,
            "note": entry.data.get("note", ""),
            "sensitivity": entry.sensitivity,
        }


class LivingForm(AboutSomeone):
    """Every question with its answers; what is left open was not asked today."""

    use_required_attribute = False

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, question in QUESTIONS.items():
            self.fields[field_of(code)] = forms.ChoiceField(
                label=str(question.name),
                help_text=str(question.hint),
                required=False,
                choices=[("", _("Not asked today")), *question.answers.items()],
                widget=forms.Select({"autocomplete": "off"}),
            )
        self.fields["note"] = LineField(at_most=200, required=False, label=_("Note"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not self.answers():
            raise ValidationError(_("Nothing was answered."))
        return cleaned

    def answers(self) -> dict[str, str]:
        found = {code: self.cleaned_data.get(field_of(code), "") for code in QUESTIONS}
        return {code: answer for code, answer in found.items() if answer}


def field_of(code: str) -> str:
    return f"q_{code.replace('-', '_')}"
