"""At which times patients take a medicine, and what they say of a dose."""

from collections.abc import Sequence
from datetime import time
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from healthcare.ui.fields import FlexibleDateField
from healthcare.ui.forms import AboutSomeone
from prescriptions.models import DoseMark

ZONES: dict[str, str | Promise] = {
    "America/New_York": gettext_lazy("Eastern time (New York)"),
    "America/Chicago": gettext_lazy("Central time (Chicago)"),
    "America/Denver": gettext_lazy("Mountain time (Denver)"),
    "America/Phoenix": gettext_lazy("Mountain time without summer time (Phoenix)"),
    "America/Los_Angeles": gettext_lazy("Pacific time (Los Angeles)"),
    "America/Anchorage": gettext_lazy("Alaska time (Anchorage)"),
    "Pacific/Honolulu": gettext_lazy("Hawaii time (Honolulu)"),
    "America/Puerto_Rico": gettext_lazy("Atlantic time (Puerto Rico)"),
}
UNREADABLE = gettext_lazy("Enter a time of day, such as 08:00 or 8:00 am")
WRITINGS = ["%H:%M", "%H:%M:%S", "%I:%M %p", "%I %p"]


class DoseTimesForm(AboutSomeone):
    """As many times of day as the directions have; a first day for what is not taken every day."""

    use_required_attribute = False

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Your time zone"), help_text=gettext_lazy("The times are those of the clock there")
    )

    def __init__(self, *args: Any, times: Sequence[time], zone: str, every: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, at in enumerate(times, start=1):
            label = gettext("Time %(number)s") % {"number": number} if len(times) > 1 else gettext("Time of day")
            self.fields[f"time_{number}"] = forms.TimeField(
                label=label,
                initial=at,
                input_formats=WRITINGS,
                widget=forms.TimeInput({"type": "time", "class": "short", "autocomplete": "off"}, format="%H:%M"),
                error_messages={"required": gettext("Enter a time of day"), "invalid": UNREADABLE},
            )
        if every > 1:
            self.fields["first_day"] = FlexibleDateField(label=gettext("Day of your next dose"))
        zones: Any = self.fields["time_zone"]
        zones.choices = [*({zone: zone} | ZONES).items()]
        zones.initial = zone
        self.order_fields([*(name for name in self.fields if name != "time_zone"), "time_zone"])

    def chosen(self) -> dict[str, Any]:
        """As the verb takes it."""
        said = self.cleaned_data
        times = [said[name] for name in self.fields if name.startswith("time_") and name != "time_zone"]
        return {"times": times, "time_zone": said["time_zone"], "first_day": said.get("first_day")}


class MarkDoseForm(forms.Form):
    day = forms.DateField(input_formats=["%Y-%m-%d"])
    at = forms.TimeField(input_formats=["%H:%M"])
    state = forms.ChoiceField(choices=DoseMark.State.choices)
    reason = forms.ChoiceField(choices=DoseMark.Reason.choices, required=False)
