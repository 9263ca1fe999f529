"""Vital signs: their codes, what a number can be at all, what is usual, and what needs somebody at once.

Codes are LOINC, as the HL7 FHIR vital signs profile asks. Flags depend on age, in completed months.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from records.rules import units
from records.rules.units import Quantity, convert, rounded

PANEL, PRESSURE = "85353-1", "85354-9"
ADULT = 18 * 12
OLD_NEWS = timedelta(days=30)
BMI = "39156-5"


@dataclass(frozen=True)
class Measure:
    """One thing measured. `possible` are the hard limits: beyond them it is a slip of the hand, or no living person.
    `usual` are the soft ones, asked about: wide enough for the ill. Both in `unit`; `units` is what may be typed."""

    slug: str
    code: str
    unit: str
    decimals: int
    possible: tuple[Decimal, Decimal]
    usual: tuple[Decimal, Decimal]
    units: tuple[str, ...]


def _measure(slug: str, code: str, decimals: int, possible: str, usual: str, *kinds: str) -> Measure:
    hard, soft = (tuple(Decimal(bound) for bound in span.split("..")) for span in (possible, usual))
    return Measure(slug, code, kinds[0], decimals, (hard[0], hard[1]), (soft[0], soft[1]), kinds)


# Hard limits: survived extremes of body temperature 11.8 °C (Mroczek 2018, far from any clinic) and 46.5 °C (Slovis
# 1982), rounded to what a clinic meets; the heaviest and tallest persons known weighed 635 kg and stood 272 cm.
MEASURES: dict[str, Measure] = {
    measure.slug: measure
    for measure in (
        _measure("systolic", "8480-6", 0, "20..350", "70..220", units.MERCURY),
        _measure("diastolic", "8462-4", 0, "10..250", "35..130", units.MERCURY),
        _measure("heart_rate", "8867-4", 0, "10..350", "40..200", units.PER_MINUTE),
        _measure("respiratory_rate", "9279-1", 0, "2..150", "8..60", units.PER_MINUTE),
        _measure("temperature", "8310-5", 1, "24..46", "34..41.5", units.CELSIUS, units.FAHRENHEIT),
        _measure("oxygen", "59408-5", 0, "20..100", "80..100", units.PERCENT),
        _measure("weight", "29463-7", 2, "0.2..650", "2..250", units.KILOGRAM, units.POUND, units.GRAM),
        _measure("height", "8302-2", 1, "20..280", "40..215", units.CENTIMETRE, units.INCH, units.METRE),
        _measure("pain", "72514-3", 0, "0..10", "0..10", units.SCORE),
    )
}


class Verdict(StrEnum):
    FINE = "fine"
    UNUSUAL = "unusual"  # ask: is it right?
    OTHER_UNIT = "other_unit"  # impossible as said, usual in another unit: ask which was meant
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True)
class Judged:
    """`value` in the measure's own unit, rounded; with OTHER_UNIT, `meant` is the same number in the unit that fits."""

    verdict: Verdict
    value: Decimal
    meant: Quantity | None = None


def judge(measure: Measure, quantity: Quantity) -> Judged:
    """Weigh a number against the limits. 98.6 °C is asked about, 370 °C refused, 98.6 °F is 37.0 °C and fine."""
    value = _in_own_unit(measure, quantity)
    if _within(value, measure.usual):
        return Judged(Verdict.FINE, value)
    if _within(value, measure.possible):
        return Judged(Verdict.UNUSUAL, value)
    for unit in measure.units:
        other = Quantity(quantity.value, unit)
        if unit != quantity.unit and _within(_in_own_unit(measure, other), measure.usual):
            return Judged(Verdict.OTHER_UNIT, value, meant=other)
    return Judged(Verdict.IMPOSSIBLE, value)


def _in_own_unit(measure: Measure, quantity: Quantity) -> Decimal:
    return rounded(convert(quantity, measure.unit), measure.decimals)


def _within(value: Decimal, span: tuple[Decimal, Decimal]) -> bool:
    return span[0] <= value <= span[1]


# == Flags by age ==
class Flag(StrEnum):
    NONE = ""
    LOW = "low"
    HIGH = "high"
    CRITICAL_LOW = "critical_low"
    CRITICAL_HIGH = "critical_high"


@dataclass(frozen=True)
class Interval:
    """What is expected, and beyond which somebody must act now; None where the source names no bound."""

    low: Decimal | None = None
    high: Decimal | None = None
    critical_low: Decimal | None = None  # at or below
    critical_high: Decimal | None = None  # at or above
    source: str = ""

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
        bounds = {name: getattr(self, name) for name in ("low", "high", "critical_low", "critical_high")}
        found = {name: str(value) for name, value in bounds.items() if value is not None}
        return found | ({"source": self.source} if self.source else {})


def worst_of(flags: Iterable[Flag]) -> Flag:
    """A critical one before one out of range before none; of two alike the first."""
    return max(flags, key=lambda flag: (flag.startswith("critical"), bool(flag)), default=Flag.NONE)


