"""What is typed about results, problems and vaccines, and why something was wrong."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider
from healthcare.ui.fields import FlexibleDateField, LineField
from healthcare.ui.forms import AboutSomeone
from patients.models import Patient
from records.forms.marking import SensitivityField
from records.kinds import Kind
from records.kinds.flags import FLAG_WORDS, with_unit
from records.kinds.immunization import ROUTES, SITES, VACCINES
from records.kinds.laboratory_result import NAMES
from records.rules.laboratory import TESTS, Measured, expected_of, flag_result
from records.rules.said import Dose
from records.rules.substances import Given, in_our_unit, read_result, sign, units_of
from records.rules.units import Unreadable, shown, sign_of
from records.rules.vitals import years_at

NUMBER = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,4})?")
OLDEST = timedelta(days=365 * 100)
NOON = time(12)


class VoidForm(AboutSomeone):
    reason = LineField(at_most=200, label=_("Why it is wrong"), help_text=_("Like: wrong patient, typed twice"))


def moment_of(day: date, now: datetime) -> datetime:
    """Noon of that day on the clock of the site; now, for a day whose noon is still to come."""
    return min(timezone.make_aware(datetime.combine(day, NOON)), now)


def tests_by_name() -> list[tuple[str, str]]:
    """Each test with its unit, by name in the reader's language."""
    found = [(code, with_unit_of(code)) for code in TESTS]
    return [("", gettext("Choose a test")), *sorted(found, key=lambda choice: choice[1].casefold())]


def with_unit_of(code: str) -> str:
    sign = sign_of(TESTS[code].unit)
    return f"{NAMES[code][0]} ({sign})" if sign else str(NAMES[code][0])


class ResultForm(AboutSomeone):
    """One line of a laboratory's report. A critical value is asked about once."""

    use_required_attribute = False

    code = forms.ChoiceField(label=_("Test"), choices=tests_by_name)
    value = forms.CharField(
        label=_("Value"),
        widget=forms.TextInput({"class": "short", "inputmode": "decimal"}),
        help_text=_("In the unit beside the test, or with its own: 5.6 mmol/L. “<0.1” works, too"),
    )
    taken_on = FlexibleDateField(label=_("Taken on"), latest=timezone.localdate)
    low = forms.CharField(label=_("Range from"), required=False, widget=forms.TextInput({"class": "short"}))
    high = forms.CharField(
        label=_("to"),
        required=False,
        widget=forms.TextInput({"class": "short"}),
        help_text=_(
            "As the report says, in the unit of the value; left empty, the usual range for sex and age is kept"
        ),
    )
    provider = forms.ModelChoiceField(
        label=_("Who reads it"), queryset=Provider.objects.none(), required=False, empty_label=_("Any doctor")
    )
    laboratory = LineField(at_most=80, label=_("Laboratory"), required=False)
    preliminary = forms.BooleanField(label=_("The report calls it preliminary"), required=False)
    sure = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, patient: Patient, providers: Any, code: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patient, self.question = patient, ""
        self.fields["provider"].queryset = providers  # type: ignore[attr-defined]
        self.fields["provider"].label_from_instance = lambda provider: provider.name  # type: ignore[attr-defined]
        if code:  # a correction is of the same test, for the same reader
            self.fields["code"].choices = [(code, with_unit_of(code))]  # type: ignore[attr-defined]
            del self.fields["provider"], self.fields["preliminary"]

    def only(self, codes: Sequence[str]) -> None:
        """Of the tests of an order, whose answers go to who asked."""
        self.fields["code"].choices = [(code, with_unit_of(code)) for code in codes]  # type: ignore[attr-defined]
        del self.fields["provider"]

    def clean_low(self) -> Decimal | None:
        return self._bound("low")

    def clean_high(self) -> Decimal | None:
        return self._bound("high")

    def _bound(self, name: str) -> Decimal | None:
        text = self.cleaned_data[name].strip()
        found = NUMBER.fullmatch(text)
        if text and not found:
            raise forms.ValidationError(_("Type a number, or nothing"))
        return Decimal(text.replace(",", ".")) if found else None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.given = read_result(cleaned["code"], cleaned["value"])
            except Unreadable as problem:
                self.add_error("value", self._unreadable(problem))
            else:
                self._weigh(cleaned)
        return cleaned

    def _unreadable(self, problem: Unreadable) -> str:
        if problem.why == "unit":
            fitting = ", ".join(filter(None, map(sign, units_of(self.cleaned_data["code"]))))
            return gettext("This test does not come in this unit. It can be %(units)s") % {"units": fitting}
        return gettext("Type a number, like 4.6 or <0.1")

    def _weigh(self, cleaned: dict[str, Any]) -> None:
        """Refuse what cannot be; ask about what is critical, and whether another unit was meant."""
        code, given, value = cleaned["code"], self.given, self.measured().value
        if not TESTS[code].can_be(value):
            self.add_error("value", gettext("%(value)s is not possible. Nothing was recorded.") % {"value": _of(given)})
            return
        age = years_at(self.patient.birth_date, cleaned["taken_on"])
        interval = expected_of(code, sex=self.patient.sex, age_years=age)
        flag = flag_result(value, interval)
        typed = f"{code} {given.comparator}{shown(given.value)} {given.unit}"
        if not flag.startswith("critical") or cleaned["sure"] == typed:
            return
        told = {"value": with_unit(shown(value), TESTS[code].unit), "flag": FLAG_WORDS[flag]}
        self.question, self.answer = gettext("It is right: %(value)s") % told, typed
        self.add_error("value", gettext("%(value)s is %(flag)s. Look at the report again.") % told)
        for unit in () if given.said else units_of(code)[1:]:
            meant = Given(given.comparator, given.value, unit)
            if not flag_result(in_our_unit(code, given.value, unit), interval).startswith("critical"):
                self.add_error("value", gettext("If the report says %(value)s, type it so.") % {"value": _of(meant)})

    def measured(self) -> Measured:
        """In the unit of our table; the report's range is in the unit of its value."""
        code, given = self.cleaned_data["code"], self.given
        bounds = {
            side: None if (bound := self.cleaned_data[side]) is None else in_our_unit(code, bound, given.unit)
            for side in ("low", "high")
        }
        elsewhere = given.unit != TESTS[code].unit
        return Measured(
            code=code,
            value=in_our_unit(code, given.value, given.unit),
            comparator=given.comparator,
            laboratory=self.cleaned_data["laboratory"],
            typed=_of(given) if elsewhere else "",
            **bounds,
        )


