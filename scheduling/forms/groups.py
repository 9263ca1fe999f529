"""Sessions of several people at once: when, with whom, and for how many."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.models import Provider, Site
from healthcare.ui.fields import FlexibleDateField, LineField
from healthcare.ui.forms import AboutMyself, AboutSomeone
from scheduling.forms import ClockField, PickField
from scheduling.models import MOST_SEATS, VisitType


class WhenForm(AboutSomeone):
    """A day and a time, on the clock of the site."""

    provider = PickField(label=_("Provider"))
    day = FlexibleDateField(label=_("Day"), help_text="")
    begins = ClockField(label=_("At"))

    def offer(self, **rows: Iterable[Any]) -> None:
        """`rows` by the name of the field."""
        for name, offered in rows.items():
            self.fields[name].offer(offered)  # type: ignore[attr-defined]

    def starts(self, zone: str) -> datetime:
        day: date = self.cleaned_data["day"]
        begins: time = self.cleaned_data["begins"]
        return datetime.combine(day, begins, ZoneInfo(zone)).astimezone(UTC)


class PlanForm(WhenForm):
    """Without a number of seats, as many as the kind of visit says."""

    visit_type = PickField(label=_("Kind of visit"))
    site = PickField(label=_("Site"))
    seats = forms.IntegerField(
        label=_("Seats"),
        required=False,
        min_value=1,
        max_value=MOST_SEATS,
        widget=forms.TextInput({"class": "short", "inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("Empty: as many as the kind of visit has"),
        error_messages={
            "invalid": _("Enter a whole number, like 8"),
            "min_value": _("A session has at least 1 seat"),
            "max_value": _("A session has at most %(limit_value)s seats"),
        },
    )
    field_order = ("visit_type", "site", "provider", "day", "begins", "seats")

    def __init__(
        self,
        data: Any = None,
        *,
        initial: Any = None,
        kinds: Iterable[VisitType],
        sites: Iterable[Site],
        providers: Iterable[Provider],
    ) -> None:
        super().__init__(data, initial=initial)
        self.offer(visit_type=kinds, site=sites, provider=providers)


class MoveSessionForm(WhenForm):
    """`seen` is the sequence of the session as it was shown."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, initial: Any = None, providers: Iterable[Provider]) -> None:
        super().__init__(data, initial=initial)
        self.offer(provider=providers)


class CancelSessionForm(AboutSomeone):
    reason = LineField(
        label=_("Why is it cancelled?"), at_most=200, help_text=_("Everybody who has a seat can read this")
    )


class OwnSeatForm(AboutMyself):
    """`key` makes a second press of the button the same seat."""

    key = forms.UUIDField(widget=forms.HiddenInput, error_messages={"invalid": _("Begin anew")})
    reason = LineField(
        label=_("What is it about?"),
        at_most=200,
        required=False,
        help_text=_("A few words for whoever leads the group. Not for emergencies"),
    )

    @classmethod
    def fresh(cls) -> "OwnSeatForm":
        return cls(initial={"key": uuid4()})


class SeatForm(AboutSomeone):
    """The same at the desk."""

    key = forms.UUIDField(widget=forms.HiddenInput, error_messages={"invalid": _("Begin anew")})
    reason = LineField(label=_("What is it about?"), at_most=200, required=False)

    @classmethod
    def fresh(cls) -> "SeatForm":
        return cls(initial={"key": uuid4()})
