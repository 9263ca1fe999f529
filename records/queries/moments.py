"""A moment as exactly as it was said: another system may know the year alone."""

import re
from datetime import date, datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from healthcare.ui.dates import day_text, month_text
from healthcare.ui.words import moment
from records.models import Entry
from records.rules.told import DAY, MONTH, UNKNOWN, YEAR


def said_moment(at: datetime, precision: str, *, show: str = "both") -> SafeString:
    """A `time` element; of a year, month or day no more than that; words where nobody said when."""
    if precision == UNKNOWN:
        return SafeString(_("date not known"))
    local = localtime(at)
    if precision == YEAR:
        return format_html('<time datetime="{0}">{0}</time>', f"{local:%Y}")
    if precision == MONTH:
        return format_html('<time datetime="{}">{}</time>', f"{local:%Y-%m}", month_text(local.date(), with_day=False))
    return moment(at, show="day" if precision == DAY else show)


def said_day(text: str) -> str:
    """A day or month that is kept as ISO 8601, in the reader's own writing; a year, and what is no date, as it is."""
    found = re.fullmatch(r"(\d{4})-(\d\d)(?:-(\d\d))?", text)
    if not found:
        return text
    year, month, day = (int(part or 1) for part in found.groups())
    try:
        told = date(year, month, day)
    except ValueError:
        return text
    return day_text(told) if found[3] else month_text(told, with_day=False)


def moment_of(entry: Entry, *, show: str = "both") -> SafeString:
    """When it was true of the patient."""
    return said_moment(entry.effective_at, str(entry.data.get("precision", "")), show=show)
