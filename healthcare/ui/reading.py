"""Read what people type: a day in any usual writing, a phone number. A refusal is a sentence that says what fits."""

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from django.utils.dates import MONTHS, MONTHS_3
from django.utils.formats import get_format
from django.utils.translation import get_language, gettext, override

DIGITS_US = 10
DIGITS_E164 = (8, 15)  # ITU-T E.164: at most 15 digits with the country code
PHONE_CHARACTERS = re.compile(r"[\d\s().+\-\u2010-\u2013/]*")


class Unreadable(ValueError):
    """What was typed cannot be used; the message says why, in the reader's language."""


def read_day(text: str) -> date:
    """A day written as 1968-03-12, Mar 12 1968, 12 March 1968 or in the reader's own order of numbers.

    Numbers alone follow the active language (month first in en-US). Raises Unreadable.
    """
    words = re.findall(r"[^\W\d_]+|\d+", text)
    numbers = [word for word in words if word.isdecimal()]
    months = _month_names(get_language() or "en")
    names = [months[word.casefold()] for word in words if word.casefold() in months]
    if (len(numbers), len(names)) not in {(3, 0), (2, 1)}:
        raise Unreadable(gettext("Write day, month and year, like Mar 12, 1968"))
    year, month, day = _with_name(numbers, names[0]) if names else _by_order(numbers)
    return _day(year, month, day)


def read_phone(text: str, *, country_code: str = "1") -> str:
    """The number in E.164 form (ITU-T E.164), such as +15085550177. Raises Unreadable.

    Without a leading + it is a number of the North American plan: ten digits, neither the area code nor
    the exchange beginning with 0 or 1.
    """
    if not PHONE_CHARACTERS.fullmatch(text):
        raise Unreadable(gettext("Phone may hold only digits, spaces, and + ( ) - . Leave out any extension"))
    digits = "".join(re.findall(r"\d", text))
    abroad = text.strip().startswith("+")
    if abroad and not digits.startswith(country_code):
        return _international(digits)
    if (abroad or len(digits) == DIGITS_US + 1) and digits.startswith(country_code):
        digits = digits.removeprefix(country_code)
    if len(digits) != DIGITS_US:
        raise Unreadable(gettext("Phone needs 10 digits. It has %(count)d") % {"count": len(digits)})
    if digits[0] in "01" or digits[3] in "01":
        raise Unreadable(gettext("Phone has an area code or exchange that starts with 0 or 1. None does"))
    return f"+{country_code}{digits}"


def phone_text(number: str) -> str:
    """The number as people here write it: +15085550177 becomes 508-555-0177; foreign numbers keep their +."""
    found = re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", number)
    return "-".join(found.groups()) if found else number


def _international(digits: str) -> str:
    least, most = DIGITS_E164
    if not least <= len(digits) <= most or digits.startswith("0"):
        raise Unreadable(
            gettext("A number from abroad needs + and its country code, %(least)d to %(most)d digits. It has %(count)d")
            % {"least": least, "most": most, "count": len(digits)}
        )
    return f"+{digits}"


def _with_name(numbers: list[str], month: int) -> tuple[int, int, int]:
    """Year, month, day when the month is a word: the year is the number of four digits."""
    first, second = numbers
    day, year = (second, first) if len(first) == 4 else (first, second)
    return _year(year), month, int(day)


def _by_order(numbers: list[str]) -> tuple[int, int, int]:
    first, second, third = numbers
    if len(first) == 4:
        return int(first), int(second), int(third)
    month, day = (first, second) if _month_comes_first() else (second, first)
    return _year(third), int(month), int(day)


def _year(text: str) -> int:
    if len(text) != 4:
        raise Unreadable(gettext("Write the year with four digits, like 1968"))
    return int(text)


def _day(year: int, month: int, day: int) -> date:
    if not 1 <= month <= 12:
        told = gettext("There is no month %(month)d. Write the month in letters, like Mar")
        raise Unreadable(told % {"month": month})
    try:
        return date(year, month, day)
    except ValueError as problem:
        values = {"month": str(MONTHS[month]), "year": year, "day": day}
        raise Unreadable(gettext("%(month)s %(year)d has no day %(day)d") % values) from problem


def _month_comes_first() -> bool:
    order = [pattern for pattern in get_format("DATE_INPUT_FORMATS") if "/" in pattern or "." in pattern]
    return bool(order) and order[0].startswith("%m")


@lru_cache(maxsize=16)
def _month_names(language: str) -> Mapping[str, int]:
    """Long and three-letter names of the months in that language and in English, folded for comparing."""
    names: dict[str, int] = {}
    for spoken in ("en", language):
        with override(spoken):
            for number in range(1, 13):
                for name in (str(MONTHS[number]), str(MONTHS_3[number])):
                    names[name.strip(".").casefold()] = number
    return names | {"sept": 9}
