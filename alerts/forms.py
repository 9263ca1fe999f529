"""Validate, never save."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from alerts.models import Anomaly, Rule
from alerts.queries import Goal
from alerts.rules.handing import LONGEST_WORD
from alerts.rules.putting_off import AFTERNOON, DAY, HOUR, MORNING, moments, morning_of
from alerts.rules.watching import LONGEST, MOST, Watch
from healthcare.accounts.models import Team
from healthcare.ui.dates import time_text


class HandOnForm(forms.Form):
    """To whom an alert is given, with a word to them; `turn` says what was seen when the page was drawn."""

    to = forms.ChoiceField(
        label=_("Give it to"),
        error_messages={
            "required": _("Choose who is to see to it"),
            "invalid_choice": _("They cannot take this alert now. Choose somebody else."),
        },
    )
    word = forms.CharField(
        label=_("A word to them"),
        help_text=_("What you did, what is still to do. It stands with the alert, and in no mail."),
        required=False,
        max_length=LONGEST_WORD,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    turn = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, goals: Mapping[str, Goal], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = [(key, _team_name(goal.to)) for key, goal in goals.items() if isinstance(goal.to, Team)]
        people = [(key, _person_name(goal)) for key, goal in goals.items() if not isinstance(goal.to, Team)]
        groups = [(label, rows) for label, rows in ((_("Colleagues"), people), (_("Teams"), teams)) if rows]
        to: Any = self.fields["to"]
        to.choices = [("", _("Choose")), *groups]


def _team_name(team: Team) -> str:
    return f"{team.get_role_display()}, {team.site.name}"


def _person_name(goal: Goal) -> Any:
    if goal.instead_of is None:
        return goal.to.full_name  # type: ignore[union-attr]
    names = {"name": goal.instead_of.full_name, "who": goal.to.full_name}  # type: ignore[union-attr]
    return _("%(name)s is away: goes to %(who)s") % names


def offered(now: datetime, zone: str) -> list[tuple[str, str]]:
    """The buttons, each with its moment on the clock of the site."""
    found = moments(now, zone)
    with timezone.override(zone):
        tomorrow = timezone.localdate(now) + timedelta(days=1)
        morning = timezone.localtime(found[MORNING])
        day = _("Tomorrow morning") if morning.date() == tomorrow else date_format(morning, "l")
        words = {HOUR: _("In an hour"), AFTERNOON: _("This afternoon"), MORNING: day}
        return [(name, f"{words[name]}, {time_text(moment)}") for name, moment in found.items()]


class PutOffForm(forms.Form):
    """One line of the inbox, until when: one of `rules.putting_off.moments`, or the morning of a day."""

    line = forms.CharField(max_length=80, widget=forms.HiddenInput)
    when = forms.ChoiceField(choices=[(name, name) for name in (HOUR, AFTERNOON, MORNING, DAY)])
    day = forms.DateField(label=_("On a day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def until(self, now: datetime, zone: str) -> datetime:
        """What is offered no longer, as the afternoon at noon, is the next working morning."""
        when, day = self.cleaned_data["when"], self.cleaned_data["day"]
        offered = moments(now, zone)
        return morning_of(day, zone) if when == DAY else offered.get(when, offered[MORNING])

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("when") == DAY and "day" in said and said["day"] is None:
            self.add_error("day", _("Choose a day"))
        return said


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