def _of(given: Given) -> str:
    number = f"{given.comparator}{shown(given.value)}"
    return f"{number} {sign(given.unit)}".strip()


class ReleaseForm(AboutSomeone):
    comment = forms.CharField(
        required=False,
        label=_("To the patient, in plain words"),
        widget=forms.Textarea({"rows": 4}),
        help_text=_("What it means for them, and what they are to do. They read it beside the value."),
    )


class ConditionForm(AboutSomeone):
    """The code was picked from the search; here is what is known besides."""

    use_required_attribute = False

    code = forms.CharField(widget=forms.HiddenInput)
    encounter = forms.CharField(required=False, widget=forms.HiddenInput)
    onset = LineField(at_most=10, required=False, label=_("Since"), help_text=_("A year, like 2014, or a day"))
    note = LineField(at_most=200, required=False, label=_("Note"))
    sensitivity = SensitivityField()
    though = LineField(at_most=200, required=False, label=_("Why it is recorded a second time"))


class StatusForm(AboutSomeone):
    """What has become of a problem: only what may follow is a choice."""

    status = forms.ChoiceField(label=_("It is now"), widget=forms.RadioSelect)
    because = LineField(at_most=200, required=False, label=_("Why"))

    def __init__(self, *args: Any, kind: Kind, now: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        following: Sequence[str] = [slug for slug in kind.clinical_words if slug in kind.clinical_moves.get(now, ())]
        self.fields["status"].choices = [(slug, kind.clinical_words[slug]) for slug in following]  # type: ignore[attr-defined]


class ImmunizationForm(AboutSomeone):
    use_required_attribute = False

    vaccine = forms.ChoiceField(label=_("Vaccine"), choices=[("", _("Choose a vaccine")), *VACCINES.items()])
    given_on = FlexibleDateField(label=_("Given on"), latest=timezone.localdate)
    lot = LineField(at_most=40, required=False, label=_("Lot number"))
    expires = FlexibleDateField(required=False, label=_("The lot is good until"), earliest=date(1990, 1, 1))
    site = forms.ChoiceField(required=False, label=_("Where"), choices=[("", _("Not said")), *SITES.items()])
    route = forms.ChoiceField(required=False, label=_("How"), choices=[("", _("Not said")), *ROUTES.items()])
    elsewhere = forms.BooleanField(required=False, label=_("Another clinic gave it"))
    note = LineField(at_most=200, required=False, label=_("Note"))

    def dose(self) -> Dose:
        return Dose(**{name: self.cleaned_data[name] for name in Dose.__dataclass_fields__})
