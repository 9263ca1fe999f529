"""One value on a line between low and high, as SVG: places in per cent, paint by class, a title and a description."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.utils.functional import Promise

Words = str | Promise
EDGE = 0.15  # of the line, kept free at both ends beyond the outermost number
NARROWEST = 14.0  # per cent a zone needs to carry its words


@dataclass(frozen=True, slots=True)
class Zone:
    """A stretch of the line, from `start` to `end` in per cent; `role` is a status role of the design language."""

    role: str
    start: float
    end: float
    words: Words = ""

    @property
    def x(self) -> str:
        return f"{self.start:.1f}%"

    @property
    def width(self) -> str:
        return f"{self.end - self.start:.1f}%"

    @property
    def middle(self) -> str:
        return f"{(self.start + self.end) / 2:.1f}%"

    @property
    def shown(self) -> Words:
        """Its words, where there is room for them."""
        return self.words if self.end - self.start >= NARROWEST else ""


@dataclass(frozen=True)
class RangePicture:
    """`low` and `high` bound what is usual; one of them may be missing. `before` is the value of last time.

    `words` name what lies below, within and above, in this order. Raises ValueError without any bound.
    """

    title: Words
    description: Words
    value: float
    marker: Words
    words: Sequence[Words]
    low: float | None = None
    high: float | None = None
    before: float | None = None
    key: str = "range"

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise ValueError("A range has a bound.")

    @cached_property
    def span(self) -> tuple[float, float]:
        """The numbers at both ends of the line; nothing measured here lies below 0."""
        told = [number for number in (self.value, self.before, self.low, self.high) if number is not None]
        first, last = min(told), max(told)
        room = (last - first or abs(last) or 1) * EDGE / (1 - 2 * EDGE)
        begin = 0.0 if self.low is None and first >= 0 else first - room
        return (max(begin, 0.0) if first >= 0 else begin), last + room

    def zones(self) -> list[Zone]:
        low = self._place(self.low) if self.low is not None else 0.0
        high = self._place(self.high) if self.high is not None else 100.0
        below, within, above = self.words
        found = [Zone("warn", 0.0, low, below), Zone("ok", low, high, within), Zone("warn", high, 100.0, above)]
        return [zone for zone in found if zone.end - zone.start >= 0.1]

    def bounds(self) -> list[tuple[str, str]]:
        """Place and number of each bound that is not an end of the line."""
        told = [(self._place(bound), bound) for bound in (self.low, self.high) if bound is not None]
        return [(f"{place:.1f}%", f"{bound:g}") for place, bound in told if 1 < place < 99]

    @property
    def x(self) -> str:
        return f"{self._place(self.value):.1f}%"

    @property
    def anchor(self) -> str:
        """How the marker's words hang at it, so that they stay inside the picture."""
        place = self._place(self.value)
        return "start" if place < 20 else "end" if place > 80 else "middle"

    @property
    def before_x(self) -> str:
        return f"{self._place(self.before):.1f}%" if self.before is not None else ""

    def _place(self, number: float) -> float:
        first, last = self.span
        return 100 * (number - first) / (last - first) if last > first else 50.0  # numbers too small to be apart
