"""Bar charts: from nothing up, with words and a table for who does not see them."""

from datetime import date, timedelta
from itertools import pairwise

from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from healthcare.ui.bars import Bar, BarChart

START = date(2026, 10, 5)


def chart(*values: int | None, **options) -> BarChart:
    bars = [Bar(START + timedelta(days=7 * place), value) for place, value in enumerate(values)]
    return BarChart("Visits done", "visits", bars, **options)


@given(st.lists(st.none() | st.integers(0, 50_000), min_size=1, max_size=60))
def test_bars_stand_on_nothing_and_stay_inside(values) -> None:
    drawn = chart(*values)
    assert drawn.ticks[0] == 0
    assert drawn.ticks[-1] >= max([value for value in values if value is not None], default=0)
    assert len(drawn.drawn()) == sum(value is not None for value in values)
    for bar in drawn.drawn():
        assert 0 <= float(bar.x[:-1]) <= 100
        assert 0 <= float(bar.y[:-1]) <= 100
        assert abs(float(bar.y[:-1]) + float(bar.height[:-1]) - 100) < 0.15


def test_days_below_never_touch_and_the_newest_is_there() -> None:
    marks = chart(*range(52)).time_marks()
    places = [float(mark.x[:-1]) for mark in marks]
    assert places == sorted(places)
    assert all(two - one >= 20 for one, two in pairwise(places))
    assert marks[-1].text == "Sep 27"


def test_the_words_say_what_the_picture_shows() -> None:
    assert chart(410, 468, 452).description() == "Between 410 and 468 visits; from Oct 19, 2026 on, the newest: 452."
    assert chart(None).description() == "Nothing that can be shown."


def test_the_table_is_newest_first_and_says_what_is_hidden() -> None:
    assert list(chart(410, None, hidden="<5").rows()) == [(START + timedelta(days=7), "<5"), (START, "410")]


def test_it_is_drawn_with_title_description_and_table() -> None:
    html = render_to_string("ui/components/bars.html", {"chart": chart(410, 468, key="visits")})
    for part in ('id="visits-title"', "Between 410 and 468", '<rect class="bar"', "As a table", "Oct 5, 2026"):
        assert part in html, part
    assert "style=" not in html
