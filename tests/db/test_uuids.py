"""UUIDv7 as RFC 9562 section 5.7 has it."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from healthcare.db.uuids import floor7, moment_of, uuid7

MOMENTS = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_version_and_variant_are_those_of_the_rfc():
    for _ in range(1_000):
        key = uuid7()
        assert key.version == 7
        assert key.variant == uuid.RFC_4122


def test_the_time_is_now():
    made = moment_of(uuid7()).timestamp()
    assert abs(made - time.time()) < 10  # another test may have stood a little in the future


def test_keys_made_one_after_the_other_sort_so():
    keys = [uuid7() for _ in range(20_000)]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_threads_never_share_a_key():
    with ThreadPoolExecutor(8) as pool:
        keys = [key for made in pool.map(lambda _: [uuid7() for _ in range(2_000)], range(8)) for key in made]
    assert len(set(keys)) == len(keys)


def test_a_clock_that_stumbles_does_not_take_the_keys_with_it_but_one_set_back_is_believed(monkeypatch):
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now)
    first = uuid7()
    now -= 5 * 10**9
    assert uuid7() > first
    now -= 3600 * 10**9
    assert abs(moment_of(uuid7()).timestamp() - now / 10**9) < 0.01


@given(moment=MOMENTS)
def test_the_floor_is_the_smallest_key_of_its_millisecond(moment):
    floor = floor7(moment)
    assert floor.version == 7
    assert floor.variant == uuid.RFC_4122
    assert floor.int & 0x0FFF_3FFF_FFFF_FFFF_FFFF == 0
    assert abs(moment_of(floor) - moment) < timedelta(milliseconds=1.01)


@given(first=MOMENTS, second=MOMENTS)
def test_floors_sort_as_their_moments_do(first, second):
    if first <= second:
        assert floor7(first) <= floor7(second)


@pytest.mark.django_db
def test_the_database_computes_the_same_floor_and_the_same_time():
    moment = datetime(2026, 3, 1, 12, 30, 15, 123_000, tzinfo=UTC)
    key = uuid7()
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.floor7(%s), uuid_extract_timestamp(%s)", [moment, key])
        assert cursor.fetchone() == (floor7(moment), moment_of(key))
