"""How somebody narrows the timeline of a chart. What cannot be read narrows nothing, and says so."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import FlexibleDateField
from records.kinds import kinds
from records.models import Encounter
from records.queries.timeline import Narrowing


def kinds_by_name() -> list[tuple[str, str]]:
    found = [(kind.slug, str(kind.plural)) for kind in kinds().values()]
    return [("", _now("Everything")), *sorted(found, key=lambda choice: choice[1].casefold())]


class TimelineForm(forms.Form):
    """Days are those of the patient's site; both are included. `seen`: the visit after which everything is news."""

    use_required_attribute = False

    kind = forms.ChoiceField(label=_("Show"), choices=kinds_by_name, required=False)
    begins = FlexibleDateField(label=_("From"), required=False, help_text="")
    ends = FlexibleDateField(label=_("To"), required=False, help_text="")
    mine = forms.BooleanField(label=_("Only what I wrote"), required=False)
    old = forms.BooleanField(label=_("Also what is wrong or replaced"), required=False)
    since = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, seen: Encounter | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seen = seen

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("begins") and given.get("ends") and given["ends"] < given["begins"]:
            self.add_error("ends", _("The last day comes after the first"))
        return given

    def narrowing(self) -> Narrowing:
        """As far as it can be read."""
        self.full_clean()
        given = self.cleaned_data
        begins, ends = given.get("begins"), given.get("ends")
        return Narrowing(
            kind=given.get("kind", ""),
            begins=_midnight(begins) if begins else None,
            ends=_midnight(ends + timedelta(days=1)) if ends else None,
            since=self.seen.started_at if given.get("since") and self.seen else None,
            mine=bool(given.get("mine")),
            with_old=bool(given.get("old")),
        )

    def kept(self) -> dict[str, str]:
        """What was asked for, as it was typed, for the address of the next page."""
        return {name: self.data[name] for name in self.fields if self.data.get(name)}


class DayForm(forms.Form):
    """A day that has begun, on the clock of the patient's site."""

    day = FlexibleDateField(label=_("Day"), latest=timezone.localdate)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
