from contextlib import suppress
from datetime import date

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from healthcare.ui.dates import day_text
from healthcare.ui.reading import Unreadable, phone_text, read_day, read_phone

MARCH_12 = date(1968, 3, 12)


@pytest.mark.parametrize(
    "text",
    [
        "1968-03-12",
        "1968/3/12",
        "1968 3 12",
        "3/12/1968",
        "03-12-1968",
        "3.12.1968",
        "Mar 12, 1968",
        "mar 12 1968",
        "March 12, 1968",
        "12 MARCH 1968",
        "12 Mar. 1968",
        "1968 Mar 12",
        "12mar1968",
        "  March   12 1968 ",
    ],
)
def test_any_usual_way_of_writing_a_day(text: str) -> None:
    assert read_day(text) == MARCH_12


def test_sept_is_a_month_too() -> None:
    assert read_day("Sept 5, 1990") == date(1990, 9, 5)


def test_numbers_follow_the_readers_order() -> None:
    with translation.override("es"):
        assert read_day("12/3/1968") == MARCH_12
        assert read_day("12 marzo 1968") == MARCH_12
        assert read_day("12 March 1968") == MARCH_12


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("yesterday", "Write day, month and year, like Mar 12, 1968"),
        ("", "Write day, month and year, like Mar 12, 1968"),
        ("3/1968", "Write day, month and year, like Mar 12, 1968"),
        ("Mar 1968", "Write day, month and year, like Mar 12, 1968"),
        ("Mar Apr 12 1968", "Write day, month and year, like Mar 12, 1968"),
        ("1/2/3/4", "Write day, month and year, like Mar 12, 1968"),
        ("3/12/68", "Write the year with four digits, like 1968"),
        ("Mar 12, 68", "Write the year with four digits, like 1968"),
        ("13/12/1968", "There is no month 13. Write the month in letters, like Mar"),
        ("2/30/1968", "February 1968 has no day 30"),
        ("Feb 29, 1967", "February 1967 has no day 29"),
    ],
)
def test_a_day_that_cannot_be_read_says_what_fits(text: str, sentence: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_day(text)
    assert str(refused.value) == sentence


@given(st.dates(date(1000, 1, 1), date(9999, 12, 31)))
def test_what_we_write_we_can_read(day: date) -> None:
    assert read_day(day_text(day)) == day
    assert read_day(day.isoformat()) == day


@given(st.text(max_size=30))
def test_reading_a_day_never_breaks(text: str) -> None:
    with suppress(Unreadable):
        assert isinstance(read_day(text), date)


@pytest.mark.parametrize(
    "text",
    ["508-555-0177", "(508) 555 0177", "5085550177", "+1 508 555 0177", "1-508-555-0177", "508.555.0177"],
)
def test_a_number_of_ours_becomes_e164(text: str) -> None:
    assert read_phone(text) == "+15085550177"


def test_a_number_from_abroad_keeps_its_country() -> None:
    assert read_phone("+49 30 901820") == "+4930901820"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("508-555-017", "Phone needs 10 digits. It has 9"),
        ("+1 508 555 017", "Phone needs 10 digits. It has 9"),
        ("2508-555-0177", "Phone needs 10 digits. It has 11"),
        ("", "Phone needs 10 digits. It has 0"),
        ("108-555-0177", "Phone has an area code or exchange that starts with 0 or 1. None does"),
        ("508-155-0177", "Phone has an area code or exchange that starts with 0 or 1. None does"),
        ("508-555-0177 x12", "Phone may hold only digits, spaces, and + ( ) - . Leave out any extension"),
        ("+49 30", "A number from abroad needs + and its country code, 8 to 15 digits. It has 4"),
        ("+0930901820", "A number from abroad needs + and its country code, 8 to 15 digits. It has 10"),
    ],
)
def test_a_number_that_cannot_be_one_says_why(text: str, sentence: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_phone(text)
    assert str(refused.value) == sentence


@given(st.text(alphabet="0123456789+-(). ", max_size=25))
def test_every_number_read_is_e164_and_reads_again(text: str) -> None:
    try:
        number = read_phone(text)
    except Unreadable:
        return
    assert number.startswith("+")
    assert 8 <= len(number) - 1 <= 15
    assert read_phone(phone_text(number)) == number


def test_numbers_are_shown_as_people_write_them() -> None:
    assert phone_text("+15085550177") == "508-555-0177"
    assert phone_text("+4930901820") == "+4930901820"
