"""At which times of day a medicine is taken: what is suggested, which doses that makes, and which may be marked.

A dose has a day and a time as the clock on the wall shows them; when that is follows from the zone, so a change of the
clock moves no dose to another time of day (RFC 5545, section 3.3.5, form 3).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from prescriptions.rules.sig import FREQUENCIES, Sig

SUGGESTED = {
    "once_daily": ("8:00",),
    "twice_daily": ("8:00", "20:00"),
    "three_times_daily": ("8:00", "14:00", "20:00"),
    "four_times_daily": ("8:00", "12:00", "16:00", "20:00"),
    "every_4_hours": ("2:00", "6:00", "10:00", "14:00", "18:00", "22:00"),
    "every_6_hours": ("0:00", "6:00", "12:00", "18:00"),
    "every_8_hours": ("6:00", "14:00", "22:00"),
    "every_12_hours": ("8:00", "20:00"),
    "in_the_morning": ("8:00",),
    "in_the_evening": ("18:00",),
    "at_bedtime": ("22:00",),
    "every_other_day": ("8:00",),
    "once_weekly": ("8:00",),
    "every_2_weeks": ("8:00",),
    "every_28_days": ("8:00",),
}
APART = timedelta(hours=1)  # the least between two doses
AHEAD = timedelta(hours=4)  # a dose is marked so long before its time at most
DAYS_BACK = 2  # and for so many days before today
VALID_DAYS = 365  # after the signature nothing is handed out any more
CHART_DAYS = 30
A_DAY = timedelta(days=1)
HOLD, RESUME = "hold", "resume"

Span = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class Rhythm:
    """These times on every so many days from the first, by the clock of the zone; from `starts_at`, until `ends_at`."""

    times: tuple[time, ...]
    zone: str
    first_day: date
    every: int
    starts_at: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True, order=True)
class Dose:
    """`due_at` is in UTC."""

    due_at: datetime
    day: date
    at: time


# == What is suggested, and what may be chosen ==
def is_regular(sig: Sig | None) -> bool:
    """Whether it is taken at times that can be told ahead: neither one time only nor when it is needed."""
    return sig is not None and not sig.as_needed and sig.frequency in SUGGESTED


def suggested_times(frequency: str) -> tuple[time, ...]:
    """As many as the directions have on one day."""
    return tuple(time(int(hour), int(minute)) for hour, minute in (text.split(":") for text in SUGGESTED[frequency]))


def days_between(frequency: str) -> int:
    """1 where it is taken every day."""
    per_day = FREQUENCIES[frequency].per_day
    return 1 if per_day >= 1 else int(Fraction(1) / per_day)


def why_not_times(times: Sequence[time], frequency: str) -> str:
    """ "" for times that follow the directions; else "number", or "near" where two are closer than an hour."""
    if len(times) != len(SUGGESTED[frequency]):
        return "number"
    minutes = sorted(at.hour * 60 + at.minute for at in times)
    gaps = [later - earlier for earlier, later in zip(minutes, [*minutes[1:], minutes[0] + 24 * 60], strict=True)]
    return "near" if len(minutes) > 1 and min(gaps) < APART.total_seconds() / 60 else ""


def why_not_first_day(day: date, *, today: date, every: int, last_taken: date | None) -> str:
    """ "" for a day of the next interval; else "past", "far", or "near" where too few days lie after the last dose."""
    if day < today:
        return "past"
    if last_taken is not None and every > 1 and day < last_taken + every * A_DAY:
        return "near"
    return "far" if day >= today + 2 * every * A_DAY else ""


# == Moments ==
def moment_of(day: date, at: time, zone: str) -> datetime:
    """In UTC. A time that the clock leaves out is as much later; of one that it shows twice, the first counts."""
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)


def local_day(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def begins_at(now: datetime, zone: str, ended: Sequence[datetime]) -> datetime:
    """From when new times count: at once, and from midnight where others counted today, so that no dose comes twice.

    `ended` is when the times before these ended, or will.
    """
    today = local_day(now, zone)
    if any(local_day(moment, zone) >= today for moment in ended):
        return max(moment_of(today + A_DAY, time.min, zone), *ended)
    return now


def stood_still(acts: Iterable[tuple[str, datetime]]) -> list[Span]:
    """When nothing was to be taken: from each hold until it was taken up again, and from a stop for good.

    `acts` are what was said of it and from when it counts, in the order in which it was said.
    """
    spans: list[Span] = []
    since: datetime | None = None
    for act, moment in acts:
        if act != RESUME:
            since = moment if since is None else min(since, moment)
        elif since is not None:
            spans.append((since, moment))
            since = None
    return [*spans, (since, None)] if since is not None else spans


def lasts_until(*, signed_at: datetime, given_at: datetime | None, days: int, to_come: int) -> datetime:
    """When the supply of a treatment that goes on is over: what was handed out last and the supplies `to_come`, each of
    so many days; before anything was handed out counted from the signature. Never longer than what can be handed out
    within a year of the signature.
    """
    last = signed_at + (VALID_DAYS + days) * A_DAY
    begun = given_at or signed_at
    return min(last, begun + days * (to_come + (given_at is not None)) * A_DAY)


# == Doses ==
def doses_of(rhythm: Rhythm, first: date, last: date) -> list[Dose]:
    """All that are due on these days, both included, in their order."""
    found = []
    for ahead in range((last - first).days + 1):
        day = first + ahead * A_DAY
        since = (day - rhythm.first_day).days
        if since >= 0 and since % rhythm.every == 0:
            found += [Dose(moment_of(day, at, rhythm.zone), day, at) for at in rhythm.times]
    return sorted(dose for dose in found if _within(dose.due_at, rhythm.starts_at, rhythm.ends_at))


def is_due(dose: Dose, *, still: Iterable[Span], until: datetime | None) -> bool:
    """Whether it is to be taken: neither while the medicine stands still, nor after its supply is over."""
    if until is not None and dose.due_at >= until:
        return False
    return not any(_within(dose.due_at, begun, ended) for begun, ended in still)


def _within(moment: datetime, begun: datetime, ended: datetime | None) -> bool:
    return begun <= moment and (ended is None or moment < ended)


def why_not_mark(dose: Dose, zone: str, now: datetime) -> str:
    """ "" for a dose that may be marked; else "late" after two days, or "early"."""
    if dose.day < local_day(now, zone) - DAYS_BACK * A_DAY:
        return "late"
    return "early" if dose.due_at > now + AHEAD else ""


def may_change(marked_at: datetime, zone: str, now: datetime) -> bool:
    """What was marked can be marked otherwise on the same day."""
    return local_day(marked_at, zone) == local_day(now, zone)


# == How much of it was taken ==
@dataclass(frozen=True)
class Tally:
    taken: int
    skipped: int
    unmarked: int

    @property
    def doses(self) -> int:
        return self.taken + self.skipped + self.unmarked

    @property
    def percent(self) -> int:
        """Of all doses, those marked as taken, rounded down: a hundred are all of them. Nought where there are none."""
        return 100 * self.taken // self.doses if self.doses else 0


def tally_of(states: Iterable[str]) -> Tally:
    """`states` are "taken", "skipped", or "" for what nobody marked."""
    found = list(states)
    return Tally(found.count("taken"), found.count("skipped"), found.count(""))
