"""A day in columns: what stands where, said in classes of the stylesheet, so that no page needs an inline style.

Times are placed by the clock in the current time zone. Where the page is narrow the same columns are lists.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from healthcare.ui.dates import time_text

STEP = 5  # minutes a row
MOST_COLUMNS = 6  # beyond, words no longer fit
LONGEST = 12 * 60 - STEP  # minutes one entry is drawn for
FIRST, LAST = 8, 17  # the hours shown at least


@dataclass(frozen=True, slots=True)
class Entry:
    """Something at a time: `kind` is visit, free or shut; `role` and `state` say its status in colour and words.

    `above`: it lies on top of another, and leaves that one's beginning to be seen.
    """

    start: datetime
    end: datetime
    title: Any
    text: Any = ""
    kind: str = "visit"
    role: str = ""
    state: Any = ""
    url: str = ""
    above: bool = False

    @property
    def place(self) -> str:
        """Classes for start and length, on the grid of five minutes; never shorter than one row."""
        local = timezone.localtime(self.start)
        minutes = int((self.end - self.start).total_seconds() // 60)
        length = min(max(minutes - minutes % STEP, STEP), LONGEST)
        place = f"h{local.hour} m{local.minute - local.minute % STEP} dh{length // 60} dm{length % 60}"
        return f"{place} above" if self.above else place


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    title: Any
    meta: Any = ""
    entries: Sequence[Entry] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """A free time: its words, and where it leads or which value it sends."""

    text: str
    url: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class SlotDay:
    """The free times of one day under its name."""

    label: Any
    times: Sequence[Slot]


@dataclass(frozen=True, slots=True)
class Hour:
    """A line across the grid with its words."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """One day of up to six columns; `day` is any moment of it, `now` draws the line of the present."""

    day: datetime
    columns: Sequence[Column]
    now: datetime | None = None
    hours: Sequence[Hour] = field(init=False)

    def __post_init__(self) -> None:
        entries = [entry for column in self.columns for entry in column.entries]
        first = min([FIRST, *(timezone.localtime(entry.start).hour for entry in entries)])
        last = max([LAST, *(_hour_after(entry.end) for entry in entries)])
        midnight = timezone.localtime(self.day).replace(hour=0, minute=0, second=0, microsecond=0)
        told = [Hour(hour, time_text(midnight.replace(hour=hour), zone=False)) for hour in range(first, last)]
        object.__setattr__(self, "hours", told)

    @property
    def frame(self) -> str:
        """Classes for the number of columns, the first hour and the number of hours."""
        return f"p{len(self.columns)} from{self.hours[0].at} n{len(self.hours)}"

    @property
    def present(self) -> Entry | None:
        """Where the line of the present stands, if it is on this day and among the hours shown."""
        if self.now is None:
            return None
        local = timezone.localtime(self.now)
        shown = self.hours[0].at <= local.hour <= self.hours[-1].at
        if local.date() != timezone.localtime(self.day).date() or not shown:
            return None
        return Entry(self.now, self.now + timedelta(minutes=STEP), time_text(self.now, zone=False))


def within_day(entries: Iterable[Entry], start: datetime, end: datetime) -> list[Entry]:
    """The entries cut to these bounds, in their order of time; what lies outside is left out."""
    cut = [replace(entry, start=max(entry.start, start), end=min(entry.end, end)) for entry in entries]
    return sorted((entry for entry in cut if entry.start < entry.end), key=lambda entry: (entry.start, entry.end))


def in_grids(columns: Sequence[Column], most: int = MOST_COLUMNS) -> list[Sequence[Column]]:
    """The columns in as few grids as fit, as even as can be."""
    if not columns:
        return []
    grids = -(-len(columns) // most)
    size = -(-len(columns) // grids)
    return [columns[place : place + size] for place in range(0, len(columns), size)]


def _hour_after(moment: datetime) -> int:
    """The hour by which it is over; midnight at its end counts as 24."""
    local = timezone.localtime(moment)
    if local.hour == 0 and local.minute == 0:
        return 24
    return local.hour + (local.minute > 0)
