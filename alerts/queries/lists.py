"""What the pages show: alerts with whose they are, what they are about and who is asked next."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce, Concat, Now
from django.utils.translation import gettext as _

from alerts.access import can_acknowledge, can_hand_on
from alerts.models import Alert, AlertQuerySet, Notice, PutOff, PutOffQuerySet
from alerts.queries.subjects import About, about
from alerts.rules import HIGH, INFO, OWNER, SUPERVISORS, URGENT, is_exhausted, next_step
from alerts.rules.handing import why_not_hand_on
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

    `mine` is also what waits for a colleague in whose place they stand. `put_off_until` is their own word.
    """

    alert: Alert
    about: About
    mine: bool
    may_answer: bool
    may_hand_on: bool = False
    put_off_until: datetime | None = None

    @property
    def role(self) -> str:
        """The status role of the severity: its colour and its shape."""
        return ROLE_OF[self.alert.severity] if self.alert.state == Alert.State.OPEN else "off"

    @property
    def is_exhausted(self) -> bool:
        return self.alert.state == Alert.State.OPEN and is_exhausted(self.alert.severity, self.alert.level)

    @property
    def asked(self) -> str:
        return whose(self.alert)

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


def whose(alert: Alert) -> str:
    """Whose it is to answer."""
    if alert.owner is not None:
        return alert.owner.full_name
    return _("%(team)s team, %(site)s") % {"team": alert.team.get_role_display(), "site": alert.team.site.name}


def open_lines(user: User) -> list[AlertLine]:
    """What waits, the most urgent and longest waiting first."""
    return get_lines(user, waiting_alerts(user, MOST))


@prepared
def waiting_alerts(user: User, at_most: int) -> "QuerySet[Alert]":
    """The most urgent and longest waiting first."""
    waiting = Alert.objects.visible_to(user).waiting().annotate(put_off_until=_put_off(user).values("until"))
    waiting = waiting.order_by(RANK, "raised_at", "id")
    return waiting.select_related("patient", "owner", "acknowledged_by", "team__site")[:at_most]


def _put_off(user: User) -> PutOffQuerySet:
    """Of the outer alert: the row by which this person put it off, since it is with whoever it is with."""
    reference = Concat(Value("alerts.alert:"), Cast(OuterRef("pk"), CharField()))
    asked_at = Coalesce(OuterRef("handed_on_at"), OuterRef("raised_at"))
    return PutOff.objects.filter(user=user, source=reference, until__gt=Now(), put_off_at__gte=asked_at)


def pressing_lines(user: User) -> list[AlertLine]:
    """What waits and presses: everything that is this role's to answer, and what is urgent whoever answers; without
    what this person put off."""
    lines = [line for line in open_lines(user) if line.alert.severity != INFO and line.put_off_until is None]
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
    """How many wait for somebody in this person's role, but for those they put off; for the number beside the bell."""
    return next(iter(_pressing_on(user)), 0)


@prepared
def _pressing_on(user: User) -> "QuerySet[Alert, int]":
    role = user.acting_role or ""
    pressing = Alert.objects.visible_to(user).pressing().filter(~Exists(_put_off(user)), team__role=role)
    return pressing.values_list(Whole(Count("*")), flat=True)


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


def may_hand_on(user: User, alert: Alert) -> bool:
    """Whether it waits, may go on, and is theirs to give."""
    if alert.state != Alert.State.OPEN or why_not_hand_on(alert.severity, alert.level, alert.turn):
        return False
    return can_hand_on(user, alert)


def _line(user: User, alert: Alert, subjects: dict[UUID, About]) -> AlertLine:
    is_open = alert.state == Alert.State.OPEN
    return AlertLine(
        alert=alert,
        about=subjects[alert.pk],
        mine=alert.owner_id in reach_of(user).people,
        may_answer=is_open and can_acknowledge(user, alert),
        may_hand_on=may_hand_on(user, alert),
        put_off_until=getattr(alert, "put_off_until", None),
    )


def split(lines: Iterable[AlertLine]) -> dict[str, list[AlertLine]]:
    """Mine, my team's, and what waits for others."""
    parts: dict[str, list[AlertLine]] = {"mine": [], "team": [], "others": []}
    for line in lines:
        parts["mine" if line.mine else "team" if line.may_answer else "others"].append(line)
    return parts
