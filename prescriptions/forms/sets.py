"""An order set, as an administrator arranges it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from healthcare.accounts.models import Site
from prescriptions.forms.writing import CHOOSE, FREQUENCY_WORDS, REFUSED
from prescriptions.models import Medication, OrderSet, OrderSetLine
from prescriptions.queries import find_medications
from prescriptions.rules.sig import LONGEST_DAYS, Sig, mistakes_in, number

PARTS = ("medication", "dose", "frequency", "days", "ongoing", "as_needed_for", "note", "repeats", "reason")
TOGETHER = ("dose", "frequency", "days")  # what a line needs besides its medicine
FORMULARY = "formulary"  # the list of labels that the page has once
PLACES = range(1, OrderSet.MOST_LINES + 1)


def named(part: str, place: int) -> str:
    return f"{part}_{place}"


def of_line(place: int) -> list[str]:
    return [named(part, place) for part in PARTS]


class OrderSetForm(forms.ModelForm):
    """Up to eight lines; one without a medicine is none. Unit and route are those of the medicine."""

    class Meta:
        model = OrderSet
        fields: ClassVar[list[str]] = ["site", "name", "active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        site: Any = self.fields["site"]
        site.queryset = Site.objects.filter(closed_at=None).order_by("name")
        site.label_from_instance = lambda row: row.name
        lines = self._lines()
        self.kept = {line.medication_id for line in lines.values()}
        for place in PLACES:
            self.fields.update(_fields(place))
            if line := lines.get(place):
                self.initial.update({named(part, place): value for part, value in _known(line).items()})

    def _lines(self) -> dict[int, OrderSetLine]:
        if self.instance._state.adding:
            return {}
        rows = self.instance.lines.select_related("medication").order_by("position")
        return dict(enumerate(rows, 1))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        said = filter(None, (cleaned.get(named("medication", place)) for place in PLACES))
        rows = Medication.objects.filter(label__in=list(said)).filter(Q(active=True) | Q(pk__in=self.kept))
        self.medicines = {row.label: row for row in rows.order_by("pk")}
        for place in PLACES:
            self._check_line(place, cleaned)
        return cleaned

    def _check_line(self, place: int, cleaned: dict[str, Any]) -> None:
        medication, said = self._medication(place), cleaned.get(named("medication", place))
        if medication is None:
            if said:
                self.add_error(named("medication", place), _not_offered(said))
            elif any(cleaned.get(named(part, place)) for part in PARTS[1:]):
                self.add_error(named("medication", place), _("Choose the medicine, or empty the line"))
            return
        missing = [part for part in TOGETHER if not cleaned.get(named(part, place))]
        for part in missing:
            if named(part, place) not in self.errors:
                self.add_error(named(part, place), _("Say how it is taken"))
        if not missing:
            for part, code in mistakes_in(self._sig(place, medication)).items():
                refused = REFUSED.get(code) or REFUSED[part]
                self.add_error(named("days" if part == "duration_days" else part, place), refused)

    def _medication(self, place: int) -> Medication | None:
        return self.medicines.get(self.cleaned_data.get(named("medication", place), ""))

    def _sig(self, place: int, medication: Medication) -> Sig:
        typed = {part: self.cleaned_data[named(part, place)] for part in PARTS if part != "medication"}
        dose: Decimal = typed["dose"]
        return Sig(
            dose=dose,
            dose_unit=medication.dose_unit,
            route=medication.route,
            frequency=typed["frequency"],
            duration_days=typed["days"],
            ongoing=typed["ongoing"],
            as_needed=bool(typed["as_needed_for"]),
            as_needed_for=typed["as_needed_for"],
            note=typed["note"],
        )

    def lines(self) -> Sequence[tuple[Medication, Sig, int, str]]:
        """Medicine, directions, repeats and what for, of each line that has a medicine."""
        found = [(place, self._medication(place)) for place in PLACES]
        return [
            (
                medication,
                self._sig(place, medication),
                self.cleaned_data[named("repeats", place)] or 0,
                self.cleaned_data[named("reason", place)],
            )
            for place, medication in found
            if medication is not None
        ]


def _not_offered(said: str) -> str:
    """With what is meant, perhaps."""
    near = [line.label for found in find_medications(said, at_most=3) for line in found.lines]
    if not near:
        return _("The formulary offers no such medicine")
    return _("The formulary offers no such medicine. Do you mean: %(names)s?") % {"names": "; ".join(near)}


def _known(line: OrderSetLine) -> dict[str, Any]:
    sig = line.directions
    return {
        "medication": line.medication.label,
        "dose": Decimal(number(sig.dose)),
        "frequency": sig.frequency,
        "days": sig.duration_days,
        "ongoing": sig.ongoing,
        "as_needed_for": sig.as_needed_for,
        "note": sig.note,
        "repeats": line.repeats,
        "reason": line.reason,
    }


def _fields(place: int) -> dict[str, forms.Field]:
    fields: dict[str, forms.Field] = {
        "medication": forms.CharField(
            label=gettext_lazy("medicine, as in the formulary"),
            max_length=240,
            required=False,
            widget=forms.TextInput({"list": FORMULARY, "size": 70, "autocomplete": "off"}),
        ),
        "dose": forms.DecimalField(
            label=gettext_lazy("dose, in the unit of the medicine"), max_digits=8, decimal_places=3, required=False
        ),
        "frequency": forms.ChoiceField(
            label=gettext_lazy("how often"), choices=[CHOOSE, *FREQUENCY_WORDS.items()], required=False
        ),
        "days": forms.IntegerField(
            label=gettext_lazy("for how many days"), min_value=1, max_value=LONGEST_DAYS, required=False
        ),
        "ongoing": forms.BooleanField(label=gettext_lazy("the treatment goes on after this supply"), required=False),
        "as_needed_for": forms.CharField(label=gettext_lazy("if needed for"), max_length=80, required=False),
        "note": forms.CharField(label=gettext_lazy("add to the label"), max_length=120, required=False),
        "repeats": forms.IntegerField(label=gettext_lazy("repeats"), min_value=0, max_value=12, required=False),
        "reason": forms.CharField(label=gettext_lazy("what it is for"), max_length=200, required=False),
    }
    return {named(part, place): field for part, field in fields.items()}
