"""What people type when a patient has died, and when that was wrong."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import FlexibleDateField, LineField
from healthcare.ui.forms import AboutSomeone
from patients.models import DeathReport


class DeathForm(AboutSomeone):
    source = forms.ChoiceField(
        label=_("Who told it"),
        widget=forms.RadioSelect,
        choices=DeathReport.Source.choices,
        error_messages={"required": _("Say who told it")},
    )
    died_on = FlexibleDateField(
        label=_("Died on"),
        required=False,
        latest=timezone.localdate,
        help_text=_("Such as Mar 3, 2026. Empty where nobody knows the day"),
    )


class TakeBackForm(AboutSomeone):
    reason = LineField(
        label=_("How it is known that the patient lives"),
        at_most=300,
        help_text=_("Such as: came to the desk and showed their ID"),
    )
