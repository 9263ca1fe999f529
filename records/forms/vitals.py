"""Vital signs as a nurse types them: numbers with their unit or without, asked about where they are unusual.

Whatever was typed stays in its field. A question has its box beside the field; the box remembers to what text it was
the answer, so a changed number is asked about anew.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from healthcare.ui.forms import AboutSomeone
from records.kinds.vital_signs import NAMES
from records.models import Entry
from records.rules import units
from records.rules.units import Quantity, Unreadable, convert, read_pressure, read_quantity, rounded, shown, sign_of
from records.rules.vitals import MEASURES, PRESSURE, Measure, Verdict, judge, measures_at

METRIC, AMERICAN = "metric", "us"
SYSTEMS = {METRIC: _("°C, kg, cm"), AMERICAN: _("°F, lb, in")}
IN_AMERICA = {units.CELSIUS: units.FAHRENHEIT, units.KILOGRAM: units.POUND, units.CENTIMETRE: units.INCH}
# field → its measures, and the code of the entry it becomes
FIELDS: dict[str, tuple[str, ...]] = {
    "pressure": ("systolic", "diastolic"),
    **{slug: (slug,) for slug in MEASURES if slug not in ("systolic", "diastolic")},
}
CODES = {field: PRESSURE if field == "pressure" else MEASURES[field].code for field in FIELDS}
LIKE: dict[str, Promise | str] = {
    "pressure": _("like 120/80, 16/10.7 kPa"),
    "temperature": _("like 37.1, 98.8 F"),
    "weight": _("like 81.4, 180 lb"),
    "height": _("like 165, 5'5\""),
    "head_circumference": _("like 44.5"),
    "pain": _("0 to 10"),
}
LONGEST_LINE = 40


def fields_at(months: int | None) -> tuple[str, ...]:
    """Which of the fields a page has for somebody of this age, in completed months."""
    measured = measures_at(months)
    return tuple(field for field, measures in FIELDS.items() if measures[0] in measured)


class Typed(forms.TextInput):
    """A short text input: what cannot be read has to stay."""

    def __init__(self) -> None:
        super().__init__({"class": "short", "spellcheck": "false", "autocapitalize": "off", "maxlength": LONGEST_LINE})


class MeasuredForm(AboutSomeone):
    """Some of the fields above, and for each a box for its question. `values()` are in the measures' own units."""

    use_required_attribute = False

    def __init__(self, *args: Any, only: tuple[str, ...] = tuple(FIELDS), **kwargs: Any) -> None:
        self.only = only
        super().__init__(*args, **kwargs)
        for name in only:
            self.fields[name] = forms.CharField(required=False, label=str(NAMES[CODES[name]]), widget=Typed())
            self.fields[f"sure_{name}"] = forms.CharField(required=False, widget=forms.HiddenInput)
            self.fields[name].widget.attrs["autocomplete"] = "off"
        self.fields[only[0]].widget.attrs["autofocus"] = not self.is_bound
        self.found: dict[str, Decimal] = {}
        self.questions: dict[str, str] = {}

    def values(self) -> dict[str, Decimal]:
        return self.found

    def typed(self) -> dict[str, str]:
        """What stood in the fields, by measure; a pressure stands once, at its upper number."""
        return {FIELDS[name][0]: self.cleaned_data[name] for name in self.only if self.cleaned_data.get(name)}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self.only:
            text = cleaned.get(name, "")
            if text:
                reader: Callable[[str, str], None] = self._read_pressure if name == "pressure" else self._read_one
                try:
                    reader(name, text)
                except Unreadable as problem:
                    self.add_error(name, _unreadable(name, problem))
        return cleaned

    def _read_pressure(self, name: str, text: str) -> None:
        upper, lower = read_pressure(text)
        if upper.value <= lower.value:
            self.add_error(name, gettext("The upper number is the larger one. You typed %(text)s.") % {"text": text})
            return
        for slug, quantity in zip(FIELDS[name], (upper, lower), strict=True):
            self._weigh(name, slug, quantity, text)

    def _read_one(self, name: str, text: str) -> None:
        measure = MEASURES[name]
        quantity = read_quantity(text, default=self.unit_of(measure), units=measure.units)
        self._weigh(name, name, quantity, text)

    def unit_of(self, measure: Measure) -> str:
        """The unit of a number without one."""
        american = self.cleaned_data.get("system") == AMERICAN
        return IN_AMERICA.get(measure.unit, measure.unit) if american else measure.unit

    def _weigh(self, name: str, slug: str, quantity: Quantity, text: str) -> None:
        measure, judged = MEASURES[slug], judge(MEASURES[slug], quantity)
        sure = self.cleaned_data.get(f"sure_{name}", "") == text
        if judged.verdict == Verdict.IMPOSSIBLE:
            words = {"value": _said(quantity), "low": _limit(measure, 0), "high": _limit(measure, 1)}
            self.add_error(name, gettext("%(value)s is not possible: it lies outside %(low)s to %(high)s.") % words)
        elif judged.verdict == Verdict.FINE or sure:
            meant = judged.meant or quantity
            self.found[slug] = rounded(convert(meant, measure.unit), measure.decimals)
        elif judged.meant:
            words = {
                "value": _said(quantity),
                "other": _said(judged.meant),
                "same": _in_own_unit(measure, judged.meant),
            }
            self.ask(name, gettext("%(value)s is not possible. Did you mean %(other)s?") % words)
            self.questions[name] = gettext("Yes, %(other)s, which is %(same)s") % words
        else:
            words = {"value": _said(quantity), "low": _usual(measure, 0), "high": _usual(measure, 1)}
            self.ask(name, gettext("%(value)s is outside %(low)s to %(high)s. Look again.") % words)
            self.questions[name] = gettext("It is right: %(value)s") % words

    def ask(self, name: str, sentence: str) -> None:
        if not self.has_error(name):
            self.add_error(name, sentence)

    def rows(self, last: Mapping[str, Entry]) -> Iterator[dict[str, Any]]:
        """Each field with what a page shows beside it: the question, an example, and the last value with its date."""
        american = "system" in self.fields and self["system"].value() == AMERICAN
        for name in self.only:
            field: BoundField = self[name]
            unit = MEASURES[FIELDS[name][0]].unit
            yield {
                "field": field,
                "sure": self[f"sure_{name}"],
                "question": self.questions.get(name, ""),
                "text": field.value() or "",
                "like": LIKE.get(name, ""),
                "unit": ""
                if name in ("pressure", "pain")
                else sign_of(IN_AMERICA.get(unit, unit) if american else unit),
                "last": last.get(CODES[name]),
                "errors": field.errors,
            }


