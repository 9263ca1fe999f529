"""Which places a person may go to, in their order: entries named in settings, filtered by permission.

An app lists its entries and settings name the list (`NAVIGATION = ["patients.navigation.CLINIC"]`), so that
the ground floor imports no app.
"""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from healthcare.accounts.access import can
from healthcare.accounts.permissions import Permission, Scope


@dataclass(frozen=True, slots=True)
class Badge:
    """A number beside an entry, and what it counts, said aloud: Badge(7, _("waiting")); role "bad" for urgent."""

    count: int
    words: str | Promise
    role: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One place in the navigation. `permission` None means everybody; `key` is the letter that follows `g`.

    `scope`: in the portal, the part of somebody else's record that has to be open to whoever acts for them.
    """

    label: str | Promise
    url_name: str
    icon: str
    permission: Permission | None = None
    order: int = 100
    badge: Callable[[Any], Badge | None] | None = None
    key: str = ""
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """An entry resolved for one person and one page."""

    label: str | Promise
    url: str
    icon: str
    key: str
    badge: Badge | None
    current: bool


def navigation_for(user: Any, *, path: str = "") -> list[Place]:
    """The staff places this user may go to; `path` marks the one being shown."""
    return _places(settings.NAVIGATION, user, path)


def portal_navigation_for(user: Any, *, path: str = "", scopes: Container[Scope] | None = None) -> list[Place]:
    """The portal's places, five in a row; of somebody else's record those that these scopes open."""
    return _places(settings.PORTAL_NAVIGATION, user, path, scopes)


def patient_search_for(user: Any) -> str:
    """Where the search in the top bar goes; empty when this user may not search or there is none."""
    name = getattr(settings, "PATIENT_SEARCH", "")
    if not name:
        return ""
    entry = import_string(name)
    return url_or_nothing(entry.url_name) if may(user, entry.permission) else ""


def entries(names: Iterable[str]) -> list[Entry]:
    """All entries of the named lists, in order. Raises ImportError when a name leads nowhere."""
    return list(_entries(tuple(names)))


def url_or_nothing(name: str) -> str:
    """The address of a URL name, or nothing while no page has it; the system check reports those."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def may(user: Any, permission: Permission | None) -> bool:
    """Whether the user's acting role holds the permission; None asks for none."""
    return permission is None or can(user, permission)


@lru_cache(maxsize=8)
def _entries(names: tuple[str, ...]) -> tuple[Entry, ...]:
    found = [entry for name in names for entry in import_string(name)]
    return tuple(sorted(found, key=lambda entry: entry.order))


def _places(names: Sequence[str], user: Any, path: str, scopes: Container[Scope] | None = None) -> list[Place]:
    seen = [entry for entry in entries(names) if scopes is None or entry.scope is None or entry.scope in scopes]
    allowed = [(entry, url_or_nothing(entry.url_name)) for entry in seen if may(user, entry.permission)]
    shown = [(entry, url) for entry, url in allowed if url]
    here = _nearest([url for _, url in shown], path)
    return [_place(entry, url, user, current=url == here) for entry, url in shown]


def _place(entry: Entry, url: str, user: Any, *, current: bool) -> Place:
    badge = entry.badge(user) if entry.badge else None
    return Place(entry.label, url, entry.icon, entry.key, badge if badge and badge.count else None, current)


def _nearest(urls: Iterable[str], path: str) -> str:
    """The longest address that the path begins with; the root only when it is the path itself."""
    above = [url for url in urls if path == url or (url.strip("/") and path.startswith(url.rstrip("/") + "/"))]
    return max(above, key=len, default="")
