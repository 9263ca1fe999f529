"""With what a value is compared: by code, sex and age, from `data/reference_ranges.tsv`, each row with its source.

Who is too little known gets the widest honest answer, and it says so.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent.parent / "data" / "reference_ranges.tsv"
ADULT = 18 * 12  # months
EVER = 12 * 200
SEXES = ("female", "male")  # by which rows differ; of everybody else it is not known which holds
AGE, SEX = "age", "sex"  # what was not known of the person
CRITICAL = ("critical_low", "critical_high")
BOUNDS = ("low", "high", *CRITICAL)


class Flag(StrEnum):
    NONE = ""
    LOW = "low"
    HIGH = "high"
    CRITICAL_LOW = "critical_low"
    CRITICAL_HIGH = "critical_high"


@dataclass(frozen=True)
class Interval:
    """What is expected, and beyond which somebody must act now; None where the source names no bound.

    `unknown` names what of the person was not known ("age", "sex"), so that this is wider than theirs.
    """

    low: Decimal | None = None
    high: Decimal | None = None
    critical_low: Decimal | None = None  # at or below
    critical_high: Decimal | None = None  # at or above
    source: str = ""
    unknown: tuple[str, ...] = ()

    def flag(self, value: Decimal) -> Flag:
        if self.critical_low is not None and value <= self.critical_low:
            return Flag.CRITICAL_LOW
        if self.critical_high is not None and value >= self.critical_high:
            return Flag.CRITICAL_HIGH
        if self.low is not None and value < self.low:
            return Flag.LOW
        if self.high is not None and value > self.high:
            return Flag.HIGH
        return Flag.NONE

    def as_data(self) -> dict[str, str]:
        """As kept beside a value; bounds that are not there are left out."""
        found = {name: str(value) for name in BOUNDS if (value := getattr(self, name)) is not None}
        said = {"source": self.source, "unknown": " ".join(self.unknown)}
        return found | {name: text for name, text in said.items() if text}


@dataclass(frozen=True)
class Row:
    """One line of the table; `sex` is "" for everybody, ages are completed months, from one to below the other."""

    code: str
    unit: str
    sex: str
    start: int
    end: int
    interval: Interval

    def holds_at(self, months: int | None) -> bool:
        return months is None or self.start <= months < self.end


@cache
def rows_by_code() -> dict[str, tuple[Row, ...]]:
    """The whole table, in its order."""
    found: dict[str, tuple[Row, ...]] = {}
    for row in _read(TABLE.read_text(encoding="utf-8").splitlines()):
        found[row.code] = (*found.get(row.code, ()), row)
    return found


def _read(lines: Iterable[str]) -> Iterator[Row]:
    _head, *told = (line.split("\t") for line in lines if not line.startswith("#"))
    for code, _name, unit, sex, start, end, *bounds, source in told:
        low, high, critical_low, critical_high = (Decimal(bound) if bound else None for bound in bounds)
        interval = Interval(low, high, critical_low, critical_high, source)
        yield Row(code, unit, sex, int(start), int(end) if end else EVER, interval)


def interval_for(code: str, *, sex: str, months: int | None) -> Interval | None:
    """The interval of somebody of this sex and age in completed months; None where the table has none.

    Without an age, or a sex by which the rows differ, the widest of all that may hold, and never wider than what is
    critical in a grown-up: nobody's alarm is silent because nobody knows who they are.
    """
    fitting = [row for row in rows_by_code().get(code, ()) if row.holds_at(months) and row.sex in _may_be(sex)]
    if not fitting:
        return None
    unknown = [AGE] if months is None and len({(row.start, row.end) for row in fitting}) > 1 else []
    unknown += [SEX] if len({row.sex for row in fitting} & set(SEXES)) > 1 else []
    if not unknown:
        return fitting[0].interval
    grown = [row.interval for row in fitting if row.holds_at(ADULT if months is None else months)]
    return _widest([row.interval for row in fitting], grown, tuple(unknown))


def _may_be(sex: str) -> tuple[str, ...]:
    return ("", sex) if sex in SEXES else ("", *SEXES)


def _widest(all_of: Sequence[Interval], grown: Sequence[Interval], unknown: tuple[str, ...]) -> Interval:
    critical_low = min(_named(grown, "critical_low"), default=None)
    critical_high = max(_named(grown, "critical_high"), default=None)
    low, high = min(_named(all_of, "low"), default=None), max(_named(all_of, "high"), default=None)
    return Interval(
        low=max(low, critical_low) if low is not None and critical_low is not None else low,
        high=min(high, critical_high) if high is not None and critical_high is not None else high,
        critical_low=critical_low,
        critical_high=critical_high,
        source="; ".join(dict.fromkeys(one.source for one in all_of)),
        unknown=unknown,
    )


def _named(intervals: Iterable[Interval], name: str) -> list[Decimal]:
    return [bound for interval in intervals if (bound := getattr(interval, name)) is not None]


def worst_of(flags: Iterable[Flag]) -> Flag:
    """A critical one before one out of range before none; of two alike the first."""
    return max(flags, key=lambda flag: (flag.startswith("critical"), bool(flag)), default=Flag.NONE)


def severity_of(flag: Flag) -> str:
    """ "urgent" for critical, "high" for out of range (of alerts: somebody should look), nothing in range."""
    return "urgent" if flag.startswith("critical") else "high" if flag else ""
