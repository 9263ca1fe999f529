"""All that waits for one person, in one list: put together from what each app says (`accounts.Inbox`)."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from alerts.access import can_acknowledge
from alerts.models import Alert, PutOff
from alerts.queries.handing import handed_on_by
from alerts.queries.lists import MOST, ROLE_OF, may_hand_on, waiting_alerts, whose
from alerts.rules import SEVERITIES, URGENT
from healthcare.accounts.models import User
from healthcare.accounts.parts import Pile, Waiting
from patients.models import reach_of

ALERTS, LATER = "alerts", "later"
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
    """`rows`: the urgent first, then the oldest; or `later`, what was put off, each until when, the next first.
    `fuller`: lists that hold more than stands here.
    """

    rows: Sequence[Waiting]
    tabs: Sequence[Tab]
    fuller: Sequence[Pile]
    later: Sequence[tuple[Waiting, datetime]] = ()


def alerts_for(user: User) -> Pile:
    """What this role may answer, and what is urgent whoever answers; what only informs, for whom it is."""
    found = waiting_alerts(user, MOST)
    given = handed_on_by(user, found)
    rows = [_row(user, alert, given) for alert in found if _is_for(user, alert)]
    return Pile(ALERTS, _("Alerts"), reverse("alerts:list"), rows, cut=len(found) == MOST)


def _is_for(user: User, alert: Alert) -> bool:
    if alert.severity == URGENT or alert.owner_id in reach_of(user).people:
        return True
    return can_acknowledge(user, alert) and alert.owner_id is None


def _row(user: User, alert: Alert, given: Container[UUID]) -> Waiting:
    """What is urgent stays with who handed it on (`given`), and says whose answer it waits for."""
    address = [alert.patient_id, alert.pk]
    waits = alert.pk in given and alert.owner_id not in reach_of(user).people
    return Waiting(
        source=alert.source,
        own=f"alerts.alert:{alert.pk}",
        renewed_at=alert.handed_on_at,
        patient=alert.patient,
        title=alert.get_kind_display(),
        since=alert.raised_at,
        url=reverse("alerts:show", args=address),
        rank=SEVERITIES.index(alert.severity),
        tag=alert.get_severity_display(),
        role=ROLE_OF[alert.severity],
        also=_("Waiting for %(who)s") % {"who": whose(alert)} if waits else "",
        hand_on=reverse("alerts:hand_on", args=address) if may_hand_on(user, alert) else "",
        acknowledge=reverse("alerts:acknowledge", args=address) if can_acknowledge(user, alert) else "",
        ends_with_it=alert.kind in ENDS_WITH_IT,
    )


def inbox_page(piles: Sequence[Pile], name: str, until: Mapping[str, PutOff] = MappingProxyType({})) -> InboxPage:
    """Of one kind, or of all where there is none of this name. What presses as an alert presses as itself.

    `until` is what was put off, by the references of the lines: they stand apart until then. What became urgent, or
    came anew, since it was put off does not wait.
    """
    everything = _without_doubles(piles)
    put_off = [(row, until[row.reference].until) for pile in everything for row in pile.rows if _waits(row, until)]
    settled = [replace(pile, rows=[row for row in pile.rows if not _waits(row, until)]) for pile in everything]
    later = sorted(put_off, key=lambda line: (line[1], line[0].source))
    chosen = [pile for pile in settled if pile.name == name] or settled
    rows = sorted((row for pile in chosen for row in pile.rows), key=lambda row: (row.rank, row.since, row.source))
    current = name if len(chosen) < len(settled) else ""
    is_later = name == LATER
    number, is_all = sum(len(pile.rows) for pile in settled), not current and not is_later
    all_of_them = Tab("", _("All"), number, _any_cut(settled), is_all)
    tabs = [Tab(pile.name, pile.label, len(pile.rows), pile.cut, pile.name == current) for pile in settled]
    if later or is_later:
        tabs.append(Tab(LATER, _("Put off"), len(later), False, is_later))
    if is_later:
        return InboxPage([], [all_of_them, *tabs], [], later)
    return InboxPage(rows, [all_of_them, *tabs], [pile for pile in chosen if pile.cut])


def line_of(piles: Sequence[Pile], reference: str) -> Waiting | None:
    """The line as it stands in the list, pressing as it does there."""
    rows = (row for pile in _without_doubles(piles) for row in pile.rows)
    return next((row for row in rows if row.reference == reference), None)


def put_off_by(user: User, now: datetime) -> dict[str, PutOff]:
    """What this person does not want to see now, by reference."""
    return {row.source: row for row in PutOff.objects.visible_to(user).lasting(now)}


def _waits(row: Waiting, until: Mapping[str, PutOff]) -> bool:
    found = until.get(row.reference)
    return found is not None and row.rank > 0 and (row.renewed_at or row.since) <= found.put_off_at


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
