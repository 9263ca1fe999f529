"""What is typed about a prescription, read and checked. A refusal is a sentence that says what fits."""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import pgettext_lazy as say

from healthcare.ui.forms import AboutSomeone
from prescriptions.models import Dispense, Prescription, SafetyRule
from prescriptions.rules.safety import PROBLEM, Answer, Result, is_answered, reasons_for
from prescriptions.rules.sig import LONGEST_DAYS, UNITS, Content, Sig, Step, mistakes_in, number
from records.models.entries import MARKS

UNIT_WORDS = [(slug, unit.many) for slug, unit in UNITS.items()]
ROUTE_WORDS = {
    "oral": gettext_lazy("By mouth"),
    "sublingual": gettext_lazy("Under the tongue"),
    "inhaled": gettext_lazy("Inhaled"),
    "nasal": gettext_lazy("Into the nose"),
    "topical": gettext_lazy("On the skin"),
    "transdermal": gettext_lazy("As a patch"),
    "ophthalmic": gettext_lazy("Into the eye"),
    "otic": gettext_lazy("Into the ear"),
    "subcutaneous": gettext_lazy("Injected under the skin"),
    "intramuscular": gettext_lazy("Injected into a muscle"),
    "rectal": gettext_lazy("Into the rectum"),
    "vaginal": gettext_lazy("Into the vagina"),
}
FREQUENCY_WORDS = {
    "once_daily": gettext_lazy("Once a day"),
    "twice_daily": gettext_lazy("Twice a day"),
    "three_times_daily": gettext_lazy("3 times a day"),
    "four_times_daily": gettext_lazy("4 times a day"),
    "every_4_hours": gettext_lazy("Every 4 hours"),
    "every_6_hours": gettext_lazy("Every 6 hours"),
    "every_8_hours": gettext_lazy("Every 8 hours"),
    "every_12_hours": gettext_lazy("Every 12 hours"),
    "in_the_morning": gettext_lazy("In the morning"),
    "in_the_evening": gettext_lazy("In the evening"),
    "at_bedtime": gettext_lazy("At bedtime"),
    "every_other_day": gettext_lazy("Every other day"),
    "once_weekly": gettext_lazy("Once a week"),
    "every_2_weeks": gettext_lazy("Every 2 weeks"),
    "every_28_days": gettext_lazy("Every 28 days"),
    "once": gettext_lazy("One time only"),
}
REASON_WORDS = {
    "benefit": gettext_lazy("The benefit is greater, and it is monitored"),
    "tolerated": gettext_lazy("The patient took both before without harm"),
    "paused": gettext_lazy("The other medicine is paused or stopped"),
    "no_alternative": gettext_lazy("Nothing else works as well"),
    "not_true_allergy": gettext_lazy("It was no true allergy"),
    "prescriber": gettext_lazy("The prescriber knows of it and wants it so"),
    "specialist": gettext_lazy("Agreed with a specialist or pharmacist"),
    "checked_myself": gettext_lazy("I have checked it myself"),
    "asked_now": gettext_lazy("I have asked the patient now"),
    "other_source": gettext_lazy("Checked with another source: named below"),
    "urgent": gettext_lazy("It cannot wait"),
    "other": say("a reason", "Other: said below"),
}
REFUSED = {
    "dose": gettext_lazy("Dose needs a number above 0, up to 9999"),
    "cannot_be_split": gettext_lazy("This cannot be divided so finely. A tablet goes to quarters, a capsule is whole"),
    "duration_days": gettext_lazy("Days are a whole number from 1 to 366"),
    "dose_unit": gettext_lazy("Choose what the dose is counted in"),
    "route": gettext_lazy("Choose how it is taken"),
    "frequency": gettext_lazy("Choose how often"),
}
REFUSED["then"] = gettext_lazy("Write each step as dose × days, as in 3 × 5, 2 × 5: at most 12, a year in all")
REFUSED["steps"] = REFUSED["then"]
A_STEP = re.compile(r"(\d{1,4}(?:\.\d{1,2})?)\s*[x×*]\s*(\d{1,3})")
CHOOSE = ("", gettext_lazy("Choose"))


