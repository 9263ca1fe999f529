"""What people type to break the glass, and to review it."""

from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import LineField
from healthcare.ui.forms import AboutSomeone
from patients.models import EmergencyAccess
from patients.models.emergency import SHORTEST_REASON


class BreakGlassForm(AboutSomeone):
    """Why, and for how long; who it is was proven at the door."""

    purpose = forms.ChoiceField(
        label=_("Why"),
        widget=forms.RadioSelect,
        choices=EmergencyAccess.Purpose.choices,
        error_messages={"required": _("Say what the chart is needed for")},
    )
    reason = LineField(
        label=_("In one sentence"),
        at_most=500,
        help_text=_("At least 20 characters. The patient and the privacy officer can read it"),
    )
    minutes = forms.TypedChoiceField(
        label=_("How long"),
        widget=forms.RadioSelect,
        coerce=int,
        choices=[(30, _("30 minutes")), (60, _("1 hour")), (120, _("2 hours")), (240, _("4 hours, the longest"))],
        initial=60,
    )

    def clean_reason(self) -> str:
        reason = str(self.cleaned_data["reason"])
        if len(reason) < SHORTEST_REASON:
            missing = _("The reason needs %(least)d characters at least. It has %(count)d")
            raise ValidationError(missing, code="too_short", params={"least": SHORTEST_REASON, "count": len(reason)})
        return reason

    def lasts(self) -> timedelta:
        return timedelta(minutes=self.cleaned_data["minutes"])


class ReviewForm(AboutSomeone):
    verdict = forms.ChoiceField(
        label=_("Was it justified?"),
        widget=forms.RadioSelect,
        choices=EmergencyAccess.Verdict.choices,
        error_messages={"required": _("Choose one of the three")},
    )
    note = LineField(
        label=_("Why"), at_most=1000, help_text=_("What you found, and whom you asked. Kept with the review")
    )
