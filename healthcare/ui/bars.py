"""Bar charts as SVG: counts over days or weeks, places in per cent, paint by class, with the same numbers as a table.

The axis begins at nothing, so that a bar twice as high is twice as many.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.utils.formats import number_format
from django.utils.translation import gettext

from healthcare.ui.charts import LABEL_GAP, Mark, Words, percent_text, round_step
from healthcare.ui.dates import day_text, month_text

STEPS = 4
FILLED = 0.6  # of the width that a bar has


@dataclass(frozen=True, slots=True)
class Bar:
    """A count from this day on; None where it is too few to show."""

    at: date
    value: int | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A bar ready to draw, in per cent as text."""

    x: str
    width: str
    y: str
    height: str


@dataclass(frozen=True)
class BarChart:
    """`hidden` is what stands in the table for a count that is too few to show, such as "<5"."""

    title: Words
    unit: Words
    bars: Sequence[Bar]
    hidden: str = ""
    key: str = "bars"

    @cached_property
    def values(self) -> list[int]:
        return [bar.value for bar in self.bars if bar.value is not None]

    @cached_property
    def ticks(self) -> list[int]:
        """Round numbers from nothing to the highest bar or above."""
        highest = max([*self.values, 1])
        step = max(1, int(round_step(highest / STEPS)))
        return list(range(0, (math.ceil(highest / step) + 1) * step, step))

    def grid(self) -> list[Mark]:
        return [Mark("0", percent_text(100 - self._height(tick)), number_format(tick)) for tick in self.ticks]

    def drawn(self) -> list[Drawn]:
        room = 100 / len(self.bars)
        return [
            Drawn(
                percent_text(place * room + room * (1 - FILLED) / 2),
                percent_text(room * FILLED),
                percent_text(100 - self._height(bar.value)),
                percent_text(self._height(bar.value)),
            )
            for place, bar in enumerate(self.bars)
            if bar.value is not None
        ]

    def time_marks(self) -> list[Mark]:
        """Days below their bars, the newest always, none so near another that they would touch."""
        room = 100 / len(self.bars)
        shown: list[tuple[float, date]] = []
        for place, bar in reversed(list(enumerate(self.bars))):
            middle = (place + 0.5) * room
            if not shown or shown[-1][0] - middle >= LABEL_GAP:
                shown.append((middle, bar.at))
        return [Mark(percent_text(middle), "100%", month_text(day, with_day=True)) for middle, day in reversed(shown)]

    def description(self) -> str:
        """What the picture shows, in a sentence, for those who do not see it."""
        if not self.values:
            return gettext("Nothing that can be shown.")
        newest, last = next((bar.at, bar.value) for bar in reversed(self.bars) if bar.value is not None)
        return gettext("Between %(low)s and %(high)s %(unit)s; from %(day)s on, the newest: %(last)s.") % {
            "low": number_format(min(self.values)),
            "high": number_format(max(self.values)),
            "unit": self.unit,
            "day": day_text(newest),
            "last": number_format(last),
        }

    def rows(self) -> Iterator[tuple[date, str]]:
        """The table, newest first."""
        for bar in reversed(self.bars):
            yield bar.at, self.hidden if bar.value is None else number_format(bar.value)

    def _height(self, value: int) -> float:
        return 100 * value / self.ticks[-1]
