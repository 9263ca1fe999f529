"""Until when a line of the inbox can be put off. Plain Python, without database or clock."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from records.rules.messages import OPENS, SATURDAY

HOUR, AFTERNOON, MORNING, DAY = "hour", "afternoon", "morning", "day"
AFTER_NOON, MIDDAY = time(13), time(12)
LONGEST = timedelta(days=60)  # later than that, a recall or an order says it better


def moments(now: datetime, zone: str) -> dict[str, datetime]:
    """What is offered now, in the order of the buttons: in an hour, whoever works at night too; this afternoon, while
    it is a working morning at the site; the next working morning. Monday to Friday; holidays are not known here.
    """
    local = now.astimezone(ZoneInfo(zone))
    found = {HOUR: now + timedelta(hours=1)}
    if local.weekday() < SATURDAY and local.time() < MIDDAY:
        found[AFTERNOON] = datetime.combine(local.date(), AFTER_NOON, local.tzinfo)
    found[MORNING] = morning_of(local.date() + timedelta(days=1), zone)
    return found


def morning_of(day: date, zone: str) -> datetime:
    """When that day, or the next working day after a weekend, begins at the site."""
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day, OPENS, ZoneInfo(zone))


def why_not_until(until: datetime, now: datetime) -> str:
    """ "" for a moment that it can be put off to; else "past" or "far"."""
    if until <= now:
        return "past"
    return "far" if until - now > LONGEST else ""
