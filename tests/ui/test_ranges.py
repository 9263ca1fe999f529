"""One value on the line of what is usual."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcare.devservices.gallery.samples import picture
from healthcare.ui.ranges import RangePicture

numbers = st.floats(min_value=0, max_value=1000, allow_nan=False)


def of(value: float, low: float | None = 3.5, high: float | None = 5.1, before: float | None = None) -> RangePicture:
    return RangePicture("t", "d", value, "m", ("low", "usual", "high"), low=low, high=high, before=before)


def test_the_zones_cover_the_line_without_a_gap() -> None:
    zones = picture().zones()
    assert [zone.role for zone in zones] == ["warn", "ok", "warn"]
    assert (zones[0].start, zones[-1].end) == (0.0, 100.0)
    assert [zone.end for zone in zones[:-1]] == [zone.start for zone in zones[1:]]


def test_a_range_without_a_lower_bound_begins_with_what_is_usual() -> None:
    zones = of(7.4, low=None, high=5.6).zones()
    assert [(zone.role, zone.words) for zone in zones] == [("ok", "usual"), ("warn", "high")]
    assert of(7.4, low=None, high=5.6).bounds()[0][1] == "5.6"


def test_a_range_without_an_upper_bound_ends_with_what_is_usual() -> None:
    assert [zone.role for zone in of(91, low=95, high=None).zones()] == ["warn", "ok"]


def test_a_range_needs_a_bound() -> None:
    with pytest.raises(ValueError, match="bound"):
        of(5, low=None, high=None)


@given(numbers, numbers, numbers, numbers)
def test_every_number_has_its_place_on_the_line(value: float, one: float, other: float, before: float) -> None:
    low, high = sorted((one, other))
    drawn = of(value, low, high, before)
    for place in (drawn.x, drawn.before_x, *(bound for bound, _number in drawn.bounds())):
        assert 0 <= float(place.rstrip("%")) <= 100
    for zone in drawn.zones():
        assert 0 <= zone.start <= zone.end <= 100.0001


@pytest.mark.parametrize(("value", "anchor"), [(3.0, "start"), (4.3, "middle"), (8.0, "end")])
def test_the_words_of_the_marker_stay_inside(value: float, anchor: str) -> None:
    assert of(value).anchor == anchor


def test_what_is_equal_on_all_sides_still_has_a_line() -> None:
    assert of(5, 5, 5).span[0] < 5 < of(5, 5, 5).span[1]
    assert of(0, None, 0).x


def test_words_stand_only_where_there_is_room() -> None:
    narrow = of(9, low=1, high=1.2).zones()
    assert [bool(zone.shown) for zone in narrow][1] is False
