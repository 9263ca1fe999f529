"""The days of a sick note, and why one is void."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import FlexibleDateField, LineField
from healthcare.ui.forms import AboutSomeone
from records.rules.papers import LONGEST, days_of

OFF = [("work", _("Work")), ("school", _("School")), ("both", _("Work and school"))]


class SickNoteForm(AboutSomeone):
    """Days are those of the site's calendar; both are included."""

    first_day = FlexibleDateField(label=_("From"))
    last_day = FlexibleDateField(label=_("To"), help_text=_("This day is included"))
    off = forms.ChoiceField(label=_("Cannot go to"), choices=OFF, widget=forms.RadioSelect, initial="work")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"first_day": timezone.localdate()} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = given.get("first_day"), given.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("The last day comes before the first"))
        elif first and last and days_of(first, last) > LONGEST:
            self.add_error("last_day", _("A sick note covers at most %(days)s days") % {"days": LONGEST})
        return given


class VoidPaperForm(AboutSomeone):
    """Why."""

    reason = LineField(at_most=200, label=_("Why it is void"))
