"""Fields about where somebody is and how to reach them."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from healthcare.ui.fields import PatternField
from patients.rules.profile import is_zip_code


class EmailField(forms.EmailField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("E-mail"))
        super().__init__(max_length=254, **kwargs)
        self.widget.attrs.pop("maxlength", None)
        self.error_messages["invalid"] = _("E-mail needs an address like name@mail.example")


class ZipField(PatternField):
    """A ZIP code of the United States that somebody could live at."""

    default_error_messages = {"unknown": _("No place has a ZIP code that begins with %(prefix)s. Check the digits")}

    def __init__(self, **kwargs: Any) -> None:
        refused = _("ZIP code has 5 digits, like 01608, or 9, like 01608-1234")
        kwargs.setdefault("label", _("ZIP code"))
        super().__init__(pattern=r"[0-9]{5}(-[0-9]{4})?", refused=refused, **kwargs)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        if text and not is_zip_code(text):
            raise self.refusal("unknown", prefix=text[:3])
        return text


class TimeOfDayField(forms.TimeField):
    """A time on the clock, such as 21:00 or 9 pm."""

    FORMATS = ["%H:%M", "%I:%M %p", "%I %p", "%I%p", "%I:%M%p"]

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput({"class": "short"})
        super().__init__(input_formats=self.FORMATS, required=False, widget=widget, **kwargs)
        self.error_messages["invalid"] = _("Enter a time, like 21:00 or 9 pm")

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else f"{value:%H:%M}"
