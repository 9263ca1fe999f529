"""Dates, times and ages in the reader's words: the month in letters, a time with its zone, a birth with its age.

Nothing here reads the clock: callers pass the day or moment they mean.
"""

from datetime import date, datetime, time
from functools import lru_cache

from django.utils import dateformat, timezone
from django.utils.formats import get_format
from django.utils.translation import get_language, gettext, ngettext

MONTHS_UNTIL_YEARS = 24  # below two years age is said in months, as growth and vaccine schedules do


def whole_months(born: date, on: date) -> int:
    """Completed months from birth to the day; negative when the day lies before the birth."""
    return (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)


def age_in_words(born: date, on: date) -> str:
    """Age on that day: "58 y", below two years "14 mo", below one month "12 d"; nothing when not yet born.

    Someone born on February 29 grows a year older on March 1 of a common year.
    """
    if born > on:
        return ""
    months = whole_months(born, on)
    if months < 1:
        days = (on - born).days
        return ngettext("%(n)d d", "%(n)d d", days) % {"n": days}
    if months < MONTHS_UNTIL_YEARS:
        return ngettext("%(n)d mo", "%(n)d mo", months) % {"n": months}
    years = months // 12
    return ngettext("%(n)d y", "%(n)d y", years) % {"n": years}


def day_text(day: date) -> str:
    """The day in the reader's own order with the month in letters, never as a number: "Mar 12, 1968"."""
    return _day_text(get_language(), day.year, day.month, day.day)


@lru_cache(maxsize=4096)
def _day_text(language: str | None, year: int, month: int, day: int) -> str:
    # English writes N, the press's "March" but "Nov."; three letters for all of them line up in tables.
    return dateformat.format(date(year, month, day), get_format("DATE_FORMAT", language).replace("N", "M"))


def month_text(day: date, *, with_day: bool) -> str:
    """A short label for an axis: "Apr 2026", or "Apr 14" where the days matter."""
    return dateformat.format(day, "M j" if with_day else "M Y")


def time_text(moment: datetime, *, zone: bool = True) -> str:
    """The time of day in the current time zone, with the zone's name: "9:52 am EST". Raises ValueError when naive."""
    local = timezone.localtime(moment)
    text = _clock_text(get_language(), local.hour, local.minute, local.second)
    return f"{text} {zone_name(local)}" if zone else text


@lru_cache(maxsize=4096)
def _clock_text(language: str | None, hour: int, minute: int, second: int) -> str:
    pattern, clock = get_format("TIME_FORMAT", language), time(hour, minute, second)
    return dateformat.time_format(clock, "g:i A").lower() if pattern == "P" else dateformat.time_format(clock, pattern)


def clock_text(at: time) -> str:
    """A time of day that belongs to no moment: "8:00 am"."""
    return _clock_text(get_language(), at.hour, at.minute, at.second)


def moment_text(moment: datetime, *, zone: bool = True) -> str:
    """Day and time in the current time zone: "Nov 23, 2026, 9:52 am EST". Raises ValueError when naive."""
    local = timezone.localtime(moment)
    return gettext("%(day)s, %(time)s") % {"day": day_text(local), "time": time_text(local, zone=zone)}


def zone_name(local: datetime) -> str:
    """The zone's own letters, or its offset where it has none: "EST", "UTC+04"."""
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in {"+", "-"} else name
