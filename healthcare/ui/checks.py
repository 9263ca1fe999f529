"""Say at start what would otherwise be a silent gap in the navigation."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.urls import NoReverseMatch, reverse

from healthcare.ui.icons import IconMissing, icon
from healthcare.ui.navigation import Entry, entries

LISTS = ("NAVIGATION", "PORTAL_NAVIGATION")


@register()
def check_navigation(**kwargs: Any) -> list[CheckMessage]:
    """Every name in NAVIGATION and PORTAL_NAVIGATION leads to entries whose address and icon exist."""
    return [problem for name in LISTS for problem in _problems(name)]


def _problems(setting: str) -> Iterator[CheckMessage]:
    for name in getattr(settings, setting, ()):
        try:
            found = entries([name])
        except ImportError:
            yield Error(f"{setting} names {name}, which does not exist.", id="ui.E001")
            continue
        for entry in found:
            yield from _problems_of(entry, f"{setting}, {name}")


def _problems_of(entry: Entry, where: str) -> Iterator[CheckMessage]:
    try:
        reverse(entry.url_name)
    except NoReverseMatch:
        yield Error(f"{where}: no URL is called {entry.url_name!r}.", id="ui.E002")
    try:
        icon(entry.icon)
    except IconMissing:
        yield Error(f"{where}: there is no icon {entry.icon!r}.", id="ui.E003")