def severity_of(flag: Flag) -> str:
    """ "urgent" for critical, "high" for out of range (of alerts: somebody should look), nothing in range."""
    return "urgent" if flag.startswith("critical") else "high" if flag else ""


def is_news(taken: datetime, now: datetime) -> bool:
    """Whether a value out of range calls for somebody: a history that is written down late alarms nobody."""
    return now - taken <= OLD_NEWS


def flag_vital(slug: str, value: Decimal, *, age_months: int) -> Flag:
    """Low, high or critical for somebody of this age; nothing for what has no expected interval."""
    found = interval_of(slug, age_months=age_months)
    return found.flag(value) if found else Flag.NONE


def interval_of(slug: str, *, age_months: int) -> Interval | None:
    """The first row whose upper age bound lies above this age, in months."""
    return next((interval for until, interval in EXPECTED.get(slug, ()) if age_months < until), None)


def _rows(source: str, *rows: tuple[int, str, str]) -> tuple[tuple[int, Interval], ...]:
    return tuple((until, _interval(source, expected, critical)) for until, expected, critical in rows)


def _interval(source: str, expected: str, critical: str) -> Interval:
    low, high = _bounds(expected)
    critical_low, critical_high = _bounds(critical)
    return Interval(low, high, critical_low, critical_high, source)


def _bounds(text: str) -> tuple[Decimal | None, Decimal | None]:
    low, _dots, high = text.partition("..")
    return (Decimal(low) if low else None), (Decimal(high) if high else None)


# The sources of the numbers below, by the letters used in them.
PALS = "AHA, Pediatric Advanced Life Support 2020, awake rates; critical as slow or fast rhythms there"
NEWS = "conventional adult interval; critical by NEWS2, score 3 (Royal College of Physicians 2017)"
AAP = "AAP 2017, table 6, first figures by age; low by PALS 2020"
EVER = 12 * 200

# (below this age in months, expected interval, critical at or beyond)
EXPECTED: dict[str, tuple[tuple[int, Interval], ...]] = {
    "heart_rate": (
        *_rows(
            PALS,
            (1, "100..205", "60..220"),
            (12, "100..180", "60..220"),
            (36, "98..140", "60..180"),
            (72, "80..120", "60..180"),
            (144, "75..118", "50..180"),
            (ADULT, "60..100", "40..180"),
        ),
        *_rows(NEWS, (EVER, "50..100", "40..131")),
    ),
    "respiratory_rate": (
        *_rows(
            PALS,
            (12, "30..53", "10..61"),
            (36, "22..37", "10..61"),
            (72, "20..28", "10..61"),
            (144, "18..25", "10..61"),
            (ADULT, "12..20", "8..61"),
        ),
        *_rows(NEWS, (EVER, "12..20", "8..25")),
    ),
    "temperature": (
        *_rows("AAP 2021, febrile infants of 8 to 60 days", (3, "36.0..37.9", "35.9..38.0")),
        *_rows(NEWS, (EVER, "36.1..37.8", "35.0..40.0")),
    ),
    "oxygen": _rows(NEWS, (EVER, "95..", "91..")),
    "systolic": (
        *_rows(PALS, (1, "60..", "59.."), (12, "70..", "69..")),
        *_rows(
            AAP,
            (24, "72..98", "71.."),
            (36, "74..100", "73.."),
            (48, "76..101", "75.."),
            (60, "78..102", "77.."),
            (72, "80..103", "79.."),
            (84, "82..105", "81.."),
            (96, "84..106", "83.."),
            (108, "86..107", "85.."),
            (120, "88..107", "87.."),
            (156, "90..110", "89..180"),
        ),
        *_rows("AAP 2017, stage 1 from 13 years", (ADULT, "90..129", "89..180")),
        *_rows("ISH 2020; crisis by ACC/AHA 2017; low by NEWS2", (EVER, "100..139", "90..180")),
    ),
    "diastolic": (
        *_rows("AAP 2017, table 6, rounded down to three bands", (72, "..63", ""), (156, "..72", "..120")),
        *_rows("AAP 2017, stage 1 from 13 years", (ADULT, "..79", "..120")),
        *_rows("ISH 2020; crisis by ACC/AHA 2017", (EVER, "60..89", "..120")),
    ),
}


def age_in_months(born: date | None, on: date) -> int:
    """Completed months; never below 0, for a taking on the day before a birth in another zone.

    Nobody whose birth nobody knows is taken for a child: their values are judged by those of grown-ups.
    """
    if born is None:
        return ADULT
    return max(0, (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day))


def years_at(born: date | None, on: date) -> int:
    """The same in completed years."""
    return age_in_months(born, on) // 12


def body_mass_index(weight: Decimal, height: Decimal) -> Decimal:
    """kg/m² from kilograms and centimetres, one decimal (WHO)."""
    return rounded(weight / (height / 100) ** 2, 1)
