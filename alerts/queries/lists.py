"""What the pages show: alerts with whose they are, what they are about and who is asked next."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from alerts.access import can_acknowledge
from alerts.models import Alert, AlertQuerySet, Notice
from alerts.queries.subjects import About, about
from alerts.rules import HIGH, INFO, OWNER, SUPERVISORS, URGENT, is_exhausted, next_step
from healthcare.accounts.models import User
from healthcare.db.prepared import AnyOf, Whole, prepared
from patients.models import reach_of

MOST = 100
SHOWN = 5  # on the home page
KEPT = timedelta(days=7)
ROLE_OF = {URGENT: "bad", HIGH: "warn", INFO: "info"}
RANK = Case(
    When(severity=URGENT, then=Value(0)), When(severity=HIGH, then=Value(1)), default=2, output_field=IntegerField()
)


@dataclass(frozen=True)
class AlertLine:
    """One alert for one reader. `asks_next` is a sentence about who is asked next, and `alert.next_at` says when.

    `mine` is also what waits for a colleague in whose place they stand.
    """

    alert: Alert
    about: About
    mine: bool
    may_answer: bool

    @property
    def role(self) -> str:
        """The status role of the severity: its colour and its shape."""
        return ROLE_OF[self.alert.severity] if self.alert.state == Alert.State.OPEN else "off"

    @property
    def is_exhausted(self) -> bool:
        return self.alert.state == Alert.State.OPEN and is_exhausted(self.alert.severity, self.alert.level)

    @property
    def asked(self) -> str:
        """Whose it is to answer."""
        if self.alert.owner is not None:
            return self.alert.owner.full_name
        return _("%(team)s team, %(site)s") % {
            "team": self.alert.team.get_role_display(),
            "site": self.alert.team.site.name,
        }

    @property
    def asks_next(self) -> str:
        step = next_step(self.alert.severity, self.alert.level)
        if step is None or self.alert.next_at is None:
            return ""
        if step.asks == SUPERVISORS:
            return _("Goes to the supervisors and the red board")
        if step.asks == OWNER:
            return _("Asks %(who)s again") % {"who": self.asked}
        return _("Goes to the whole team")


def open_lines(user: User) -> list[AlertLine]:
    """What waits, the most urgent and longest waiting first."""
    return get_lines(user, waiting_alerts(user, MOST))


@prepared
def waiting_alerts(user: User, at_most: int) -> "QuerySet[Alert]":
    """The most urgent and longest waiting first."""
    waiting = Alert.objects.visible_to(user).waiting().order_by(RANK, "raised_at", "id")
    return waiting.select_related("patient", "owner", "acknowledged_by", "team__site")[:at_most]


def pressing_lines(user: User) -> list[AlertLine]:
    """What waits and presses: everything that is this role's to answer, and what is urgent whoever answers."""
    lines = [line for line in open_lines(user) if line.alert.severity != INFO]
    return [line for line in lines if line.may_answer or line.alert.severity == URGENT]


def urgent_card(user: User) -> dict[str, Any]:
    """For the card of the home page: the first few, and how many there are."""
    lines = pressing_lines(user)
    return {"lines": lines[:SHOWN], "count": len(lines), "more": len(lines) > SHOWN}


def exhausted_lines(user: User) -> list[AlertLine]:
    """Everybody was asked, and nobody has answered; the longest waiting first."""
    return _lines(user, Alert.objects.visible_to(user).exhausted().order_by("raised_at", "id"))


def acknowledged_lines(user: User, now: datetime) -> list[AlertLine]:
    """Of the last seven days, newest first."""
    answered = Alert.objects.visible_to(user).filter(acknowledged_at__gt=now - KEPT)
    return _lines(user, answered.order_by("-acknowledged_at", "-id"))


def get_line(user: User, alert: Alert) -> AlertLine:
    return get_lines(user, [alert])[0]


def get_lines(user: User, alerts: Sequence[Alert]) -> list[AlertLine]:
    """In the given order; four queries at most, however many there are."""
    subjects = about(user, alerts)
    return [_line(user, alert, subjects) for alert in alerts]


def pressing_count(user: User) -> int:
    """How many wait for somebody in this person's role; for the number beside the bell."""
    return next(iter(_pressing_on(user)), 0)


@prepared
def _pressing_on(user: User) -> "QuerySet[Alert, int]":
    role = user.acting_role or ""
    return Alert.objects.visible_to(user).pressing().filter(team__role=role).values_list(Whole(Count("*")), flat=True)


def notes_by_patient(user: User, ids: Collection[UUID]) -> dict[UUID, list[Alert]]:
    """What waits about each of these patients and presses: this role's to answer, or urgent whoever answers."""
    found: dict[UUID, list[Alert]] = {}
    for alert in _pressing_about(user, list(ids)):
        found.setdefault(alert.patient_id, []).append(alert)
    return found


@prepared
def _pressing_about(user: User, ids: list[UUID]) -> "QuerySet[Alert]":
    alerts = Alert.objects.visible_to(user).pressing().filter(patient=AnyOf(ids))
    of_role = Q(team__role=user.acting_role or "") | Q(severity=URGENT)
    return alerts.filter(of_role).order_by(RANK, "raised_at")


def notices_of(user: User, alert: Alert) -> Sequence[Notice]:
    """Who was told about this alert, and when."""
    notices = Notice.objects.visible_to(user).filter(alert=alert).select_related("recipient")
    return list(notices.order_by("created_at", "id"))


def _lines(user: User, alerts: AlertQuerySet) -> list[AlertLine]:
    return get_lines(user, list(alerts.select_related("patient", "owner", "acknowledged_by", "team__site")[:MOST]))


def _line(user: User, alert: Alert, subjects: dict[UUID, About]) -> AlertLine:
    return AlertLine(
        alert=alert,
        about=subjects[alert.pk],
        mine=alert.owner_id in reach_of(user).people,
        may_answer=alert.state == Alert.State.OPEN and can_acknowledge(user, alert),
    )


def split(lines: Iterable[AlertLine]) -> dict[str, list[AlertLine]]:
    """Mine, my team's, and what waits for others."""
    parts: dict[str, list[AlertLine]] = {"mine": [], "team": [], "others": []}
    for line in lines:
        parts["mine" if line.mine else "team" if line.may_answer else "others"].append(line)
    return parts
