"""Words for entries where a page has the row itself."""

from typing import Any

from django import template
from django.utils.translation import gettext

from records.forms.vitals import IN_AMERICA
from records.kinds import kinds
from records.kinds.allergy import SEVERITIES
from records.kinds.flags import value_text
from records.models import Entry
from records.rules.units import Quantity, convert, rounded, shown, sign_of

register = template.Library()
register.filter("value", value_text)


@register.filter
def in_america(entry: Entry) -> str:
    """The same value in °F, pounds or inches; nothing for what is measured alike everywhere."""
    unit = IN_AMERICA.get(entry.unit)
    if unit is None or entry.value is None:
        return ""
    return f"{shown(rounded(convert(Quantity(entry.value, entry.unit), unit), 1))} {sign_of(unit)}"


@register.filter
def said(entry: Entry, name: str) -> str:
    """A part of what the entry says; nothing where it does not say it."""
    return str(entry.data.get(name, ""))


@register.filter
def since(entry: Entry) -> str:
    onset = said(entry, "onset")
    return gettext("since %(when)s") % {"when": onset} if onset else ""


@register.filter
def clinical_words(entry: Entry) -> Any:
    """The clinical status in words."""
    return kinds()[entry.kind].clinical_words.get(entry.clinical_status, entry.clinical_status)


@register.filter
def severity(entry: Entry) -> Any:
    """How bad a reaction is, in words; nothing where it is not known."""
    return SEVERITIES.get(entry.data.get("severity", ""), "")
