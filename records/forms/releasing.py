"""What is typed about when results go out: by the patient, by who holds one back, by an administrator."""

from datetime import date, datetime, time
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import FlexibleDateField
from healthcare.ui.forms import AboutSomeone
from records.models import ReleasePolicy, ReleaseWish


class WishForm(forms.Form):
    wants = forms.ChoiceField(
        label=_("I want my results"),
        choices=ReleaseWish.Wants.choices,
        required=False,
        widget=forms.RadioSelect,
    )


class HoldForm(AboutSomeone):
    """Whom knowing it now would harm, and until when."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_("Whom would it harm to know this now, and how?"),
        widget=forms.Textarea({"rows": 3}),
        max_length=300,
        help_text=_("Only a danger to somebody’s life or body counts; bad news or worry does not."),
    )
    until = FlexibleDateField(label=_("Until"), earliest=timezone.localdate)

    def until_moment(self, zone: str) -> datetime:
        """The end of that day where the patient is."""
        day: date = self.cleaned_data["until"]
        return datetime.combine(day, time(23, 59), ZoneInfo(zone))


class ReleasePolicyForm(forms.ModelForm):
    class Meta:
        model = ReleasePolicy
        fields: ClassVar[list[str]] = ["category", "when", "days"]

    def clean(self) -> dict[str, Any]:
        """Days count with “after some days” alone; the database says the same."""
        said = super().clean() or {}
        if (said.get("when") == ReleasePolicy.When.AFTER_DAYS) != bool(said.get("days")):
            self.add_error("days", _("“After some days” takes a number of days; the others take 0."))
        return said
