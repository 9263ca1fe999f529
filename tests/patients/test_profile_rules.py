"""Whether and when somebody is written to, and what is a ZIP code."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.models import ContactPreference
from patients.queries.places import centroids
from patients.rules.profile import LANGUAGES, UNUSED_PREFIXES, end_of_quiet, is_zip_code, may_tell, why_no_name

NINE, EIGHT = time(21), time(8)


@pytest.mark.parametrize("purpose", ContactPreference.Purpose.values)
@pytest.mark.parametrize("channel", ContactPreference.Channel.values)
def test_where_nobody_asked_only_what_the_care_needs_goes_and_no_text_message(channel, purpose) -> None:
    assert may_tell(channel, purpose, None) == (channel != "sms" and purpose != "news")
    assert may_tell(channel, purpose, True)
    assert not may_tell(channel, purpose, False)


@pytest.mark.parametrize(
    ("moment", "ends"),
    [
        ((6, 20, 59), None),
        ((6, 21, 0), (7, 8, 0)),
        ((6, 23, 59), (7, 8, 0)),
        ((7, 0, 0), (7, 8, 0)),
        ((7, 7, 59), (7, 8, 0)),
        ((7, 8, 0), None),
    ],
)
def test_quiet_hours_over_midnight(moment, ends) -> None:
    local = datetime(2026, 5, *moment, tzinfo=UTC)
    assert end_of_quiet(local, NINE, EIGHT) == (datetime(2026, 5, *ends, tzinfo=UTC) if ends else None)


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    noon = datetime(2026, 5, 6, 12, tzinfo=UTC)
    assert end_of_quiet(noon, time(11), time(13)) == noon + timedelta(hours=1)
    assert end_of_quiet(noon, time(13), time(15)) is None
    assert end_of_quiet(noon, None, None) is None
    assert end_of_quiet(noon, time(12), time(12)) is None


@given(st.integers(0, 10**9), st.times(), st.times())
def test_the_end_lies_ahead_within_a_day_and_outside(second, begins, ends) -> None:
    local = datetime.fromtimestamp(second, UTC)
    found = end_of_quiet(local, begins, ends)
    if found is not None:
        assert local < found <= local + timedelta(days=1)
        assert end_of_quiet(found, begins, ends) is None


@pytest.mark.parametrize("text", ["01608", "01608-1234", "016081234", "99501", "00501", "20500", "96910"])
def test_zip_codes(text) -> None:
    assert is_zip_code(text)


@pytest.mark.parametrize("text", ["", "0160", "016080", "00000", "00412", "98712-0000", "0160a", "٠١٦٠٨", "01608 1234"])
def test_what_is_none(text) -> None:
    assert not is_zip_code(text)


def test_nobody_lives_under_an_unused_prefix() -> None:
    assert not {code[:3] for code in centroids()} & UNUSED_PREFIXES


def test_languages_have_names_and_short_codes() -> None:
    assert LANGUAGES["pt"] == "Portuguese"
    assert LANGUAGES["zh"] == "Chinese (Mandarin)"
    assert all(len(code) <= 8 for code in LANGUAGES)
    assert len(set(LANGUAGES.values())) == len(LANGUAGES) > 50


@pytest.mark.parametrize(
    "text", ["Rosa", "O’Brien", "Nguyễn", "رقية", "רוּת", "李", "Ivan Иван", "Anna-Άννα", "สมศักดิ์", "", "van der Berg"]
)
def test_what_a_person_can_be_called(text) -> None:
    assert why_no_name(text) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("R\u043esa", "mixed"),
        ("Rosa R\u03bfe", "mixed"),
        ("\U0001d411osa", "ornament"),
        ("\uff32\uff4f\uff53\uff41", "ornament"),
        ("Ro" + "\u0335" * 4 + "sa", "marks"),
    ],
)
def test_what_looks_like_something_else(text, why) -> None:
    assert why_no_name(text) == why
