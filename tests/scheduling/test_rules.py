"""Grid, spans, refusals and distances, under generated input."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scheduling.actions.refusals import SENTENCES, sentence
from scheduling.models import VisitType
from scheduling.rules import (
    Length,
    Offer,
    Refusal,
    bookable_between,
    by_distance,
    day_span,
    distance_km,
    merged,
    nearest,
    next_on_grid,
    on_grid,
    parse_place,
    starts_within,
    why_not_offered,
    why_not_then,
    without,
)

MINUTE = timedelta(minutes=1)
NEW_YORK = ZoneInfo("America/New_York")
# Whole and half hours off, no daylight saving, half an hour of it, and one that skipped a day.
ZONES = [
    "America/New_York",
    "America/St_Johns",
    "America/Phoenix",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
    "America/Santiago",
    "UTC",
]
zones = st.sampled_from(ZONES).map(ZoneInfo)
SECONDS = [int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2026, 2029)]
moments = st.integers(*SECONDS).map(lambda second: datetime.fromtimestamp(second, UTC))
minutes = moments.map(lambda moment: moment.replace(second=0, microsecond=0))
grids = st.sampled_from([1, 5, 10, 15, 20, 30, 45, 50, 60, 90, 240])
FAR = datetime(1990, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)


# == The grid ==
@given(moments, zones, grids)
def test_the_next_start_is_on_the_grid_and_not_before(moment, zone, grid):
    found = next_on_grid(moment, zone, grid)
    assert on_grid(found, zone, grid)
    assert found >= moment
    assert found.tzinfo == UTC


@given(moments, zones, st.sampled_from([1, 5, 10, 15, 30]))
def test_no_start_is_passed_over(moment, zone, grid):
    found = next_on_grid(moment, zone, grid)
    minute = moment.replace(second=0, microsecond=0) + (MINUTE if moment.second or moment.microsecond else timedelta())
    while minute < found:
        assert not on_grid(minute, zone, grid)
        minute += MINUTE


def test_a_second_past_the_minute_is_not_on_the_grid():
    assert not on_grid(datetime(2026, 5, 6, 9, 0, 1, tzinfo=UTC), ZoneInfo("UTC"), 5)
    assert next_on_grid(datetime(2026, 5, 6, 9, 0, 1, tzinfo=UTC), ZoneInfo("UTC"), 1).minute == 1


@given(
    minutes,
    st.integers(10, 60 * 30),
    zones,
    st.sampled_from([5, 10, 15, 30, 45, 60]),
    st.integers(5, 90),
    st.integers(0, 30),
    st.integers(0, 30),
)
def test_starts_are_exactly_those_on_the_grid_that_fit(begins, long, zone, grid, length, before, after):
    ends = begins + long * MINUTE
    visit = Length(length, before, after, grid)
    fitting = []
    minute = begins
    while minute < ends:
        first, last = visit.blocked(minute)
        if on_grid(minute, zone, grid) and begins <= first and last <= ends:
            fitting.append(minute)
        minute += MINUTE
    assert list(starts_within([(begins, ends)], zone, visit, between=FAR)) == fitting


@given(minutes, zones)
def test_starts_lie_between_what_was_asked_for(begins, zone):
    ends = begins + timedelta(hours=8)
    between = begins + timedelta(hours=2), begins + timedelta(hours=4)
    found = list(starts_within([(begins, ends)], zone, Length(30), between=between))
    assert found
    assert all(between[0] <= start < between[1] for start in found)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 5, 6), 24)])
def test_a_day_has_its_own_length(day, hours):
    begins, ends = day_span(day, NEW_YORK)
    assert ends - begins == timedelta(hours=hours)
    starts = list(starts_within([(begins, ends)], NEW_YORK, Length(30, grid=30), between=FAR))
    assert len(starts) == hours * 2


@given(st.dates(date(2026, 1, 1), date(2029, 1, 1)), zones)
def test_days_follow_each_other_without_gap_or_overlap(day, zone):
    assert day_span(day, zone)[1] == day_span(day + timedelta(days=1), zone)[0]


def test_blocked_time_has_the_buffers_and_seen_time_does_not():
    nine = datetime(2026, 5, 6, 9, tzinfo=UTC)
    visit = Length(30, before=10, after=5)
    assert visit.blocked(nine) == (nine - 10 * MINUTE, nine + 35 * MINUTE)
    assert visit.seen(nine) == (nine, nine + 30 * MINUTE)


# == Spans ==
spans = st.lists(
    st.tuples(minutes, st.integers(1, 300)).map(lambda pair: (pair[0], pair[0] + pair[1] * MINUTE)), max_size=6
)
near_spans = st.lists(
    st.tuples(st.integers(0, 120), st.integers(1, 60)).map(
        lambda pair: (FAR[0] + pair[0] * MINUTE, FAR[0] + sum(pair) * MINUTE)
    ),
    max_size=6,
)


def minutes_in(found):
    return {begins + n * MINUTE for begins, ends in found for n in range(int((ends - begins).total_seconds() // 60))}


@given(near_spans)
def test_merged_spans_are_the_same_time_once(found):
    joined = merged(found)
    assert minutes_in(joined) == minutes_in(found)
    assert all(one[1] < other[0] for one, other in pairwise(joined))


@given(near_spans, near_spans)
def test_what_is_left_is_what_was_not_taken(found, taken):
    assert minutes_in(without(found, taken)) == minutes_in(found) - minutes_in(taken)


@given(st.lists(minutes, max_size=12), minutes, st.integers(1, 5))
def test_the_nearest_are_nearer_than_the_rest(starts, wanted, count):
    chosen = nearest(starts, wanted, count)
    rest = set(starts) - set(chosen)
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(count, len(set(starts)))
    assert all(abs(one - wanted) <= abs(other - wanted) for one in chosen for other in rest)


# == What may be booked ==
GOOD = {
    "active": True,
    "in_portal": True,
    "type_specialty": "",
    "provider_specialty": "Cardiology",
    "provider_left": False,
    "accepting": True,
    "known_patient": False,
    "site_closed": False,
    "at_site": True,
    "by_patient": True,
}


def test_a_good_offer_is_not_refused():
    assert why_not_offered(Offer(**GOOD)) is None


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"active": False}, Refusal.NOT_OFFERED),
        ({"in_portal": False}, Refusal.NOT_IN_PORTAL),
        ({"in_portal": False, "by_patient": False}, None),
        ({"type_specialty": "Pediatrics"}, Refusal.OTHER_SPECIALTY),
        ({"type_specialty": "Cardiology"}, None),
        ({"provider_left": True}, Refusal.PROVIDER_LEFT),
        ({"accepting": False}, Refusal.NOT_ACCEPTING),
        ({"accepting": False, "known_patient": True}, None),
        ({"site_closed": True}, Refusal.SITE_CLOSED),
        ({"at_site": False}, Refusal.NOT_AT_SITE),
    ],
)
def test_each_reason_refuses_by_itself(changed, refusal):
    assert why_not_offered(Offer(**GOOD | changed)) == refusal


NOW = datetime(2026, 5, 6, 12, tzinfo=UTC)


def why(start, *, by_patient=True):
    between = bookable_between(NOW, notice_minutes=120, horizon_days=10, by_patient=by_patient)
    return why_not_then(start, NOW, between, zone=NEW_YORK, grid=5)


@pytest.mark.parametrize(
    ("offset", "for_patient", "for_desk"),
    [
        (-5, Refusal.PAST, Refusal.PAST),
        (0, Refusal.TOO_SOON, None),
        (115, Refusal.TOO_SOON, None),
        (120, None, None),
        (122, Refusal.OFF_GRID, Refusal.OFF_GRID),
        (10 * 1440 - 5, None, None),
        (10 * 1440, Refusal.TOO_FAR, Refusal.TOO_FAR),
    ],
)
def test_notice_horizon_and_grid(offset, for_patient, for_desk):
    assert why(NOW + offset * MINUTE) == for_patient
    assert why(NOW + offset * MINUTE, by_patient=False) == for_desk


def test_every_refusal_has_a_sentence():
    assert set(SENTENCES) == set(Refusal)
    for refusal in Refusal:
        assert "%" not in sentence(refusal, VisitType(notice_minutes=60, horizon_days=9))
        assert sentence(refusal).endswith(".")


# == Near ==
places = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(places, places)
def test_distances_are_the_same_both_ways_and_at_most_half_way_round(one, other):
    there = distance_km(one, other)
    assert there == pytest.approx(distance_km(other, one), abs=1e-6)
    assert 0 <= there <= 20016


@given(places)
def test_nowhere_is_far_from_itself(place):
    assert distance_km(place, place) < 0.001


def test_distances_that_are_known():
    boston, new_york = (42.3601, -71.0589), (40.7128, -74.0060)
    assert distance_km(boston, new_york) == pytest.approx(306, abs=1)
    assert distance_km((0, 0), (0, 180)) == pytest.approx(20015, abs=1)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("01608", "01608"),
        (" 01608-1234 ", "01608"),
        ("42.36,-71.05", (42.36, -71.05)),
        ("42.36, -71.05", (42.36, -71.05)),
        ("", None),
        ("Worcester", None),
        ("1608", None),
        ("٠١٦٠٨", None),
        ("91,0", None),
        ("0,181", None),
        ("1,2,3", None),
        ("nan,nan", None),
    ],
)
def test_places_as_typed(text, place):
    assert parse_place(text) == place


@given(st.text(max_size=30))
def test_no_text_is_too_odd_for_a_place(text):
    place = parse_place(text)
    assert place is None or isinstance(place, str | tuple)


@given(st.lists(st.tuples(st.none() | st.floats(0, 20000), st.text(max_size=3)), max_size=8))
def test_near_before_far_and_the_unknown_last(found):
    order = by_distance(found)
    assume(found)
    assert sorted(order) == list(range(len(found)))
    distances = [found[n][0] for n in order]
    known = [distance for distance in distances if distance is not None]
    assert distances == [*sorted(known), *[None] * (len(found) - len(known))]
