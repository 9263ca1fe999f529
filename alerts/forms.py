"""Validate, never save."""

from django import forms
from django.utils.translation import gettext_lazy as _

from alerts.models import Anomaly, Rule
from alerts.rules.watching import LONGEST, MOST, Watch


class ReviewForm(forms.Form):
    """What a finding was, and why one thinks so."""

    verdict = forms.ChoiceField(label=_("What was it?"), choices=[("", _("Choose")), *Anomaly.Verdict.choices])
    note = forms.CharField(
        label=_("Why do you think so?"),
        help_text=_("Whom you asked, and what they said. No clinical details."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class WatchForm(forms.Form):
    """What one rule calls too much; `minutes` is left out where it counts events one by one."""

    rule = forms.ChoiceField(choices=Rule.choices, widget=forms.HiddenInput())
    is_on = forms.BooleanField(label=_("This rule watches"), required=False)
    at_least = forms.IntegerField(label=_("Tell at"), min_value=1, max_value=MOST)
    minutes = forms.IntegerField(label=_("Within minutes"), min_value=1, max_value=LONGEST)

    def __init__(self, *args: object, watch: Watch, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not watch.minutes:
            del self.fields["minutes"]
