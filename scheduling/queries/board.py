"""Who is where in the clinic at this moment, and how long they have waited."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from healthcare.accounts.models import Site, User
from scheduling.models import HERE, OPEN, Appointment
from scheduling.queries.pages import visits_there
from scheduling.rules import day_span

SOON = timedelta(hours=1)
GOAL_MINUTES = 20  # a longer wait is late
Status = Appointment.Status


@dataclass(frozen=True)
class Ticket:
    """A visit and the whole minutes since its present stage began; for one who is still expected, since its time."""

    visit: Appointment
    minutes: int

    @property
    def late(self) -> bool:
        """Waits for longer than the goal, or did not come so far; whoever is with the provider waits no more."""
        return self.visit.status != Status.WITH_PROVIDER and self.minutes > GOAL_MINUTES


@dataclass(frozen=True)
class Board:
    """The stages of the way, each in the order of who waits longest; `wait` numbers are minutes."""

    expected: Sequence[Ticket]
    arrived: Sequence[Ticket]
    roomed: Sequence[Ticket]
    with_provider: Sequence[Ticket]
    finished: Sequence[Appointment]
    missed: Sequence[Appointment]
    longest: Ticket | None
    usual_wait: int | None
    rooms_taken: frozenset[str]

    @property
    def here(self) -> int:
        return len(self.arrived) + len(self.roomed) + len(self.with_provider)


def board_of(user: User, site: Site, now: datetime) -> Board:
    """Today at this site, of the visits this person may see; one query."""
    zone = ZoneInfo(site.time_zone)
    today = day_span(now.astimezone(zone).date(), zone)
    visits = visits_there(user, site, today)
    stages = {status: _tickets(visits, status, now) for status in HERE}
    waiting = [*stages[Status.ARRIVED], *stages[Status.ROOMED]]
    waited = [wait for visit in visits if (wait := _waited(visit)) is not None]
    return Board(
        expected=[_ticket(visit, now) for visit in visits if _is_expected(visit, now)],
        arrived=stages[Status.ARRIVED],
        roomed=stages[Status.ROOMED],
        with_provider=stages[Status.WITH_PROVIDER],
        finished=[visit for visit in visits if visit.status == Status.CHECKED_OUT],
        missed=[visit for visit in visits if visit.status in (Status.NO_SHOW, Status.LEFT)],
        longest=max(waiting, key=lambda ticket: ticket.minutes, default=None),
        usual_wait=round(median(waited)) if waited else None,
        rooms_taken=frozenset(visit.room for visit in visits if visit.status in HERE and visit.room),
    )


def _is_expected(visit: Appointment, now: datetime) -> bool:
    return visit.status in OPEN and visit.starts_at < now + SOON


def _tickets(visits: Iterable[Appointment], status: str, now: datetime) -> list[Ticket]:
    found = [_ticket(visit, now) for visit in visits if visit.status == status]
    return sorted(found, key=lambda ticket: -ticket.minutes)


def _ticket(visit: Appointment, now: datetime) -> Ticket:
    began = {Status.ARRIVED: visit.arrived_at, Status.ROOMED: visit.roomed_at, Status.WITH_PROVIDER: visit.started_at}
    since = began.get(Status(visit.status)) or visit.starts_at
    return Ticket(visit, int((now - since).total_seconds() // 60))


def _waited(visit: Appointment) -> int | None:
    """Minutes from the arrival until the provider came; None for whoever still waits or never did."""
    if visit.arrived_at is None or visit.started_at is None:
        return None
    return int((visit.started_at - visit.arrived_at).total_seconds() // 60)
