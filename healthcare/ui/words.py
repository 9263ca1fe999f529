"""Small pieces of text with their markup: a status, a name, a birth, a moment. Each is one line in a template."""

from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from healthcare.ui.dates import age_in_words, day_text, moment_text, month_text, time_text

ROLES = ("ok", "info", "wait", "warn", "bad", "off", "other", "unknown")


class NoSuchRole(ValueError):
    """A status has one of eight roles; each role has its colour and its shape."""


def role_class(role: str) -> str:
    """The role itself. Raises NoSuchRole, so that a typing mistake cannot show a status without its shape."""
    if role not in ROLES:
        raise NoSuchRole(f"{role!r} is no status role. Use one of {', '.join(ROLES)}.")
    return role


def tag(role: str, text: Any) -> SafeString:
    """A state in a table or a row: colour, shape and word."""
    return format_html('<span class="tag {}">{}</span>', role_class(role), text)


def status(role: str, text: Any) -> SafeString:
    """A state inside a sentence."""
    return format_html('<span class="status {}">{}</span>', role_class(role), text)


def ltr(value: Any) -> SafeString:
    """A dose, value, phone or record number that must not turn round in a right-to-left page."""
    return format_html('<bdi dir="ltr">{}</bdi>', value)


def person_name(family: str, given: str = "", preferred: str = "") -> SafeString:
    """Family name first and bold; the preferred name marked as such, when it differs."""
    name = format_html("<bdi><b>{}</b>{}</bdi>", family, f", {given}" if given else "")
    if not preferred or preferred == given:
        return name
    return format_html('{} <span class="soft">{}</span> <bdi>{}</bdi>', name, gettext("goes by"), preferred)


def initials(family: str, given: str = "") -> str:
    """Two letters at most, given name first."""
    return f"{given[:1]}{family[:1]}".upper()


def birth_date(born: Any, *, on: date | None = None, estimated: bool = False) -> SafeString:
    """Date of birth with the age on that day (today when not given): "Mar 12, 1968 (58 y)", "about 1968 (about 58 y)".

    `born` is a day, or somebody with a `birth_date` and how much of it is known, their `birth_precision`.
    """
    known = getattr(born, "birth_precision", "estimated" if estimated else "day")
    born = getattr(born, "birth_date", born)
    if born is None:
        return status("unknown", gettext("Date of birth not known"))
    about = gettext("about %s")
    said = {"day": day_text(born), "month": month_text(born, with_day=False)}.get(known, str(born.year))
    age = age_in_words(born, on or timezone.localdate())
    age = age if known in ("day", "month") or not age else about % age
    said = about % said if known == "estimated" else said
    iso = born.isoformat()[: {"day": 10, "month": 7}.get(known, 4)]
    return format_html('<time datetime="{}">{}</time>', iso, f"{said} ({age})" if age else said)


def moment(value: datetime | date | None, *, zone: bool = True, show: str = "both") -> SafeString:
    """A moment or a day as a `time` element; `show` is both, day or time. Nothing for None."""
    if value is None:
        return SafeString("")
    if not isinstance(value, datetime):
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), day_text(value))
    local = timezone.localtime(value)
    text = {
        "both": lambda: moment_text(value, zone=zone),
        "day": lambda: day_text(local),
        "time": lambda: time_text(value, zone=zone),
    }[show]()
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), text)


def keys(names: str) -> SafeString:
    """Keys to press one after the other: keys("g h")."""
    return format_html_join(" ", "<kbd>{}</kbd>", ((name,) for name in names.split()))


def count(number: int, words: Any, role: str = "") -> SafeString:
    """A number beside a place, with what it counts for those who hear the page."""
    kind = f" {role_class(role)}" if role else ""
    return format_html('<span class="count{}">{}<span class="vh"> {}</span></span>', kind, number, words)
