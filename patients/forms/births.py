"""A date of birth as people know it: a day, a month, a year, "about 40", or that nobody knows."""

import re
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from healthcare.ui.dates import day_text, month_text
from healthcare.ui.fields import DateOfBirthField
from healthcare.ui.reading import Unreadable, read_day
from patients.rules.births import MOST_YEARS, UNKNOWN, Birth, of_age, of_month, of_year


def about_words() -> tuple[str, ...]:
    return ("about", "ca", "circa", "approx", "approximately", "~", pgettext("before an estimated age", "about"))


def unknown_words() -> tuple[str, ...]:
    return ("unknown", "not known", "unk", "?", pgettext("a date of birth", "unknown"), gettext("not known"))


def read_birth(text: str, today: date) -> Birth:
    """What is known of a birth, of what somebody typed. Raises Unreadable with a sentence that says what fits."""
    said = " ".join(text.casefold().split()).rstrip(".")
    if said in {word.casefold() for word in unknown_words()}:
        return UNKNOWN
    guessed = next((said.removeprefix(word).strip(" .") for word in about_words() if said.startswith(word)), None)
    if guessed is not None:
        return _guessed(guessed, today)
    if found := re.fullmatch(r"[0-9]{4}", said):
        return _checked(of_year, int(said))
    if found := re.fullmatch(r"([0-9]{4})[-/. ]([0-9]{1,2})|([0-9]{1,2})[-/. ]([0-9]{4})", said):
        year, month = found[1] or found[4], found[2] or found[3]
        return _checked(of_month, int(year), int(month))
    words = re.findall(r"[^\W\d_]+|[0-9]+", said)
    if len(words) == 2 and sum(word.isdecimal() for word in words) == 1:
        # The month is read as the reader's language writes it, with a day that every month has.
        return Birth(read_day(f"{text} 15").replace(day=15), "month")
    return Birth(read_day(text))


def _guessed(said: str, today: date) -> Birth:
    if re.fullmatch(r"[0-9]{4}", said):
        found = _checked(of_year, int(said))
        return Birth(found.birth_date, "estimated")
    age = re.match(r"[0-9]{1,3}(?![0-9])", said)
    if not age or int(age[0]) > MOST_YEARS:
        raise Unreadable(gettext("Write an age or a year, like about 40 or about 1985"))
    return of_age(int(age[0]), today)


def _checked(make: Any, *numbers: int) -> Birth:
    try:
        found: Birth = make(*numbers)
    except ValueError as problem:
        raise Unreadable(gettext("Write day, month and year, like Mar 12, 1968")) from problem
    return found


def birth_text(birth: Birth) -> str:
    """As it would be typed."""
    if birth.birth_date is None:
        return pgettext("a date of birth", "unknown")
    born = birth.birth_date
    return {
        "day": day_text(born),
        "month": month_text(born, with_day=False),
        "estimated": f"{pgettext('before an estimated age', 'about')} {born.year}",
    }.get(birth.birth_precision, str(born.year))


class BirthField(DateOfBirthField):
    """Reads into a `Birth`; the bounds are those of a date of birth."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", _("Mar 12, 1968; if no more is known: Mar 1968, 1968, about 40, or unknown"))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return birth_text(value) if isinstance(value, Birth) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, Birth) or value in self.empty_values:
            return value or None
        if isinstance(value, date):
            return Birth(value)
        try:
            return read_birth(str(value).strip(), timezone.localdate())
        except Unreadable as problem:
            raise ValidationError(str(problem), code="unreadable") from problem

    def validate(self, value: Any) -> None:
        if not isinstance(value, Birth):
            super().validate(value)
        elif value.birth_precision == "day":
            super().validate(value.birth_date)
        elif value.birth_date:
            today = timezone.localdate()
            year = min(value.birth_date, today) if value.birth_date.year == today.year else value.birth_date
            super().validate(year)