class VitalsForm(MeasuredForm):
    """A whole taking; at least one thing was measured."""

    system = forms.ChoiceField(
        choices=list(SYSTEMS.items()),
        initial=METRIC,
        label=_("A number without a unit is in"),
        widget=forms.RadioSelect,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors and not self.found:
            raise forms.ValidationError(_("Nothing is filled in. Type at least one value."))
        return cleaned


class CorrectVitalForm(MeasuredForm):
    """The right value for one measure."""

    def __init__(self, *args: Any, code: str, **kwargs: Any) -> None:
        name = next(field for field, known in CODES.items() if known == code)
        super().__init__(*args, only=(name,), **kwargs)
        self.fields[name].required = True

    @staticmethod
    def can_correct(code: str) -> bool:
        """Whether this is something that somebody measured: a body mass index is computed."""
        return code in CODES.values()


# == Words ==
def _said(quantity: Quantity) -> str:
    return f"{shown(quantity.value)} {sign_of(quantity.unit)}"


def _in_own_unit(measure: Measure, quantity: Quantity) -> str:
    return _said(Quantity(rounded(convert(quantity, measure.unit), measure.decimals), measure.unit))


def _limit(measure: Measure, side: int) -> str:
    return _said(Quantity(measure.possible[side], measure.unit))


def _usual(measure: Measure, side: int) -> str:
    return _said(Quantity(measure.usual[side], measure.unit))


def _unreadable(name: str, problem: Unreadable) -> str:
    if problem.why == "pressure":
        return gettext("Type both numbers, like 120/80")
    if problem.why == "unit":
        fitting = ", ".join(sign_of(unit) for unit in MEASURES[name].units)
        return gettext("This unit does not fit here. It can be %(units)s") % {"units": fitting}
    return gettext("This is not a number. Type it %(like)s") % {"like": LIKE.get(name, gettext("like 72"))}