class PrescribeForm(AboutSomeone):
    """Directions. What a line of the formulary fixes is not asked: unit and route are for what is written by hand."""

    dose = forms.DecimalField(
        max_digits=8,
        decimal_places=3,
        error_messages={name: REFUSED["dose"] for name in ("invalid", "max_digits", "max_decimal_places", "required")},
        widget=forms.TextInput({"inputmode": "decimal"}),
    )
    dose_unit = forms.ChoiceField(label=gettext_lazy("Counted in"), choices=[CHOOSE, *UNIT_WORDS])
    route = forms.ChoiceField(label=gettext_lazy("Taken"), choices=[CHOOSE, *ROUTE_WORDS.items()])
    frequency = forms.ChoiceField(label=gettext_lazy("How often"), choices=[CHOOSE, *FREQUENCY_WORDS.items()])
    duration_days = forms.IntegerField(
        label=gettext_lazy("For how many days"),
        min_value=1,
        max_value=LONGEST_DAYS,
        error_messages={name: REFUSED["duration_days"] for name in ("invalid", "min_value", "max_value", "required")},
        widget=forms.TextInput({"inputmode": "numeric"}),
    )
    then = forms.CharField(
        label=gettext_lazy("Then, for a taper"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Dose × days of each further step: 3 × 5, 2 × 5, 1 × 5"),
    )
    repeats = forms.IntegerField(
        label=gettext_lazy("Repeats"),
        min_value=0,
        max_value=12,
        initial=0,
        required=False,
        error_messages={name: gettext_lazy("Repeats are 0 to 12") for name in ("invalid", "min_value", "max_value")},
        widget=forms.TextInput({"inputmode": "numeric"}),
    )
    reason = forms.CharField(label=gettext_lazy("What it is for"), max_length=200, required=False)
    note = forms.CharField(label=gettext_lazy("Add to the label"), max_length=120, required=False)
    sensitivity = forms.ChoiceField(
        label=gettext_lazy("Sensitive"),
        required=False,
        choices=MARKS,
        help_text=gettext_lazy("Marked, only you, those who may see such items and the dispensary see it"),
    )
    as_needed = forms.BooleanField(label=gettext_lazy("Only if needed"), required=False)
    as_needed_for = forms.CharField(label=gettext_lazy("If needed for"), max_length=80, required=False)
    ongoing = forms.BooleanField(label=gettext_lazy("The treatment goes on after this supply"), required=False)
    may_substitute = forms.BooleanField(
        label=gettext_lazy("The dispensary may give the same medicine of another maker"), required=False, initial=True
    )

    FIRST = (
        "dose",
        "dose_unit",
        "route",
        "frequency",
        "duration_days",
        "then",
        "repeats",
        "reason",
        "note",
        "as_needed_for",
        "sensitivity",
    )
    TICKS = ("as_needed", "ongoing", "may_substitute")

    def __init__(self, *args: Any, prescription: Prescription, **kwargs: Any) -> None:
        super().__init__(*args, initial=self.known(prescription), **kwargs)
        self.prescription = prescription
        medication = prescription.medication
        if medication:
            del self.fields["dose_unit"], self.fields["route"]
            unit = UNITS[medication.dose_unit].many
            self.fields["dose"].label = _("Dose, in %(unit)s") % {"unit": unit}
        else:
            self.fields["dose"].label = _("Dose")

    @staticmethod
    def known(prescription: Prescription) -> dict[str, Any]:
        sig = prescription.directions
        known = {name: getattr(prescription, name) for name in ("reason", "repeats", "may_substitute", "sensitivity")}
        then = ", ".join(f"{number(step.dose)} × {step.days}" for step in sig.then) if sig else ""
        return (sig.content() if sig else {}) | {"then": then} | known

    def clean_then(self) -> tuple[Step, ...]:
        """The steps of a taper, as they are typed: a dose, a cross and days, with commas between."""
        parts = [part.strip() for part in self.cleaned_data["then"].split(",") if part.strip()]
        read = [A_STEP.fullmatch(part) for part in parts]
        if not all(read):
            raise forms.ValidationError(REFUSED["then"])
        return tuple(Step(Decimal(found[1]), int(found[2])) for found in read if found)

    def first(self) -> list[forms.BoundField]:
        return [self[name] for name in self.FIRST if name in self.fields]

    def ticks(self) -> list[forms.BoundField]:
        return [self[name] for name in self.TICKS]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            for field, code in mistakes_in(self.sig()).items():
                self.add_error(field if field in self.fields else None, REFUSED.get(code) or REFUSED[field])
        return cleaned

    def sig(self) -> Sig:
        typed, medication = self.cleaned_data, self.prescription.medication
        dose: Decimal = typed["dose"]
        return Sig(
            dose=dose,
            dose_unit=medication.dose_unit if medication else typed["dose_unit"],
            route=medication.route if medication else typed["route"],
            frequency=typed["frequency"],
            duration_days=typed["duration_days"],
            ongoing=typed["ongoing"],
            as_needed=typed["as_needed"] or bool(typed["as_needed_for"]),
            as_needed_for=typed["as_needed_for"],
            note=typed["note"],
            then=typed["then"],
        )

    def content(self) -> Content:
        typed = self.cleaned_data
        return Content(
            sig=self.sig(),
            reason=typed["reason"],
            repeats=typed["repeats"] or 0,
            may_substitute=typed["may_substitute"],
            sensitivity=typed["sensitivity"],
        )


class AnswersForm(AboutSomeone):
    """For each thing that holds the signature, or the dispensary, a coded reason, and words. The fields are those of
    the result.
    """

    def __init__(self, *args: Any, result: Result, dispensing: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dispensing = dispensing
        self.keys: Sequence[str] = result.to_answer
        about = {one.key: one.other for one in result.findings} | {one.key: one.what for one in result.unchecked}
        for key in self.keys:
            choices = [CHOOSE, *((code, REASON_WORDS[code]) for code in reasons_for(key, dispensing=dispensing))]
            missing = _("Choose a reason to go on: %(what)s") % {"what": about.get(key) or _("safety check")}
            self.fields[f"reason.{key}"] = forms.ChoiceField(
                label=_("Reason"), choices=choices, error_messages={"required": missing}
            )
            self.fields[f"words.{key}"] = forms.CharField(
                label=_("In your words"), max_length=300, required=key == PROBLEM
            )
        for field in self.fields.values():
            field.widget.attrs.setdefault("autocomplete", "off")

    def reason_of(self, key: str) -> forms.BoundField | None:
        return self[f"reason.{key}"] if key in self.keys else None

    def words_of(self, key: str) -> forms.BoundField | None:
        return self[f"words.{key}"] if key in self.keys else None

    def answers(self) -> list[Answer]:
        typed = self.cleaned_data
        return [Answer(key, typed[f"reason.{key}"], typed[f"words.{key}"]) for key in self.keys]

    def say_what_is_missing(self) -> None:
        for answer in self.answers():
            if not is_answered(answer.key, answer, dispensing=self.dispensing):
                self.add_error(f"words.{answer.key}", _("This reason needs your words"))


class MarkForm(AboutSomeone):
    sensitivity = forms.ChoiceField(label=gettext_lazy("Marked as"), required=False, choices=MARKS)


class CancelForm(AboutSomeone):
    reason = forms.ChoiceField(
        label=gettext_lazy("Why"),
        choices=[CHOOSE, *Prescription.CancelReason.choices],
        error_messages={"required": gettext_lazy("Choose why")},
    )
    note = forms.CharField(label=gettext_lazy("In your words"), max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("reason") == Prescription.CancelReason.OTHER and not cleaned.get("note"):
            self.add_error("note", _("Say why in your words"))
        return cleaned


class PickUpForm(AboutSomeone):
    name = forms.CharField(
        label=gettext_lazy("Name, as on the ID"),
        max_length=120,
        error_messages={"required": gettext_lazy("Write the name as on the ID")},
    )
    relation = forms.ChoiceField(label=gettext_lazy("Who it is"), choices=Prescription.Relation.choices)
    identity_checked = forms.BooleanField(
        label=gettext_lazy("I have seen an ID, and it fits the person"),
        error_messages={"required": gettext_lazy("Check who it is before you hand anything out")},
    )


class KeepForm(AboutSomeone):
    days = forms.IntegerField(
        label=gettext_lazy("Days more"),
        min_value=1,
        max_value=30,
        initial=3,
        error_messages={
            name: gettext_lazy("Days are a whole number from 1 to 30")
            for name in ("required", "invalid", "min_value", "max_value")
        },
        widget=forms.TextInput({"inputmode": "numeric", "class": "short"}),
    )


class PrepareForm(AboutSomeone):
    """How much is prepared, and of which maker; left empty: all that is due, as prescribed."""

    quantity = forms.DecimalField(
        label=gettext_lazy("How much"),
        required=False,
        max_digits=9,
        decimal_places=2,
        error_messages={
            name: gettext_lazy("How much is a number above 0")
            for name in ("invalid", "max_digits", "max_decimal_places")
        },
        widget=forms.TextInput({"inputmode": "decimal", "class": "short"}),
    )
    part_reason = forms.ChoiceField(
        label=gettext_lazy("Why less"),
        required=False,
        choices=[("", gettext_lazy("It is all that is due")), *Dispense.PartReason.choices],
    )
    product = forms.CharField(
        label=gettext_lazy("Of another maker"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("As it is called on the box; empty if it is the one prescribed"),
    )

    def __init__(self, *args: Any, prescription: Prescription, **kwargs: Any) -> None:
        super().__init__(*args, initial={"quantity": number(prescription.due_quantity)}, **kwargs)
        self.prescription = prescription
        self.fields["quantity"].help_text = _("Due: %(due)s") % {"due": prescription.due_words}
        if not prescription.may_substitute:
            del self.fields["product"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        amount, due = cleaned.get("quantity"), self.prescription.due_quantity
        if amount is not None and not 0 < amount <= due:
            said = {"due": self.prescription.due_words}
            self.add_error("quantity", _("More than nothing and at most %(due)s") % said)
        elif amount is not None and amount < due and not cleaned.get("part_reason"):
            self.add_error("part_reason", _("Choose why it is less than is due"))
        return cleaned


class NotDispensedForm(AboutSomeone):
    reason = forms.ChoiceField(
        label=gettext_lazy("Why"),
        choices=[CHOOSE, *Prescription.WhyNot.choices],
        error_messages={"required": gettext_lazy("Choose why")},
    )
    note = forms.CharField(label=gettext_lazy("In your words"), max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("reason") == Prescription.WhyNot.OTHER and not cleaned.get("note"):
            self.add_error("note", _("Say why in your words"))
        return cleaned


class RuleForm(forms.ModelForm):
    """What this clinic decides about a rule. Limits are typed as the rule has them: "day_mg 3000, day_mg_kg 60"."""

    limits_here = forms.CharField(
        label=gettext_lazy("Limits here"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Only those that differ, named as in the limits above, as in: day_mg 3000"),
    )

    class Meta:
        model = SafetyRule
        fields: ClassVar[list[str]] = ["chosen_severity", "chosen_because"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.instance.chosen_limits
        self.fields["limits_here"].initial = ", ".join(f"{name} {limit:g}" for name, limit in known.items())

    def clean_limits_here(self) -> dict[str, Decimal]:
        found = {}
        for part in filter(None, (one.strip() for one in self.cleaned_data["limits_here"].split(","))):
            name, _space, amount = part.partition(" ")
            try:
                found[name] = Decimal(amount.strip())
            except InvalidOperation:
                raise forms.ValidationError(_("Write a name and a number: day_mg 3000")) from None
        return found
