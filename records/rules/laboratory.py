"""Laboratory tests by LOINC code: the unit, the usual interval by sex and age, and the limits of a call by telephone.

The numbers stand in `data/reference_ranges.tsv`, each with its source; a laboratory's own interval, on its report, goes
before them. Below 18 years only electrolytes and glucose have one there: for the rest, none is better than a wrong one.
"""

from dataclasses import dataclass
from decimal import Decimal

from records.rules.ranges import Flag, Interval, Row, interval_for, rows_by_code
from records.rules.vitals import MEASURES

MONTHS = 12
VITAL_SIGNS = frozenset(measure.code for measure in MEASURES.values())
PERCENT = "%"
MOST = Decimal(10) ** 9  # of any unit: beyond it lies a slip, and what a row can hold


@dataclass(frozen=True)
class Usual:
    """One interval with its selectors; `sex` is "" for everybody."""

    low: Decimal
    high: Decimal
    sex: str = ""


@dataclass(frozen=True)
class Test:
    """A test whose result is a number in one unit."""

    code: str
    unit: str
    usual: tuple[Usual, ...]

    def can_be(self, value: Decimal) -> bool:
        """The hard limits: no share is more than the whole."""
        return 0 <= value < MOST and (self.unit != PERCENT or value <= 100)


@dataclass(frozen=True)
class Measured:
    """What a report says: `comparator` is "<" or ">" where the value lies beyond what could be measured. `low` and
    `high` are the report's own interval; where it has none, ours by sex and age is copied. `typed` is what stood in the
    field, where that was in another unit."""

    code: str
    value: Decimal
    comparator: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    laboratory: str = ""
    typed: str = ""


def _test(code: str, rows: tuple[Row, ...]) -> Test:
    named = [(row.interval.low, row.interval.high, row.sex) for row in rows]
    usual = tuple(Usual(low, high, sex) for low, high, sex in named if low is not None and high is not None)
    return Test(code, rows[0].unit, usual)


TESTS: dict[str, Test] = {code: _test(code, rows) for code, rows in rows_by_code().items() if code not in VITAL_SIGNS}


def expected_of(code: str, *, sex: str, age_years: int | None) -> Interval | None:
    """The interval for somebody of this sex and age in completed years; None where the table knows none.

    Critical limits hold also where no interval does. Without a known age or sex it is the widest, and says so.
    """
    if code not in TESTS:
        return None
    return interval_for(code, sex=sex, months=None if age_years is None else age_years * MONTHS)


def flag_result(value: Decimal, interval: Interval | None) -> Flag:
    """Low, high or critical; nothing where nothing is known to compare with, which a page has to say."""
    return interval.flag(value) if interval else Flag.NONE
