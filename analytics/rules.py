"""Decisions about counts without database or clock: periods, percentiles, and what is too few to show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

LEAST = 5  # a researcher is shown no count of fewer people or visits
DAY, WEEK = 1, 7  # the buckets of a chart, in days


# == Periods ==
@dataclass(frozen=True)
class Period:
    """Whole days from `first` to `last`, both counted; drawn in buckets of one or seven days that end with `last`."""

    first: date
    last: date
    bucket: int = DAY

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Period":
        """As many days, just before."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.bucket)

    def buckets(self) -> list[date]:
        """The first days of the buckets, oldest first."""
        return [self.first + timedelta(days=passed) for passed in range(0, self.days, self.bucket)]

    def bucket_of(self, day: date) -> date:
        """The first day of the bucket that holds this day of the period."""
        passed = (day - self.first).days
        return self.first + timedelta(days=passed - passed % self.bucket)


def period_of(name: str, last: date) -> Period:
    """`week` 7 days, `month` 4 weeks, `quarter` 13 weeks, `year` 52 weeks: weekdays stay comparable."""
    days, bucket = {"week": (7, DAY), "month": (28, DAY), "quarter": (91, WEEK), "year": (364, WEEK)}[name]
    return Period(last - timedelta(days=days - 1), last, bucket)


def spans_of(days: Iterable[date]) -> list[tuple[date, date]]:
    """Days that follow each other, joined: first and last of each span, in order."""
    spans: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if spans and day - spans[-1][1] == timedelta(days=1):
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans


# == Numbers ==
def percent(part: int, whole: int) -> float | None:
    """None of nothing."""
    return 100 * part / whole if whole else None


def percentile(distribution: Mapping[int, int], share: float) -> int | None:
    """The smallest value that at least this share of all lie at or below; value → how often. None of nothing."""
    total, seen = sum(distribution.values()), 0
    for value in sorted(distribution):
        seen += distribution[value]
        if seen >= share * total and seen:
            return value
    return None


# == Too few to show ==
def shown(count: int, least: int = LEAST) -> int | None:
    """The count, or None where it is above nothing and below `least`."""
    return None if 0 < count < least else count


def shown_beside_total(counts: Sequence[int], least: int = LEAST) -> list[int | None]:
    """Counts that stand under their total: where a single one is hidden, the next smallest is hidden as well.

    Otherwise the hidden one would be the total less the others (complementary suppression). Counts of nothing stay.
    """
    visible = [shown(count, least) for count in counts]
    hidden = [place for place, count in enumerate(visible) if count is None]
    if len(hidden) == 1:
        others = [(count, place) for place, count in enumerate(visible) if count]
        if others:
            visible[min(others)[1]] = None
    return visible


def shown_rate(part: int, whole: int, least: int = LEAST) -> float | None:
    """In per cent; None of nothing, and where part or whole is too few to show."""
    if shown(part, least) is None or shown(whole, least) is None:
        return None
    return percent(part, whole)


def safe_cell(text: str) -> str:
    """Text for a cell of a CSV file: what a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
