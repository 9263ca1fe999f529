"""Whom an alert asks at its present level; a step of `raise_alert` and `escalate_alert`."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from alerts import queries
from alerts.actions.letters import Envelope, write_letter
from alerts.models import Alert
from alerts.rules import LADDERS, OWNER, SUPERVISORS, URGENT
from healthcare.accounts.models import User
from healthcare.ui.dates import moment_text, time_text

USEFUL = timedelta(days=1)  # for letters after which nobody else is asked, or which are late themselves


def ask(*, by: User | None, alert: Alert, now: datetime) -> None:
    """Write to each of those, without a word of the patient: which clinic, since when, and the way in.

    A letter is of use until the next ones are asked. Who has no reach gets no link: a supervisor calls the site.
    """
    audience = LADDERS[alert.severity][alert.level].asks
    urgent = alert.severity == URGENT
    letter = "unanswered_alert" if audience == SUPERVISORS else "urgent_alert" if urgent else "alert"
    site = alert.team.site
    with timezone.override(site.time_zone):
        parameters = {
            "alert": str(alert.pk),
            "site": site.name,
            "phone": site.phone,
            "since": moment_text(alert.raised_at),
            "next": time_text(alert.next_at) if alert.next_at else "",
        }
    for person in _asked(alert, audience):
        write_letter(
            by=by,
            envelope=Envelope(
                letter=letter,
                patient=alert.patient,
                to=queries.Addressee(person, person.email),
                area=alert.area,
                source=f"alerts.alert:{alert.pk}",
                occasion=f"alert:{alert.pk}:{_place(alert)}:{person.pk}",
                parameters=parameters,
                urgent=urgent,
                alert=alert,
                level=alert.level,
                expires_at=alert.next_at if alert.next_at and alert.next_at > now else now + USEFUL,
            ),
        )


def _place(alert: Alert) -> str:
    """Where on the ladder, and on which: whoever gets it back is asked again."""
    return f"{alert.turn}.{alert.level}" if alert.turn else str(alert.level)


def _asked(alert: Alert, audience: str) -> Iterable[User]:
    if audience == SUPERVISORS:
        return queries.supervisors_of(alert.team.site)
    if audience == OWNER and alert.owner is not None:
        owner = queries.fit_owner([alert.owner], alert.kind, alert.patient_id, alert.team_role)
        if owner is not None:
            return [owner]
    return queries.people_of(alert.team, alert.patient_id)
