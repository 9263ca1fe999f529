import re
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from healthcare.ui.charts import Goal, LineChart, Point, Series, TooManySeries, sparkline

DAY = date(2026, 1, 1)


def chart(*values: float, goals: tuple[Goal, ...] = (), step: int = 30, decimals: int = 0) -> LineChart:
    points = [Point(DAY + timedelta(days=step * place), value, "P. Raman") for place, value in enumerate(values)]
    return LineChart("Weight over a year", "kg", [Series("Weight", points)], goals, decimals, "weight")


def percents(drawn: str) -> list[float]:
    return [float(found) for found in re.findall(r'"(-?[\d.]+)%"', drawn)]


@pytest.mark.parametrize(
    ("values", "decimals", "ticks"),
    [
        ((158, 96), 0, [80.0, 100.0, 120.0, 140.0, 160.0]),
        ((7.4, 7.9), 1, [7.2, 7.4, 7.6, 7.8, 8.0]),
        ((7.4, 7.9), 0, [7.0, 8.0]),
        ((0, 1000), 0, [-500.0, 0.0, 500.0, 1000.0, 1500.0]),
        ((0,), 0, [-1.0, 0.0, 1.0]),
        ((84,), 0, [50.0, 100.0]),
    ],
)
def test_ticks_are_round_and_enclose_the_values(values: tuple[float, ...], decimals: int, ticks: list[float]) -> None:
    assert chart(*values, decimals=decimals).ticks == ticks


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9), st.integers(0, 3))
def test_no_two_ticks_carry_the_same_label(values: list[float], decimals: int) -> None:
    drawn = chart(*values, decimals=decimals)
    labels = [mark.text for mark in drawn.grid()]
    assert len(set(labels)) == len(labels)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.floats(-1e6, 1e6))
def test_every_point_and_goal_lies_inside_the_plot(values: list[float], goal: float) -> None:
    drawn = chart(*values, goals=(Goal(goal, "goal"),))
    marks = [mark for line in drawn.lines() for mark in line.marks] + drawn.goal_marks()
    assert all(0 <= float(mark.y.rstrip("%")) <= 100 for mark in marks)
    assert 2 <= len(drawn.ticks) <= 9


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=40, unique=True))
def test_labels_of_the_time_axis_never_touch_and_the_newest_is_there(days: list[int]) -> None:
    points = [Point(DAY + timedelta(days=day), 1) for day in days]
    marks = LineChart("t", "u", [Series("s", points)]).time_marks()
    places = [float(mark.x.rstrip("%")) for mark in marks]
    assert all(later - earlier >= 19.9 for earlier, later in pairwise(places))
    assert places[-1] == (96.0 if len(days) > 1 else 50.0)


def test_time_is_drawn_to_scale() -> None:
    points = [Point(DAY, 1), Point(DAY + timedelta(days=10), 1), Point(DAY + timedelta(days=100), 1)]
    marks = LineChart("t", "u", [Series("s", points)]).lines()[0].marks
    assert [mark.x for mark in marks] == ["4.0%", "13.2%", "96.0%"]


def test_points_given_in_any_order_are_drawn_in_time() -> None:
    points = [Point(DAY + timedelta(days=9), 2), Point(DAY, 1)]
    drawn = LineChart("t", "u", [Series("s", points)])
    assert drawn.lines()[0].last.text == "2"
    assert drawn.description() == "s: from 1 on Jan 1, 2026 to 2 u on Jan 10, 2026."


def test_long_spans_are_labelled_by_month_and_short_ones_by_day() -> None:
    assert chart(1, 2, step=400).time_marks()[-1].text == "Feb 2027"
    assert chart(1, 2, step=9).time_marks()[-1].text == "Jan 10"


def test_the_description_says_what_the_picture_shows() -> None:
    drawn = chart(84, 81.4, goals=(Goal(75, "goal below 75"),), decimals=1)
    assert drawn.description() == "Weight: from 84.0 on Jan 1, 2026 to 81.4 kg on Jan 31, 2026. Goal below 75."


def test_one_reading_is_one_sentence() -> None:
    assert chart(84).description() == "Weight: 84 kg on Jan 1, 2026."


def test_the_table_has_every_number_newest_first_and_says_who() -> None:
    upper = Series("Upper", [Point(DAY, 158, "P. Raman"), Point(DAY + timedelta(days=9), 134)])
    lower = Series("Lower", [Point(DAY, 96)])
    rows = list(LineChart("Blood pressure", "mmHg", [upper, lower]).rows())
    assert rows == [(DAY + timedelta(days=9), ["134", ""], ""), (DAY, ["158", "96"], "P. Raman")]


def test_series_differ_by_marker_and_class() -> None:
    series = [Series(name, [Point(DAY, 1)]) for name in "xyz"]
    lines = LineChart("t", "u", series).lines()
    assert [(line.style, line.marker) for line in lines] == [("a", "circle"), ("b", "square"), ("c", "triangle")]


def test_a_fourth_series_is_refused() -> None:
    with pytest.raises(TooManySeries):
        LineChart("t", "u", [Series(name, []) for name in "wxyz"])


def test_a_drawn_chart_has_title_description_and_table_and_no_inline_style(draw: Callable[..., str]) -> None:
    html = draw("{% chart drawn %}", drawn=chart(84, 82, 81, goals=(Goal(75, "goal below 75"),)))
    assert '<title id="weight-title">Weight over a year</title>' in html
    assert 'aria-labelledby="weight-title weight-text"' in html
    assert "goal below 75" in html
    assert html.count("<tr>") == 4
    assert "style=" not in html


def test_a_chart_without_readings_says_so(draw: Callable[..., str]) -> None:
    html = draw("{% chart drawn %}", drawn=LineChart("t", "u", [Series("s", [])]))
    assert "No readings yet" in html
    assert "<svg" not in html


def test_places_are_written_for_the_browser_whatever_the_language(draw: Callable[..., str]) -> None:
    drawn: Any = chart(84.5, 82.25, decimals=1)
    with translation.override("es"):
        html = draw("{% chart drawn %}", drawn=drawn)
    assert percents(html)
    assert not re.search(r'(?:x|y|x1|y1|cx|cy)="\d+,', html)
    assert "82,2" in html or "82,3" in html


@pytest.mark.parametrize(
    ("values", "points"),
    [([], ""), ([5], ""), ([1, 2], "0,18 100,2"), ([3, 3, 3], "0,18 50,18 100,18")],
)
def test_a_sparkline(draw: Callable[..., str], values: list[float], points: str) -> None:
    assert sparkline(values) == points
    html = draw("{% sparkline values %}", values=values)
    assert (f'points="{points}"' in html) is bool(points)


def test_an_axis_does_not_go_below_what_no_value_lies_below():
    points = [Point(date(2026, 11, 1), 0.0), Point(date(2026, 11, 2), 33.0)]
    free = LineChart("Did not come", "%", [Series("share", points)])
    assert free.ticks[0] < 0
    assert LineChart("Did not come", "%", [Series("share", points)], floor=0).ticks[0] == 0


def test_the_table_says_who_measured_only_where_somebody_did():
    points = [Point(date(2026, 11, 1), 7.0)]
    assert not LineChart("A1c", "%", [Series("A1c", points)]).signed
    assert LineChart("A1c", "%", [Series("A1c", [Point(date(2026, 11, 1), 7.0, by="P. Raman")])]).signed
