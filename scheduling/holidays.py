"""The public holidays of the United States (5 U.S.C. 6103), and the days on which they are kept."""

from datetime import date, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MONDAY, THURSDAY = 0, 3
FIXED = (
    (1, 1, _("New Year's Day")),
    (6, 19, _("Juneteenth")),
    (7, 4, _("Independence Day")),
    (11, 11, _("Veterans Day")),
    (12, 25, _("Christmas Day")),
)
# month, weekday, which of them in that month, its name
MOVING = (
    (1, MONDAY, 3, _("Birthday of Martin Luther King, Jr.")),
    (2, MONDAY, 3, _("Washington's Birthday")),
    (9, MONDAY, 1, _("Labor Day")),
    (10, MONDAY, 2, _("Columbus Day")),
    (11, THURSDAY, 4, _("Thanksgiving Day")),
)
MEMORIAL_DAY = _("Memorial Day")  # the last Monday of May


def holidays_of(year: int) -> list[tuple[date, str | Promise]]:
    """When each is kept, by day: one on a Saturday the day before, one on a Sunday the day after."""
    fixed = [(_kept(date(year, month, day)), name) for month, day, name in FIXED]
    moving = [(_nth(year, month, weekday, n), name) for month, weekday, n, name in MOVING]
    last_of_may = _nth(year, 6, MONDAY, 1) - timedelta(days=7)
    return sorted([*fixed, *moving, (last_of_may, MEMORIAL_DAY)], key=lambda one: one[0])


def _kept(day: date) -> date:
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))
