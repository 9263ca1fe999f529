"""What people say when they wait for a time: what for, where, with whom, and on which days."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider, Site
from healthcare.ui.fields import FlexibleDateField, LineField
from healthcare.ui.forms import AboutMyself, AboutSomeone
from scheduling.forms import PickField
from scheduling.models import VisitType, Wait
from scheduling.rules.waitlist import Wish
from scheduling.waits import PARTS, WEEKDAYS

USUAL = timedelta(days=30)
Rows = Mapping[str, Iterable[Any]]


class WaitForm(forms.Form):
    """For which visit, where and with whom; nobody named is anybody. `rows` by the name of the field."""

    visit_type = PickField(label=_("For"))
    site = PickField(label=_("Where"))
    provider = PickField(label=_("With"), required=False)
    first_day = FlexibleDateField(label=_("From"), help_text="")
    last_day = FlexibleDateField(
        label=_("Until"), help_text=_("The last day that helps. After it nobody waits any more")
    )
    isodows = forms.TypedMultipleChoiceField(
        label=_("Weekdays"),
        choices=list(WEEKDAYS.items()),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("None marked means any"),
    )
    parts = forms.MultipleChoiceField(
        label=_("Time of day"),
        choices=[(part.value, text) for part, text in PARTS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("None marked means any"),
    )

    def __init__(self, data: Any, *, rows: Rows, chosen: Mapping[str, Any] | None = None) -> None:
        today = timezone.localdate()
        super().__init__(data, initial={"first_day": today, "last_day": today + USUAL, **(chosen or {})})
        for name, offered in rows.items():
            self.fields[name].offer(offered)  # type: ignore[attr-defined]
        provider: Any = self.fields["provider"]
        provider.choices = [("", _("Anybody")), *provider.choices]

    def asked(self) -> dict[str, Any]:
        """As the verb takes it."""
        typed = self.cleaned_data
        days: tuple[date, date] = typed["first_day"], typed["last_day"]
        what: dict[str, VisitType | Site | Provider | None] = {
            name: typed[name] for name in ("visit_type", "site", "provider")
        }
        return what | {"wish": Wish(*days, typed["isodows"], typed["parts"])}


class OwnWaitForm(WaitForm, AboutMyself):
    """By the patient."""


class DeskWaitForm(WaitForm, AboutSomeone):
    """By the desk, for a patient."""


class RankForm(AboutSomeone):
    priority = forms.TypedChoiceField(label=_("When a time is free"), choices=Wait.Priority.choices, coerce=int)
    reason = LineField(
        label=_("Why before others?"), at_most=200, required=False, help_text=_("Colleagues can read this")
    )
