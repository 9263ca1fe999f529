"""All that waits for one person, in one list: put together from what each app says (`accounts.Inbox`)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from alerts.access import can_acknowledge
from alerts.models import Alert
from alerts.queries.lists import MOST, ROLE_OF, waiting_alerts
from alerts.rules import SEVERITIES, URGENT
from healthcare.accounts.models import User
from healthcare.accounts.parts import Pile, Waiting
from patients.models import reach_of

ALERTS = "alerts"
#: Alerts that are over as soon as the result is read or the request answered: the thing's own line stands for them.
ENDS_WITH_IT = frozenset({"unread_result", "corrected_result", "refill_request"})


@dataclass(frozen=True)
class Tab:
    """One kind, or with an empty name all of them, and how many wait."""

    name: str
    label: Any
    count: int
    cut: bool
    current: bool


@dataclass(frozen=True)
class InboxPage:
    """`rows`: the urgent first, then the oldest. `fuller`: lists that hold more than stands here."""

    rows: Sequence[Waiting]
    tabs: Sequence[Tab]
    fuller: Sequence[Pile]


def alerts_for(user: User) -> Pile:
    """What this role may answer, and what is urgent whoever answers; what only informs, for whom it is."""
    found = waiting_alerts(user, MOST)
    rows = [_row(alert) for alert in found if _is_for(user, alert)]
    return Pile(ALERTS, _("Alerts"), reverse("alerts:list"), rows, cut=len(found) == MOST)


def _is_for(user: User, alert: Alert) -> bool:
    if alert.severity == URGENT or alert.owner_id in reach_of(user).people:
        return True
    return can_acknowledge(user, alert) and alert.owner_id is None


def _row(alert: Alert) -> Waiting:
    return Waiting(
        source=alert.source,
        patient=alert.patient,
        title=alert.get_kind_display(),
        since=alert.raised_at,
        url=reverse("alerts:show", args=[alert.patient_id, alert.pk]),
        rank=SEVERITIES.index(alert.severity),
        tag=alert.get_severity_display(),
        role=ROLE_OF[alert.severity],
        ends_with_it=alert.kind in ENDS_WITH_IT,
    )


def inbox_page(piles: Sequence[Pile], name: str) -> InboxPage:
    """Of one kind, or of all where there is none of this name. What presses as an alert presses as itself."""
    settled = _without_doubles(piles)
    chosen = [pile for pile in settled if pile.name == name] or settled
    rows = sorted((row for pile in chosen for row in pile.rows), key=lambda row: (row.rank, row.since, row.source))
    current = name if len(chosen) < len(settled) else ""
    all_of_them = Tab("", _("All"), sum(len(pile.rows) for pile in settled), _any_cut(settled), not current)
    tabs = [Tab(pile.name, pile.label, len(pile.rows), pile.cut, pile.name == current) for pile in settled]
    return InboxPage(rows, [all_of_them, *tabs], [pile for pile in chosen if pile.cut])


def _any_cut(piles: Iterable[Pile]) -> bool:
    return any(pile.cut for pile in piles)


def _without_doubles(piles: Sequence[Pile]) -> list[Pile]:
    """An alert that ends with a thing that has its own line leaves that line alone, and makes it press as much."""
    things = {row.source for pile in piles if pile.name != ALERTS for row in pile.rows}
    alerts = [row for pile in piles if pile.name == ALERTS for row in pile.rows if row.ends_with_it]
    pressing = sorted((row for row in alerts if row.source in things), key=lambda row: -row.rank)
    doubles = {row.source: row for row in pressing}
    return [replace(pile, rows=[row for each in pile.rows for row in _settled(pile, each, doubles)]) for pile in piles]


def _settled(pile: Pile, row: Waiting, doubles: dict[str, Waiting]) -> list[Waiting]:
    alert = doubles.get(row.source)
    if alert is None or (pile.name == ALERTS and not row.ends_with_it):
        return [row]
    if pile.name == ALERTS:
        return []
    return [replace(row, rank=alert.rank, also=alert.title) if alert.rank < row.rank else row]
