"""How a child's measure lies among those of their sex and age: a z-score and its percentile, by the LMS method.

Cole 1990, Eur J Clin Nutr 44:45: z = ((x / M) ** L - 1) / (L * S). Under two years the standards of the WHO (2006),
from two to twenty the charts of the CDC (2000), as the CDC recommends (MMWR 59 RR-9, 2010). Head circumference ends at
three years; a body mass index has percentiles from two on. The parameters stand in `data/`, with their sources.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

from records.rules.ranges import SEXES
from records.rules.vitals import BMI, MEASURES, age_in_months

DATA = Path(__file__).parent.parent / "data"
WHO, CDC = "WHO 2006", "CDC 2000"
TWO, THREE, TWENTY = 24, 36, 240  # months
DAYS_A_MONTH = 365.25 / 12
TERM_WEEKS, EARLIEST_WEEKS = 40, 22
TERM_FROM, CORRECTED_UNTIL = 37, 24  # weeks; months of age, as is customary
MEASURED: dict[str, str] = {  # LOINC code → measure in the tables
    MEASURES["weight"].code: "weight",
    MEASURES["height"].code: "height",
    MEASURES["head_circumference"].code: "head_circumference",
    BMI: "body_mass",
}
#: Beyond these a measure is more likely wrong than true, as WHO Anthro (2010) says; here by both references.
PLAUSIBLE = {"weight": (-6.0, 5.0), "height": (-6.0, 6.0), "head_circumference": (-5.0, 5.0), "body_mass": (-5.0, 5.0)}
TAIL = 3.0  # beyond so many z-scores the WHO goes on in steps of the last one, for weights


class Unplaced(StrEnum):
    """Why a measure has no percentile."""

    SEX = "sex"
    BIRTH = "birth"
    AGE = "age"


@dataclass(frozen=True)
class Place:
    """`percentile` in per cent; `implausible`: look again at what was measured."""

    z: float
    percentile: float
    reference: str
    implausible: bool = False


@dataclass(frozen=True)
class Curve:
    """One measure of one sex by one reference: parameters at ages in days, ascending."""

    reference: str
    measure: str
    days: Sequence[float]
    parameters: Sequence[tuple[float, float, float]]

    def at(self, days: float) -> tuple[float, float, float]:
        """Between two ages in the table, in a straight line; outside of it as at its end."""
        place = bisect_right(self.days, days)
        if place in (0, len(self.days)):
            return self.parameters[0 if place == 0 else -1]
        first, last = self.days[place - 1], self.days[place]
        share = (days - first) / (last - first)
        low, high = self.parameters[place - 1], self.parameters[place]
        return (
            low[0] + share * (high[0] - low[0]),
            low[1] + share * (high[1] - low[1]),
            low[2] + share * (high[2] - low[2]),
        )

    def value(self, days: float, z: float) -> float:
        """What somebody measures at this age who lies at this z-score."""
        power, median, spread = self.at(days)
        return median * math.exp(spread * z) if power == 0 else median * (1 + power * spread * z) ** (1 / power)

    def z(self, days: float, value: float) -> float:
        power, median, spread = self.at(days)
        ratio = value / median
        z = math.log(ratio) / spread if power == 0 else (ratio**power - 1) / (power * spread)
        if self.reference == WHO and self.measure == "weight" and abs(z) > TAIL:
            return self._in_tail(days, value, math.copysign(TAIL, z))
        return z

    def _in_tail(self, days: float, value: float, edge: float) -> float:
        """WHO 2006, Methods and development, chapter 7: the distance of the last two z-scores is kept."""
        at_edge, before = self.value(days, edge), self.value(days, edge - math.copysign(1, edge))
        return edge + (value - at_edge) / abs(at_edge - before)


@cache
def curves() -> dict[tuple[str, str, str], Curve]:
    """By reference, measure and sex."""
    return {
        (reference, measure, sex): Curve(reference, measure, tuple(days), tuple(parameters))
        for reference, name, a_step in ((WHO, "who_growth.tsv", 1.0), (CDC, "cdc_growth.tsv", DAYS_A_MONTH))
        for (measure, sex), (days, parameters) in _read(name, a_step).items()
    }


def _read(name: str, a_step: float) -> dict[tuple[str, str], tuple[list[float], list[tuple[float, float, float]]]]:
    found: dict[tuple[str, str], tuple[list[float], list[tuple[float, float, float]]]] = {}
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    _head, *told = (line.split("\t") for line in lines if not line.startswith("#"))
    for measure, sex, age, power, median, spread in told:
        days, parameters = found.setdefault((measure, sex), ([], []))
        days.append(float(age) * a_step)
        parameters.append((float(power), float(median), float(spread)))
    return found


def curve_for(measure: str, sex: str, months: int) -> Curve | None:
    """The one that holds at this age in completed months; None where there is none."""
    if sex not in SEXES or not 0 <= months < (THREE if measure == "head_circumference" else TWENTY):
        return None
    return curves().get((WHO if months < TWO else CDC, measure, sex))


def place(
    measure: str, value: float, *, sex: str, born: date | None, on: date, weeks: int = TERM_WEEKS
) -> Place | Unplaced:
    """Where a measure of this day lies. `weeks` of pregnancy at birth: who came before 37 is compared, until two years
    of age, with those of the age they would have had at term.
    """
    if sex not in SEXES:
        return Unplaced.SEX
    if born is None:
        return Unplaced.BIRTH
    due = corrected_birth(born, on, weeks)
    months = age_in_months(due, on)
    if due > on or months is None or (curve := curve_for(measure, sex, months)) is None:
        return Unplaced.AGE
    z = curve.z((on - due).days, value)
    low, high = PLAUSIBLE[measure]
    return Place(z, percentile_of(z), curve.reference, not low <= z <= high)


def corrected_birth(born: date, on: date, weeks: int) -> date:
    """The day somebody born before the 37th week would have been born at term, until they are two years old."""
    if not EARLIEST_WEEKS <= weeks < TERM_FROM or (age_in_months(born, on) or 0) >= CORRECTED_UNTIL:
        return born
    return born + timedelta(weeks=TERM_WEEKS - weeks)


def percentile_of(z: float) -> float:
    """Of the normal distribution, in per cent."""
    return 50 * (1 + math.erf(z / math.sqrt(2)))
