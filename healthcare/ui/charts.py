"""Line charts as SVG: places in per cent, paint by class, a title, a description and a table of the same numbers.

One y-axis, at most three series; they differ by dash and marker as well as by colour.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext

from healthcare.ui.dates import day_text, month_text

Words = str | Promise
STYLES = (("a", "circle"), ("b", "square"), ("c", "triangle"))  # class of the line, its marker
INSET = 4.0  # per cent kept free left and right of the first and last point
LABEL_GAP = 20.0  # per cent between two labels of the time axis, at least
TICKS = 5
DAYS_IN_MONTHS = 300  # a longer span is labelled by month


class TooManySeries(ValueError):
    """Three lines are as many as differ by marker; split the chart."""


@dataclass(frozen=True, slots=True)
class Point:
    """A value on a day; `by` says who measured, for the table."""

    at: date
    value: float
    by: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    label: Words
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Goal:
    """A labelled line: Goal(130, _("goal below 130"))."""

    value: float
    label: Words


@dataclass(frozen=True, slots=True)
class Mark:
    """Something placed in the plot; x and y are per cent as text, never in a locale's own numerals."""

    x: str
    y: str
    text: Words = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A series ready to draw: class, marker, the polyline's points, one mark a point, the last one labelled."""

    label: Words
    style: str
    marker: str
    polyline: str
    marks: Sequence[Mark]
    last: Mark


@dataclass(frozen=True)
class LineChart:
    """A chart of values over time. `unit` stands in the table's head; `decimals` rounds what is shown.

    Raises TooManySeries.
    """

    title: Words
    unit: str
    series: Sequence[Series]
    goals: Sequence[Goal] = ()
    decimals: int = 0
    key: str = "chart"
    floor: float | None = None  # what no value lies below: the axis begins there
    bands: Sequence[tuple[float | None, float | None]] = ()  # what is usual, open where a bound is missing
    tabled: bool = True  # or the page has the same numbers in a table of its own

    def __post_init__(self) -> None:
        if len(self.series) > len(STYLES):
            raise TooManySeries("A chart has at most three series; draw two charts instead.")

    @property
    def points(self) -> list[Point]:
        return [point for series in self.series for point in series.points]

    @property
    def signed(self) -> bool:
        """Whether the table says who measured."""
        return any(point.by for point in self.points)

    @cached_property
    def ticks(self) -> list[float]:
        """Round numbers from below the lowest to above the highest value or goal, so that both can be labelled."""
        values = [point.value for point in self.points] + [goal.value for goal in self.goals]
        values += [bound for band in self.bands for bound in band if bound is not None]
        low, high = min(values), max(values)
        finest = 10**-self.decimals  # finer steps would carry the same label twice
        step = round_step(max((high - low or abs(high)) / (TICKS - 1), finest))
        first = math.ceil(low / step) - 1
        if self.floor is not None:
            first = max(first, math.floor(self.floor / step))
        last = math.floor(high / step) + 1
        return [round(number * step, 10) for number in range(first, last + 1)]

    @cached_property
    def days(self) -> tuple[date, date]:
        days = [point.at for point in self.points]
        return min(days), max(days)

    def grid(self) -> list[Mark]:
        return [Mark("0", self._y(tick), self.number(tick)) for tick in self.ticks]

    def goal_marks(self) -> list[Mark]:
        return [Mark("0", self._y(goal.value), goal.label) for goal in self.goals]

    def zones(self) -> list[tuple[str, str]]:
        """Where each band begins and how high it is, in per cent from the top."""
        low, high = self.ticks[0], self.ticks[-1]
        tops = [(self._y_number(high if top is None else top), low if end is None else end) for end, top in self.bands]
        return [(percent_text(top), percent_text(self._y_number(end) - top)) for top, end in tops]

    def time_marks(self) -> list[Mark]:
        """Labels of the time axis below points, the newest always, none so near another that they would touch."""
        first, last = self.days
        shown: list[tuple[float, date]] = []
        for day in sorted({point.at for point in self.points}, reverse=True):
            place = self._x_number(day)
            if not shown or shown[-1][0] - place >= LABEL_GAP:
                shown.append((place, day))
        by_day = (last - first).days <= DAYS_IN_MONTHS
        return [Mark(percent_text(place), "100%", month_text(day, with_day=by_day)) for place, day in reversed(shown)]

    def lines(self) -> list[Line]:
        return [self._line(series, *style) for series, style in zip(self.series, STYLES, strict=False) if series.points]

    def description(self) -> str:
        """What the picture shows, in sentences, for those who do not see it."""
        told = [self._told(series) for series in self.series if series.points]
        return " ".join([*told, *(f"{goal.label}.".capitalize() for goal in self.goals)])

    def rows(self) -> Iterator[tuple[date, list[str], str]]:
        """The table, newest first: the day, one text a series (nothing where it has no value), who measured."""
        found = [{point.at: point for point in series.points} for series in self.series]
        for day in sorted({point.at for point in self.points}, reverse=True):
            points = [by_day.get(day) for by_day in found]
            by = next((point.by for point in points if point and point.by), "")
            yield day, [self.number(point.value) if point else "" for point in points], by

    def number(self, value: float) -> str:
        return number_format(value, decimal_pos=self.decimals, use_l10n=True)

    def _told(self, series: Series) -> str:
        ordered = sorted(series.points, key=lambda point: point.at)
        first, last = ordered[0], ordered[-1]
        values = {
            "label": series.label,
            "first": self.number(first.value),
            "then": day_text(first.at),
            "last": self.number(last.value),
            "now": day_text(last.at),
            "unit": self.unit,
        }
        if len(ordered) == 1:
            return gettext("%(label)s: %(last)s %(unit)s on %(now)s.") % values
        return gettext("%(label)s: from %(first)s on %(then)s to %(last)s %(unit)s on %(now)s.") % values

    def _line(self, series: Series, style: str, marker: str) -> Line:
        ordered = sorted(series.points, key=lambda point: point.at)
        places = [(self._x_number(point.at), self._y_number(point.value)) for point in ordered]
        marks = [Mark(percent_text(x), percent_text(y)) for x, y in places]
        newest = Mark(marks[-1].x, marks[-1].y, self.number(ordered[-1].value))
        return Line(series.label, style, marker, " ".join(f"{x:.1f},{y:.1f}" for x, y in places), marks, newest)

    def _x_number(self, day: date) -> float:
        first, last = self.days
        span = (last - first).days
        return 50.0 if not span else INSET + (100 - 2 * INSET) * (day - first).days / span

    def _y_number(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return 100 * (high - value) / (high - low)

    def _y(self, value: float) -> str:
        return percent_text(self._y_number(value))


def sparkline(values: Sequence[float]) -> str:
    """Points of a small line without axes in a box of 100 by 20, oldest first; the numbers stand beside it."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    span = high - low or 1
    steps = 100 / (len(values) - 1)
    return " ".join(f"{index * steps:.0f},{18 - 16 * (value - low) / span:.0f}" for index, value in enumerate(values))


def round_step(rough: float) -> float:
    """The next of 1, 2, 5 times a power of ten at or above the rough step."""
    power = 10 ** math.floor(math.log10(rough))
    return float(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999))


def percent_text(value: float) -> str:
    return f"{value:.1f}%"
