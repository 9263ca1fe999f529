"""Vital signs: their codes, what a number can be at all, what is usual, and what needs somebody at once.

Codes are LOINC, as the HL7 FHIR vital signs profile asks. Flags depend on age, in completed months.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from records.rules import units
from records.rules.ranges import Flag, Interval, interval_for
from records.rules.units import Quantity, convert, rounded

PANEL, PRESSURE = "85353-1", "85354-9"
OLD_NEWS = timedelta(days=30)
BMI = "39156-5"
MEASURED_UNTIL = {"head_circumference": 36}  # completed months of age


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
# 1982), rounded to what a clinic meets; the heaviest and tallest persons known weighed 635 kg and stood 272 cm. Head
# circumference is measured in small children (`MEASURED_UNTIL`).
MEASURES: dict[str, Measure] = {
    measure.slug: measure
    for measure in (
        _measure("systolic", "8480-6", 0, "20..350", "70..220", units.MERCURY, units.KILOPASCAL),
        _measure("diastolic", "8462-4", 0, "10..250", "35..130", units.MERCURY, units.KILOPASCAL),
        _measure("heart_rate", "8867-4", 0, "10..350", "40..200", units.PER_MINUTE),
        _measure("respiratory_rate", "9279-1", 0, "2..150", "8..60", units.PER_MINUTE),
        _measure("temperature", "8310-5", 1, "24..46", "34..41.5", units.CELSIUS, units.FAHRENHEIT),
        _measure("oxygen", "59408-5", 0, "20..100", "80..100", units.PERCENT),
        _measure("weight", "29463-7", 2, "0.2..650", "2..250", units.KILOGRAM, units.POUND, units.GRAM),
        _measure("height", "8302-2", 1, "20..280", "40..215", units.CENTIMETRE, units.INCH, units.METRE),
        _measure("head_circumference", "9843-4", 1, "15..75", "28..62", units.CENTIMETRE, units.INCH),
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
        if unit not in (quantity.unit, *units.NEVER_GUESSED) and _within(_in_own_unit(measure, other), measure.usual):
            return Judged(Verdict.OTHER_UNIT, value, meant=other)
    return Judged(Verdict.IMPOSSIBLE, value)


def _in_own_unit(measure: Measure, quantity: Quantity) -> Decimal:
    return rounded(convert(quantity, measure.unit), measure.decimals)


def _within(value: Decimal, span: tuple[Decimal, Decimal]) -> bool:
    return span[0] <= value <= span[1]


# == Flags by age ==
def is_news(taken: datetime, now: datetime) -> bool:
    """Whether a value out of range calls for somebody: a history that is written down late alarms nobody."""
    return now - taken <= OLD_NEWS


def flag_vital(slug: str, value: Decimal, *, age_months: int | None) -> Flag:
    """Low, high or critical for somebody of this age; nothing for what has no expected interval."""
    found = interval_of(slug, age_months=age_months)
    return found.flag(value) if found else Flag.NONE


def interval_of(slug: str, *, age_months: int | None) -> Interval | None:
    """What is expected at this age, in completed months; without an age the widest answer (`rules.ranges`)."""
    return interval_for(MEASURES[slug].code, sex="", months=age_months)


def measures_at(months: int | None) -> list[str]:
    """What is measured at this age; of somebody whose birth nobody knows everything."""
    return [slug for slug in MEASURES if months is None or months < MEASURED_UNTIL.get(slug, months + 1)]


def age_in_months(born: date | None, on: date) -> int | None:
    """Completed months; never below 0, for a taking on the day before a birth in another zone.

    None where nobody knows the birth.
    """
    if born is None:
        return None
    return max(0, (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day))


def years_at(born: date | None, on: date) -> int | None:
    """The same in completed years."""
    months = age_in_months(born, on)
    return None if months is None else months // 12


def body_mass_index(weight: Decimal, height: Decimal) -> Decimal:
    """kg/m² from kilograms and centimetres, one decimal (WHO)."""
    return rounded(weight / (height / 100) ** 2, 1)
