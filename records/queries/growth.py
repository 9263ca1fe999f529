"""How a child grows: each measure with its percentile, and the curve it lies on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from healthcare.accounts.models import User
from healthcare.db.prepared import prepared
from healthcare.ui.charts import INSET, Mark, percent_text, round_step
from patients.models import Patient
from records.kinds.flags import value_text
from records.kinds.vital_signs import NAMES
from records.models import Entry
from records.rules.growth import (
    MEASURED,
    TERM_WEEKS,
    THREE,
    TWENTY,
    TWO,
    Curve,
    Place,
    Unplaced,
    corrected_birth,
    curve_for,
    place,
)
from records.rules.ranges import SEXES
from records.rules.units import sign_of
from records.rules.vitals import age_in_months

KIND = "vital_signs"
MOST = 400
DAYS_A_MONTH = 365.25 / 12
FIVE = 60
TICKS = 5
#: The lines of a chart: percentile, z-score.
LINES = ((3, -1.8808), (10, -1.2816), (25, -0.6745), (50, 0.0), (75, 0.6745), (90, 1.2816), (97, 1.8808))
NAMED_FIRST, NAME_GAP = (50, 97, 3, 90, 10, 75, 25), 7.0  # per cent of the height
WHY: dict[str, Promise] = {
    Unplaced.SEX: gettext_lazy("The sex is not known: there are no percentiles for both together."),
    Unplaced.BIRTH: gettext_lazy("The day of birth is not known: there are no percentiles without one."),
    Unplaced.AGE: gettext_lazy("No percentile at this age"),
}


@dataclass(frozen=True)
class Child:
    """What of a patient percentiles depend on; `born` is None where the day is not known."""

    sex: str
    born: date | None
    weeks: int = TERM_WEEKS

    def days_at(self, on: date) -> int:
        """Of age, corrected for an early birth."""
        return (on - corrected_birth(self.born, on, self.weeks)).days if self.born else 0


def child_of(patient: Patient, weeks: int = TERM_WEEKS) -> Child:
    """The sex at birth, where somebody said it, before the one of the record."""
    sex = patient.sex_at_birth if patient.sex_at_birth in SEXES else patient.sex
    return Child(sex, patient.birth_date if patient.birth_precision == "day" else None, weeks)


def is_growing(patient: Patient, now: datetime) -> bool:
    """Whether there are percentiles for somebody of this age."""
    months = age_in_months(patient.birth_date, timezone.localdate(now))
    return months is not None and months < TWENTY


def place_of(patient: Patient, entry: Entry, weeks: int = TERM_WEEKS) -> Place | Unplaced | None:
    """None for what has no percentiles at all, and for grown-ups."""
    if entry.kind != KIND or entry.code not in MEASURED or entry.value is None:
        return None
    on = timezone.localdate(entry.effective_at)
    if patient.birth_date and (age_in_months(patient.birth_date, on) or 0) >= TWENTY:
        return None
    child = child_of(patient, weeks)
    return place(MEASURED[entry.code], float(entry.value), sex=child.sex, born=child.born, on=on, weeks=weeks)


def growth_text(patient: Patient, entry: Entry) -> str:
    """ "percentile 62, z +0.3"; nothing where there is none."""
    found = place_of(patient, entry)
    return place_text(found) if isinstance(found, Place) else ""


def place_text(found: Place) -> str:
    return _("percentile %(percentile)s, z %(z)s") % {"percentile": percentile_text(found), "z": z_text(found)}


def percentile_text(found: Place) -> str:
    """Whole between 1 and 99, else with a decimal, and never 0 or 100."""
    if found.percentile < 0.1:
        return f"<{number_format(0.1, decimal_pos=1)}"
    if found.percentile > 99.9:
        return f">{number_format(99.9, decimal_pos=1)}"
    return str(number_format(found.percentile, decimal_pos=0 if 1 <= found.percentile <= 99 else 1))


def z_text(found: Place) -> str:
    return f"{'+' if found.z >= 0 else '−'}{number_format(abs(found.z), decimal_pos=2)}"


# == The page ==
@dataclass(frozen=True)
class GrowthRow:
    """One measurement; without `place` the words of `why` stand in its stead."""

    entry: Entry
    value: str
    age: str
    place: Place | None
    why: str

    @property
    def percentile(self) -> str:
        return percentile_text(self.place) if self.place else ""

    @property
    def z(self) -> str:
        return z_text(self.place) if self.place else ""


@dataclass(frozen=True)
class Path:
    """One percentile on one reference, as points of a line in a box of 100 by 100."""

    points: str
    median: bool


@dataclass(frozen=True)
class GrowthChart:
    """One measure over the age, on the lines of its percentiles. `measured` are age in days and value."""

    key: str
    title: str
    unit: str
    measure: str
    sex: str
    measured: Sequence[tuple[int, float]]
    rows: Sequence[GrowthRow]

    @cached_property
    def months(self) -> tuple[int, int]:
        """From and to where the axis of age goes: the chart of infants, of small children, or of all."""
        oldest = max((days for days, _value in self.measured), default=0) / DAYS_A_MONTH
        if self.measure == "head_circumference":
            return 0, TWO if oldest < TWO else THREE
        first = TWO if self.measure == "body_mass" else 0
        return first, next(end for end in (TWO, FIVE, TWENTY) if (oldest < end and end > first) or end == TWENTY)

    def _stretches(self) -> Iterator[tuple[Curve, int, int]]:
        """Each reference on the axis, with its months."""
        first, last = self.months
        for begin, end in ((first, min(TWO, last)), (max(TWO, first), last)):
            if begin < end and (curve := curve_for(self.measure, self.sex, begin)):
                yield curve, begin, end

    @cached_property
    def _lines(self) -> list[tuple[int, list[tuple[float, float]]]]:
        found = []
        for curve, begin, end in self._stretches():
            step = 1 if end - begin <= FIVE else 6
            ages = [min(month, end) * DAYS_A_MONTH for month in range(begin, end + step, step)]
            found += [(name, [(age, curve.value(age, z)) for age in ages]) for name, z in LINES]
        return found

    @cached_property
    def ticks(self) -> list[float]:
        values = [value for _name, points in self._lines for _age, value in points]
        values += [value for _days, value in self.measured]
        low, high = min(values, default=0.0), max(values, default=1.0)
        step = round_step(max((high - low) / (TICKS - 1), 0.1))
        first, last = int(low // step), int(-(-high // step))
        return [round(number * step, 6) for number in range(first, max(last, first + 1) + 1)]

    def grid(self) -> list[Mark]:
        return [Mark("0", percent_text(self._y(tick)), f"{tick:g}") for tick in self.ticks]

    def paths(self) -> list[Path]:
        return [
            Path(" ".join(f"{self._x(age):.1f},{self._y(value):.1f}" for age, value in points), name == 50)
            for name, points in self._lines
        ]

    def names(self) -> list[Mark]:
        """The percentile at the right end of each line, where no two touch: the middle and the outermost first."""
        last = {name: self._y(points[-1][1]) for name, points in self._lines}
        kept: dict[int, float] = {}
        for name in NAMED_FIRST:
            if name in last and all(abs(last[name] - other) >= NAME_GAP for other in kept.values()):
                kept[name] = last[name]
        return [Mark("100%", percent_text(kept[name]), str(name)) for name, _z in LINES if name in kept]

    def marks(self) -> list[Mark]:
        return [Mark(percent_text(self._x(days)), percent_text(self._y(value))) for days, value in self.measured]

    def polyline(self) -> str:
        return " ".join(f"{self._x(days):.1f},{self._y(value):.1f}" for days, value in sorted(self.measured))

    def ages(self) -> list[Mark]:
        first, last = self.months
        step = 6 if last - first <= THREE else 12 if last - first <= FIVE else 24
        return [
            Mark(percent_text(self._x(month * DAYS_A_MONTH)), "100%", age_words(month))
            for month in range(first, last + 1, step)
        ]

    def description(self) -> str:
        """The newest measurement in words, and what the lines are."""
        words = {"lines": ", ".join(str(name) for name, _z in LINES)}
        lines = _("Lines of the percentiles %(lines)s.") % words
        newest = next((row for row in self.rows if row.place), None)
        if newest is None or newest.place is None:
            return str(lines)
        told = {"value": newest.value, "age": newest.age, "place": place_text(newest.place)}
        return _("%(value)s at %(age)s: %(place)s.") % told + " " + lines

    def _x(self, days: float) -> float:
        first, last = (month * DAYS_A_MONTH for month in self.months)
        return INSET + (100 - 2 * INSET) * (days - first) / (last - first)

    def _y(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return 100 * (high - value) / (high - low)


def growth_of(user: User, patient: Patient, weeks: int = TERM_WEEKS) -> list[GrowthChart]:
    """The measures of a child, each with its chart: what was taken before the twentieth birthday. One query."""
    child = child_of(patient, weeks)
    rows: dict[str, list[GrowthRow]] = {code: [] for code in MEASURED}
    for entry in _measurements(user, patient, MOST):
        if row := _row(patient, child, entry):
            rows[entry.code].append(row)
    return [_chart(code, child, found) for code, found in rows.items() if found]


@prepared
def _measurements(user: User, patient: Patient, at_most: int) -> "QuerySet[Entry]":
    rows = Entry.objects.visible_to(user).filter(patient_id=patient.pk, code__in=list(MEASURED)).of_kind(KIND).current()
    return rows.filter(value__isnull=False).newest_first()[:at_most]


def _row(patient: Patient, child: Child, entry: Entry) -> GrowthRow | None:
    found = place_of(patient, entry, child.weeks)
    if found is None:
        return None
    on = timezone.localdate(entry.effective_at)
    months = age_in_months(child.born, on)
    age = "" if months is None else age_words(months)
    if isinstance(found, Place):
        return GrowthRow(entry, value_text(entry), age, found, "")
    return GrowthRow(entry, value_text(entry), age, None, str(WHY[found]))


def _chart(code: str, child: Child, rows: Sequence[GrowthRow]) -> GrowthChart:
    placed = [row for row in rows if row.place]
    measured = [
        (child.days_at(timezone.localdate(row.entry.effective_at)), float(row.entry.value or 0)) for row in placed
    ]
    name = str(NAMES[code])
    return GrowthChart(
        MEASURED[code].replace("_", "-"),
        name,
        sign_of(rows[0].entry.unit),
        MEASURED[code],
        child.sex,
        measured,
        rows,
    )


def age_words(months: int) -> str:
    """ "8 months" to two years, then "4 years" or "4 years 6 months"."""
    if months < TWO:
        return _("%(months)s months") % {"months": months}
    years, rest = divmod(months, 12)
    if not rest:
        return _("%(years)s years") % {"years": years}
    return _("%(years)s years %(months)s months") % {"years": years, "months": rest}
