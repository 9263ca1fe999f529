"""Who waits for which times, and how long one that became free is kept for whom. Plain Python."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from patients.rules.profile import end_of_quiet

MOST_WAITS = 5  # lines of one patient on the list
#: A hold outlives its offer by this, so that what was accepted in the last second is still there for the worker.
GRACE = timedelta(minutes=30)
#: Nobody is written to between these, by the clock of their site, who named no hours of their own.
QUIET = (time(21), time(8))
Quiet = tuple[time, time]


class Part(StrEnum):
    """Of a day, by the clock at the site."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


NOON, EVENING = time(12), time(17)


def part_of(clock: time) -> Part:
    if clock < NOON:
        return Part.MORNING
    return Part.AFTERNOON if clock < EVENING else Part.EVENING


@dataclass(frozen=True)
class Wish:
    """From the first day to the last, which counts still; no weekdays or parts of the day mean all of them."""

    first_day: date
    last_day: date
    isodows: Collection[int] = ()
    parts: Collection[str] = ()

    def fits(self, start: datetime, zone: ZoneInfo) -> bool:
        """By the clock there."""
        local = start.astimezone(zone)
        return (
            self.first_day <= local.date() <= self.last_day
            and (not self.isodows or local.isoweekday() in self.isodows)
            and (not self.parts or part_of(local.time()) in self.parts)
        )


@dataclass(frozen=True)
class Term:
    """From when an offer can be made, and until when it can be accepted."""

    at: datetime
    until: datetime


def term_of(
    now: datetime, start: datetime, *, minutes: int, notice_minutes: int, quiet: Quiet, zone: ZoneInfo
) -> Term | None:
    """When a time that begins at `start` is offered, and how long it is kept: neither begins nor ends in quiet hours.

    One that would run out in them runs out as long after them. None where less than the notice would be left between
    the last moment to accept and the visit. In UTC.
    """
    keeps = timedelta(minutes=minutes)
    at = _after_quiet(now, quiet, zone)
    until = at + keeps
    if (later := _after_quiet(until, quiet, zone)) != until:
        until = later + keeps
    return Term(at, until) if until + timedelta(minutes=notice_minutes) <= start else None


def _after_quiet(moment: datetime, quiet: Quiet, zone: ZoneInfo) -> datetime:
    ends = end_of_quiet(moment.astimezone(zone), *quiet)
    return ends.astimezone(UTC) if ends else moment
