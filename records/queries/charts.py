"""Values over time as line charts."""

from collections.abc import Sequence
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from healthcare.ui.charts import Goal, LineChart, Point, Series
from records.kinds.laboratory_result import name_of
from records.models import Entry
from records.rules.units import sign_of


def chart_of(history: Sequence[Entry]) -> LineChart | None:
    """One test over time with the bounds of its newest interval; None for fewer than two values."""
    rows = [entry for entry in history if entry.value is not None]
    rows = [entry for entry in rows if entry.unit == rows[-1].unit]  # laboratories differ in their units
    if len(rows) < 2:
        return None
    newest = rows[-1]
    bounds = newest.data.get("range", {})
    words = {"low": _("from %(value)s"), "high": _("up to %(value)s")}
    goals = [
        Goal(float(bounds[side]), words[side] % {"value": bounds[side]})
        for side in ("low", "high")
        if bounds.get(side) and float(bounds[side])
    ]
    return LineChart(
        title=_("%(test)s over time") % {"test": name_of(newest)},
        unit=sign_of(newest.unit),
        series=[Series(name_of(newest), [_point(entry, float(entry.value or 0)) for entry in rows])],
        goals=goals,
        decimals=max(decimals_of(entry.value) for entry in rows if entry.value is not None),
        key="history",
    )


def pressure_chart(pressures: Sequence[Entry]) -> LineChart | None:
    """The last blood pressures, upper and lower; None for fewer than two."""
    if len(pressures) < 2:
        return None
    upper, lower = (
        [_point(entry, float(entry.data["components"][side]["value"])) for entry in pressures] for side in (0, 1)
    )
    goals = [
        Goal(float(told["range"]["high"]), _("up to %(value)s") % {"value": told["range"]["high"]})
        for told in pressures[-1].data["components"]
        if told.get("range", {}).get("high")
    ]
    return LineChart(
        title=_("Blood pressure, last readings"),
        unit="mmHg",
        series=[Series(_("Upper"), upper), Series(_("Lower"), lower)],
        goals=goals,
        key="pressure",
    )


def _point(entry: Entry, value: float) -> Point:
    by = entry.author.full_name if entry.author_id and entry.author else ""
    return Point(timezone.localdate(entry.effective_at), value, by)


def decimals_of(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
