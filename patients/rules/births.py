"""When somebody was born, as far as it is known: unknown is not none, and a guess is no day."""

import re
from dataclasses import dataclass
from datetime import date

# How many days before or after the date that stands there the true one may lie.
SLACK = {"day": 0, "month": 16, "year": 184, "estimated": 5 * 366, "unknown": 0}
MOST_YEARS = 130


@dataclass(frozen=True)
class Birth:
    """`birth_date` is the day, or one in the middle of what is known: of the month, the year, or the estimate."""

    birth_date: date | None
    birth_precision: str = "day"

    @property
    def slack(self) -> int:
        return SLACK[self.birth_precision]


UNKNOWN = Birth(None, "unknown")


def of_month(year: int, month: int) -> Birth:
    """Raises ValueError where there is no such month."""
    return Birth(date(year, month, 15), "month")


def of_year(year: int) -> Birth:
    """Raises ValueError where there is no such year."""
    return Birth(date(year, 7, 1), "year")


def of_age(years: int, today: date) -> Birth:
    """Whoever looks so old."""
    return Birth(date(today.year - years, 7, 1) if years else today, "estimated")


def birth_told(text: str) -> Birth:
    """A date as FHIR writes it (https://hl7.org/fhir/R4/datatypes.html#date): a day, a month or a year.

    Raises ValueError for what is none; UNKNOWN for nothing.
    """
    if not text:
        return UNKNOWN
    found = re.fullmatch(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", text)
    if not found:
        raise ValueError("no date")
    year, month, day = (int(part) if part else None for part in found.groups())
    if day and month and year:
        return Birth(date(year, month, day))
    return of_month(year or 0, month) if month else of_year(year or 0)


def told_as(birth: Birth) -> str:
    """The same the other way round: never more than is known; an estimate is a year."""
    if birth.birth_date is None:
        return ""
    return birth.birth_date.isoformat()[: {"day": 10, "month": 7}.get(birth.birth_precision, 4)]
