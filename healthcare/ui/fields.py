"""Form fields that read what people really write, and keep it on the page when it cannot be read."""

import re
import unicodedata
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from healthcare.ui.dates import day_text
from healthcare.ui.reading import Unreadable, phone_text, read_day, read_phone

OLDEST_AGE = 130  # years; the longest life known was 122
JOINERS = "\u200c\u200d"  # Persian and Indic names need them
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


class LineField(forms.CharField):
    """One line of text: accents composed (Unicode NFC), spaces single, nothing in it that cannot be seen.

    It sets no `maxlength`, which would cut a pasted text silently.
    """

    default_error_messages = {
        "too_long": _("%(label)s is too long: %(limit)d characters fit, it has %(count)d"),
        "unseen": _("%(label)s holds a character that cannot be seen. Type it again by hand"),
    }

    def __init__(self, *, at_most: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.at_most = at_most

    def to_python(self, value: Any) -> str:
        text = " ".join(unicodedata.normalize("NFC", super().to_python(value) or "").split())
        if any(unicodedata.category(sign) in UNSEEN and sign not in JOINERS for sign in text):
            raise self.refusal("unseen")
        if len(text) > self.at_most:
            raise self.refusal("too_long", limit=self.at_most, count=len(text))
        return text

    def refusal(self, code: str, **values: Any) -> ValidationError:
        return ValidationError(self.error_messages[code], code=code, params={"label": self.label, **values})


class PatternField(LineField):
    """A short text of one shape, such as a ZIP code; `refused` says what fits."""

    def __init__(self, *, pattern: str, refused: Any, **kwargs: Any) -> None:
        super().__init__(at_most=40, widget=forms.TextInput({"class": "short"}), **kwargs)
        self.pattern, self.refused = re.compile(pattern), refused

    def to_python(self, value: Any) -> str:
        text = super().to_python(value).upper()
        if text and not self.pattern.fullmatch(text):
            raise ValidationError(self.refused, code="pattern")
        return text


class FlexibleDateInput(forms.TextInput):
    """A text input: browsers' own date pickers make a birthday of 1968 a long way back."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"class": "medium", "spellcheck": "false", **(attrs or {})})

    def format_value(self, value: Any) -> str | None:
        return day_text(value) if isinstance(value, date) else super().format_value(value)


def _any_writing() -> str:
    return gettext("Any usual way of writing it works, like %(day)s") % {"day": day_text(timezone.localdate())}


ANY_WRITING = lazy(_any_writing, str)()  # with today as the example, which is near to what most fields ask for


class FlexibleDateField(forms.Field):
    """A day in any usual writing: 1968-03-12, Mar 12, 1968, or numbers in the reader's own order.

    `earliest` and `latest` bound it; both are days, or callables that give one when the form is checked.
    """

    widget = FlexibleDateInput
    default_error_messages = {
        "required": _("Enter a date"),
        "too_early": _("%(label)s cannot be before %(limit)s"),
        "too_late": _("%(label)s cannot be after %(limit)s"),
    }

    def __init__(self, *, earliest: Any = None, latest: Any = None, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", ANY_WRITING)
        super().__init__(**kwargs)
        self.earliest, self.latest = earliest, latest

    def to_python(self, value: Any) -> date | None:
        """The day; raises ValidationError with a sentence that says what fits."""
        if value in self.empty_values:
            return None
        if isinstance(value, date):
            return value
        try:
            return read_day(str(value).strip())
        except Unreadable as problem:
            raise ValidationError(str(problem), code="unreadable") from problem

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is None:
            return
        earliest, latest = _day(self.earliest), _day(self.latest)
        if earliest and value < earliest:
            raise self._out_of_bounds("too_early", earliest)
        if latest and value > latest:
            raise self._out_of_bounds("too_late", latest)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != self.to_python(initial))
        except ValidationError:
            return True

    def _out_of_bounds(self, code: str, limit: date) -> ValidationError:
        values = {"label": self.label or _("The date"), "limit": day_text(limit)}
        return ValidationError(self.error_messages[code], code=code, params=values)


class DateOfBirthField(FlexibleDateField):
    """A day of birth: not in the future, not more than 130 years ago."""

    default_error_messages = {
        "required": _("Enter the date of birth"),
        "too_early": _("Date of birth is more than 130 years ago. Check the year"),
        "too_late": _("Date of birth is in the future. Check the year"),
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Date of birth"))
        kwargs.setdefault("help_text", _("Any usual way of writing it works, like Mar 12, 1968"))
        super().__init__(earliest=_oldest_birth, latest=timezone.localdate, **kwargs)


class NumberField(forms.DecimalField):
    """A number with the reader's own decimal mark, in a text input: a number input forgets what it cannot read."""

    widget = forms.TextInput
    default_error_messages = {"invalid": _("Enter a number, like 81.4")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(localize=True, **kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "class": "short"}


class PhoneField(forms.CharField):
    """A phone number, kept in E.164 form; numbers without + belong to the North American plan."""

    widget = forms.TelInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Phone"))
        kwargs.setdefault("max_length", 40)
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """`inputmode` brings up the number keys; no maxlength, which would cut a pasted number silently."""
        return {"inputmode": "tel", "class": "medium"}

    def clean(self, value: Any) -> str:
        typed = super().clean(value)
        if not typed:
            return ""
        try:
            return read_phone(typed)
        except Unreadable as problem:
            raise ValidationError(str(problem), code="unreadable") from problem

    def prepare_value(self, value: Any) -> Any:
        return phone_text(value) if isinstance(value, str) else value


def _day(bound: Any) -> date | None:
    found: date | None = bound() if callable(bound) else bound
    return found


def _oldest_birth() -> date:
    today = timezone.localdate()
    return date(today.year - OLDEST_AGE, today.month, 1)
