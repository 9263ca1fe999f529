"""When the mail of the day leaves, and what is not kept for it. Plain Python."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.rules import MORNING
from patients.rules.profile import end_of_quiet

#: What is of use only until less than this after the mail of the day goes at once: who reads it needs time to act.
TIME_TO_ACT = timedelta(days=1)


def next_morning(now: datetime, zone: str, begins: time | None, ends: time | None) -> datetime:
    """The first morning after this moment by the clock of the zone; where that is in the quiet hours, when they end."""
    clock = ZoneInfo(zone)
    today = now.astimezone(clock).date()
    mornings = (datetime.combine(today + timedelta(days=days), MORNING, clock) for days in (-1, 0, 1))
    # As UTC: times of one zone are compared by the clock, which goes back once a year.
    times = ((end_of_quiet(each, begins, ends) or each).astimezone(UTC) for each in mornings)
    return next(each for each in times if each > now)


def is_kept(leaves: datetime, expires_at: datetime | None) -> bool:
    """Whether a letter can wait until then."""
    return expires_at is None or leaves + TIME_TO_ACT <= expires_at
