"""One measure or test over time: every value that stands, as rows of a table and as a chart of the same rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.db.prepared import prepared
from healthcare.ui.charts import LineChart, Point, Series
from patients.models import Patient
from records.kinds.laboratory_result import NAMES as TEST_NAMES
from records.kinds.vital_signs import NAMES
from records.models import Entry
from records.queries.charts import decimals_of
from records.queries.growth import growth_text
from records.queries.lines import EntryLine, lines_of, title_of
from records.rules.units import sign_of

KINDS = ("vital_signs", "laboratory_result")
MOST = 200


@dataclass(frozen=True)
class TrendRow:
    """A value in the table. `drawn`: it is in the chart, too; one of another unit, or without a number, is not."""

    line: EntryLine
    drawn: bool
    place: str = ""


@dataclass(frozen=True)
class Trend:
    """The newest first. `more`: there are older ones that are not shown."""

    title: str
    rows: Sequence[TrendRow]
    chart: LineChart | None
    more: bool

    @property
    def left_out(self) -> bool:
        """Whether the table has rows that the chart has not."""
        return self.chart is not None and not all(row.drawn for row in self.rows)


def trend_of(user: User, patient: Patient, code: str) -> Trend | None:
    """What stands of this code, neither void nor replaced; None for a code that nobody knows. One query."""
    entries = list(_values(user, patient, code, MOST + 1))
    name = NAMES.get(code) or TEST_NAMES.get(code, ("",))[0]
    if not entries and not name:
        return None
    shown, title = entries[:MOST], title_of(entries[0]) if entries else str(name)
    drawn = _drawn(shown)
    keys = {entry.pk for entry in drawn}
    rows = [TrendRow(line, line.entry.pk in keys, growth_text(patient, line.entry)) for line in lines_of(shown)]
    return Trend(title, rows, _chart(title, drawn), len(entries) > MOST)


@prepared
def _values(user: User, patient: Patient, code: str, at_most: int) -> "QuerySet[Entry]":
    rows = Entry.objects.visible_to(user).filter(patient_id=patient.pk, code=code, kind__in=KINDS).current()
    return rows.select_related("author").newest_first()[:at_most]


def _drawn(entries: Sequence[Entry]) -> list[Entry]:
    """Those with numbers in the unit of the newest, oldest first: numbers of two units make no line."""
    numbers = [entry for entry in entries if _numbers(entry)]
    return [entry for entry in reversed(numbers) if _unit(entry) == _unit(numbers[0])]


def _numbers(entry: Entry) -> list[float]:
    """One, of a blood pressure two."""
    if components := entry.data.get("components"):
        return [float(one["value"]) for one in components]
    return [] if entry.value is None else [float(entry.value)]


def _unit(entry: Entry) -> tuple[int, str]:
    components = entry.data.get("components")
    return (len(components), components[0]["unit"]) if components else (1, entry.unit)


def _chart(title: str, entries: Sequence[Entry]) -> LineChart | None:
    """None for fewer than two values: a point is no line."""
    if len(entries) < 2:
        return None
    newest = entries[-1]
    names = [_("Upper"), _("Lower")] if newest.data.get("components") else [title]
    series = [
        Series(name, [Point(timezone.localdate(entry.effective_at), _numbers(entry)[side]) for entry in entries])
        for side, name in enumerate(names)
    ]
    values = [entry.value for entry in entries if entry.value is not None]
    return LineChart(
        title=_("%(test)s over time") % {"test": title},
        unit=sign_of(_unit(newest)[1]),
        series=series,
        decimals=max((decimals_of(value) for value in values), default=0),
        key="trend",
        bands=[band for told in _ranges(newest) if (band := _band(told)) != (None, None)],
        tabled=False,
    )


def _ranges(entry: Entry) -> list[dict[str, Any]]:
    """The interval that was copied into the newest value; of a pressure one for each number."""
    components = entry.data.get("components")
    return [one.get("range", {}) for one in components] if components else [entry.data.get("range", {})]


def _band(told: dict[str, Any]) -> tuple[float | None, float | None]:
    """A lower bound of 0 bounds nothing."""
    low, high = (float(told[side]) if told.get(side) else None for side in ("low", "high"))
    return (low or None), high
