"""What the frame of every page needs: who is signed in, where they may go, when the session ends.

Everything is found on first use, so a page that shows no navigation pays for none.
"""

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from healthcare.accounts.roles import ROLES
from healthcare.ui.navigation import (
    Badge,
    Place,
    navigation_for,
    patient_search_for,
    portal_navigation_for,
    url_or_nothing,
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `shell` in every template that is rendered for a request."""
    return {"shell": Shell(request)}


def told(badge: Badge) -> tuple[int, str, str]:
    return badge.count, str(badge.words), badge.role


@lru_cache(maxsize=1024)
def drawn(template: str, language: str | None, values: tuple[tuple[str, Any], ...]) -> SafeString:
    """A part of the frame that says nothing of anybody."""
    return render_to_string(template, dict(values))


class Shell:
    """The frame round a page for one request. Preferences are read from the user where accounts keep them.

    `path`: where the page stands that the frame is for, if it is not the one of this request.
    """

    def __init__(self, request: HttpRequest, path: str | None = None) -> None:
        self.request = request
        self.path = request.path if path is None else path

    @cached_property
    def user(self) -> Any:
        """The signed-in user, or None."""
        user = getattr(self.request, "user", None)
        return user if user is not None and user.is_authenticated else None

    @cached_property
    def who(self) -> str:
        return str(getattr(self.user, "full_name", "") or self.user) if self.user else ""

    @cached_property
    def role(self) -> str:
        """The acting role in words."""
        role = ROLES.get(getattr(self.user, "acting_role", None) or "")
        return str(role.name) if role else ""

    @cached_property
    def places(self) -> list[Place]:
        return navigation_for(self.user, path=self.path) if self.user else []

    @cached_property
    def navigation(self) -> SafeString:
        """The list of places, drawn once for all whose places and numbers are these."""
        places = tuple(
            (place.url, str(place.label), place.icon, place.key, place.current, place.badge and told(place.badge))
            for place in self.places
        )
        values = (("role", self.role), ("again", url_or_nothing("ui:places")), ("places", places))
        return drawn("ui/shell/nav.html", get_language(), values)

    @cached_property
    def key_list(self) -> SafeString:
        """The keys, drawn once for all who have the same."""
        keys = tuple((place.key, str(place.label)) for place in self.places if place.key)
        values = (("searches", bool(self.search_url)), ("single_keys", self.single_keys), ("places", keys))
        return drawn("ui/shell/keys.html", get_language(), values)

    @cached_property
    def portal_places(self) -> list[Place]:
        if not self.user:
            return []
        return portal_navigation_for(self.user, path=self.request.path, scopes=getattr(self.acted_for, "scopes", None))

    @property
    def acted_for(self) -> Any:
        """Whose record a page of the portal shows, where it is not one's own; an app to the right says it."""
        return getattr(self.request, "acted_for", None)

    @cached_property
    def search_url(self) -> str:
        return patient_search_for(self.user) if self.user else ""

    @cached_property
    def home_url(self) -> str:
        return url_or_nothing("home") or "/"

    @cached_property
    def portal_home_url(self) -> str:
        return next((place.url for place in self.portal_places), "/")

    @cached_property
    def account_url(self) -> str:
        return url_or_nothing("accounts:account")

    @cached_property
    def sign_out_url(self) -> str:
        return url_or_nothing("accounts:sign_out")

    @cached_property
    def keep_alive_url(self) -> str:
        return url_or_nothing("accounts:keep_alive")

    @property
    def idle_seconds(self) -> int:
        """How long this page may lie idle; the server notes actions once a minute, so it may be a little less."""
        return int(getattr(self.request, "session_idle_left", settings.IDLE_SECONDS))

    @property
    def warning_seconds(self) -> int:
        return int(settings.IDLE_WARNING_SECONDS)

    @property
    def ends_at(self) -> int:
        """When the session ends whatever happens, in seconds since 1970; 0 when the request does not say."""
        return int(getattr(self.request, "session_ends_at", 0) or 0)

    @property
    def stream_url(self) -> str:
        """Where this page listens for news; nothing for who is not signed in whole, and where no process tells any."""
        return str(settings.LIVE_URL) if self.role else ""

    @property
    def demo(self) -> bool:
        return bool(settings.DEMO)

    @cached_property
    def theme(self) -> str:
        """light or dark where the account pins one; else the device decides."""
        return str(getattr(self.user, "theme", "") or "")

    @cached_property
    def density(self) -> str:
        return str(getattr(self.user, "density", "") or "")

    @cached_property
    def single_keys(self) -> bool:
        """Whether single-letter shortcuts work; an account may switch them off (WCAG 2.1.4)."""
        return bool(getattr(self.user, "single_keys", True))
