"""At how many weeks a child was born, for the percentiles of an early birth."""

from django import forms
from django.utils.translation import gettext_lazy as _

from records.rules.growth import EARLIEST_WEEKS, TERM_FROM, TERM_WEEKS


class WeeksForm(forms.Form):
    """Asked for each time and kept nowhere: only the address says it."""

    weeks = forms.TypedChoiceField(
        label=_("Born in week"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("at term")), *((week, week) for week in range(EARLIEST_WEEKS, TERM_FROM))],
        help_text=_("For who came before the 37th week, ages are counted from the due date until two years of age."),
    )

    def week(self) -> int:
        """40 for at term, and for anything that is no week."""
        return (self.cleaned_data["weeks"] if self.is_valid() else None) or TERM_WEEKS
