from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from healthcare.ui import dates

NOV_23 = datetime(2026, 11, 23, 14, 52, tzinfo=UTC)


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        (date(1968, 3, 12), date(2026, 11, 23), "58 y"),
        (date(1968, 3, 12), date(2026, 3, 11), "57 y"),
        (date(1968, 3, 12), date(2026, 3, 12), "58 y"),
        (date(2026, 11, 23), date(2026, 11, 23), "0 d"),
        (date(2026, 11, 9), date(2026, 11, 23), "14 d"),
        (date(2026, 10, 23), date(2026, 11, 22), "30 d"),
        (date(2026, 10, 23), date(2026, 11, 23), "1 mo"),
        (date(2024, 11, 24), date(2026, 11, 23), "23 mo"),
        (date(2024, 11, 23), date(2026, 11, 23), "2 y"),
        (date(2008, 2, 29), date(2026, 2, 28), "17 y"),
        (date(2008, 2, 29), date(2026, 3, 1), "18 y"),
        (date(2026, 11, 24), date(2026, 11, 23), ""),
    ],
)
def test_age_is_said_in_days_months_or_years(born: date, on: date, age: str) -> None:
    assert dates.age_in_words(born, on) == age


@given(born=st.dates(date(1900, 1, 1), date(2026, 1, 1)), days=st.integers(0, 40_000))
def test_months_never_run_ahead_of_the_calendar(born: date, days: int) -> None:
    on = born + timedelta(days=days)
    months = dates.whole_months(born, on)
    assert months >= 0
    assert months * 28 <= days
    assert days <= (months + 1) * 31


@pytest.mark.parametrize(
    ("language", "text"),
    [("en-us", "Mar 12, 1968"), ("es", "12 de marzo de 1968"), ("de", "12. März 1968"), ("fr", "12 mars 1968")],
)
def test_the_month_is_in_letters_in_every_language(language: str, text: str) -> None:
    with translation.override(language):
        assert dates.day_text(date(1968, 3, 12)) == text


def test_no_language_of_ours_shows_the_month_as_a_number() -> None:
    for language in ("en-us", "es", "ar"):
        with translation.override(language):
            assert "11" not in dates.day_text(date(1968, 11, 5))


def test_time_is_lower_case_with_its_zone() -> None:
    assert dates.time_text(NOV_23) == "9:52 am EST"
    assert dates.time_text(NOV_23, zone=False) == "9:52 am"
    assert dates.moment_text(NOV_23) == "Nov 23, 2026, 9:52 am EST"


def test_noon_and_midnight() -> None:
    assert dates.time_text(datetime(2026, 11, 23, 17, 0, tzinfo=UTC)) == "12:00 pm EST"
    assert dates.time_text(datetime(2026, 11, 23, 5, 0, tzinfo=UTC)) == "12:00 am EST"


def test_the_zone_follows_summer_time() -> None:
    assert dates.time_text(datetime(2026, 7, 1, 13, 0, tzinfo=UTC)) == "9:00 am EDT"


def test_a_zone_without_letters_shows_its_offset() -> None:
    with timezone.override("Asia/Dubai"):
        assert dates.time_text(NOV_23) == "6:52 pm UTC+04"


def test_other_languages_use_their_own_clock() -> None:
    with translation.override("es"):
        assert dates.time_text(NOV_23) == "09:52 EST"


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        dates.time_text(datetime(2026, 11, 23, 9, 52))  # noqa: DTZ001


def test_labels_of_an_axis() -> None:
    assert dates.month_text(date(2026, 4, 14), with_day=False) == "Apr 2026"
    assert dates.month_text(date(2026, 4, 14), with_day=True) == "Apr 14"
