"""What this app adds to pages on its left: urgent alerts on the home page, in the banner and on the chart."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext_lazy as _some

from alerts import actions, queries
from alerts.queries.inbox import alerts_for
from healthcare.accounts.access import can
from healthcare.accounts.models import User
from healthcare.accounts.parts import Card, Pile
from healthcare.accounts.permissions import Permission
from healthcare.ui.dates import time_text
from patients.parts import BannerNote, Deeds, Merge

SHOWN = 5


def urgent_card(user: User, now: datetime) -> Card | None:
    """For `accounts.HomeCard`: what waits for this role, above everything else."""
    if not can(user, Permission.RECEIVE_ALERTS):
        return None
    actions.list_alerts(by=user)
    return Card("alerts/home_urgent.html", queries.urgent_card(user), order=0, wide=True)


def waiting(user: User, now: datetime) -> Pile | None:
    """For `accounts.Inbox`: alerts for this person and their team."""
    if not can(user, Permission.RECEIVE_ALERTS):
        return None
    actions.list_alerts(by=user)
    return alerts_for(user)


def held(user: User, now: datetime) -> Mapping[Any, int]:
    """For `accounts.Handover`: alerts that were this person's to answer."""
    return {_lazy("Alerts to answer"): queries.held_by(user)}


class OpenAlerts:
    """For `patients.Banner`: that something about this patient waits for an answer, and since when."""

    def for_patients(self, ids: Collection[UUID], *, user: Any) -> Mapping[UUID, Sequence[BannerNote]]:
        if not can(user, Permission.RECEIVE_ALERTS):
            return {}
        return {
            patient_id: [
                BannerNote(
                    role=queries.ROLE_OF[alert.severity],
                    text=_("%(what)s, not acknowledged since %(time)s")
                    % {"what": alert.get_kind_display(), "time": time_text(alert.raised_at)},
                    url=reverse("alerts:show", args=[patient_id, alert.pk]),
                    action=_("Open the alert"),
                )
                for alert in found
            ]
            for patient_id, found in queries.notes_by_patient(user, ids).items()
        }


open_alerts = OpenAlerts()


# == Who used the record ==
deeds: Deeds = {
    "alerts.withdraw_after_death": _lazy("Stopped letters about somebody who has died"),
    "alerts.raise": _lazy("Asked the clinic's team to look at something"),
    "alerts.escalate": _lazy("Asked more of the clinic's team to look at something"),
    "alerts.hasten": _lazy("Asked the clinic's team again, sooner"),
    "alerts.lower": _lazy("Asked the clinic's team to hurry less: a value was corrected"),
    "alerts.hand_on": _lazy("Gave what the team was asked to look at to a colleague"),
    "alerts.ask_anew": _lazy("Asked who it was given to"),
    "alerts.put_off": _lazy("Put off what waited in their list"),
    "alerts.take_back": _lazy("Took back what they had put off in their list"),
    "alerts.acknowledge": _lazy("Took care of what the team was asked to look at"),
    "alerts.close": _lazy("Closed what the team was asked to look at"),
    "alerts.tell": _lazy("Wrote a letter, or could not"),
    "alerts.plan_reminders": _lazy("Planned reminders of a visit"),
    "alerts.send_reminder": _lazy("Reminded of a visit, or could not"),
    "alerts.send_digest": _lazy("Wrote what was kept for the mail of the day"),
    "alerts.answer": _lazy("Answered a reminder by text message"),
    "alerts.withdraw_outdated": _lazy("Took back messages about a visit that were true no longer"),
    "alerts.withdraw_reminders": _lazy("Took back reminders of a visit"),
}


merge = Merge(
    goes={
        "alerts_alert": _some("%d alert", "%d alerts"),
        "alerts_notice": _some("%d notice of what was sent", "%d notices of what was sent"),
        "alerts_handing": _some("%d handing on of an alert", "%d handings on of alerts"),
        "alerts_putoff": _some("%d line put off", "%d lines put off"),
        "alerts_digest": _some("%d mail of the day", "%d mails of the day"),
        "alerts_reminder": _some("%d reminder", "%d reminders"),
    }
)
