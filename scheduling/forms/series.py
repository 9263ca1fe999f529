"""How often, and which of the times that were looked at."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import LineField
from healthcare.ui.forms import AboutSomeone
from scheduling.forms import MomentField
from scheduling.rules import MOST_IN_SERIES

EVERY = (
    ("1", _("Every day")),
    ("7", _("Every week")),
    ("14", _("Every 2 weeks")),
    ("21", _("Every 3 weeks")),
    ("28", _("Every 4 weeks")),
)


class SeriesForm(AboutSomeone):
    """The first time, and how it goes on; `key` names the series, so that a second press books nothing twice."""

    start = MomentField()
    key = forms.UUIDField(widget=forms.HiddenInput, error_messages={"invalid": _("Begin the booking again")})
    every = forms.ChoiceField(label=_("How often"), choices=EVERY)
    count = forms.IntegerField(
        label=_("How many visits"),
        min_value=2,
        max_value=MOST_IN_SERIES,
        widget=forms.TextInput({"class": "short", "inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "required": _("Enter how many visits there are"),
            "invalid": _("Enter a whole number, like 6"),
            "min_value": _("A series has at least 2 visits"),
            "max_value": _("A series has at most %(limit_value)s visits"),
        },
    )
    reason = LineField(label=_("What is it about?"), at_most=200, required=False)

    @classmethod
    def fresh(cls, start: str = "") -> "SeriesForm":
        return cls(initial={"start": start, "key": uuid4(), "every": "7", "count": "6"})


class Many(forms.MultipleHiddenInput):
    """Ticked boxes of one name."""


class TimesField(forms.Field):
    """Instants that were ticked, at least one."""

    widget = Many
    default_error_messages = {"required": _("Tick at least one time")}

    def to_python(self, value: Sequence[str] | None) -> list[datetime]:
        moment = MomentField()
        return sorted({moment.clean(each) for each in value or ()})


class SeriesTimesForm(AboutSomeone):
    """The times of a series that the person wants of those that were looked at."""

    times = TimesField()


class SeriesVisitsForm(AboutSomeone):
    """The visits of a series that are to move."""

    visits = forms.Field(widget=Many, error_messages={"required": _("Tick at least one visit")})

    def clean_visits(self) -> list[UUID]:
        try:
            return [UUID(each) for each in self.cleaned_data["visits"]]
        except ValueError as problem:
            raise ValidationError(_("Choose among the visits shown"), code="invalid") from problem
