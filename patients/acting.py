"""Whom somebody acts for stands in the address of every page of the portal: `/portal/for/<id of the patient>/…`.

Never in the session, so two windows with two people cannot cross. Pages name each other as ever; while a page of
somebody else's record is shown, `reverse` and `{% url %}` lead to pages of the same record.
"""

import re
from collections.abc import Callable
from typing import Any, Self
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import get_script_prefix, reverse, set_script_prefix
from django.urls.resolvers import RegexPattern

PORTAL = "portal/"
ACTING = r"for/(?P<acting_for>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/"


class PortalPrefix(RegexPattern):
    """Where the portal begins, with or without somebody one acts for."""

    def __init__(self) -> None:
        super().__init__(f"^{PORTAL}(?:{ACTING})?")

    def __str__(self) -> str:
        return PORTAL  # as routes are called in logs and figures: without anybody's id


class KeepsWhom(str):
    """A script prefix after which addresses of the portal lead to the record of the same person.

    Django caches addresses by language alone, so a pattern cannot change from one request to the next; the prefix, with
    which every address is put together, can.
    """

    acting_for: UUID

    @classmethod
    def of(cls, prefix: str, acting_for: UUID) -> Self:
        made = cls(prefix)
        made.acting_for = acting_for
        return made

    def replace(self, *args: Any) -> str:
        return self.of(super().replace(*args), self.acting_for)

    def __add__(self, route: str) -> str:
        if route.startswith(PORTAL) and not route.startswith(f"{PORTAL}for/"):
            route = f"{PORTAL}for/{self.acting_for}/{route.removeprefix(PORTAL)}"
        return super().__add__(route)


class ActingFor:
    """Puts `acting_for` on the request: a patient's id from the address, or None.

    Whether one may is asked by the page's door, which answers with `acted_for`. A page of the portal that is about
    oneself alone is not found under somebody else's address.
    """

    sync_capable, async_capable = True, False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.acting_for = request.acted_for = None  # type: ignore[attr-defined]
        before = get_script_prefix()
        try:
            return self.get_response(request)
        finally:
            set_script_prefix(before)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        named = kwargs.pop("acting_for", None)
        if named is None:
            return
        if not getattr(view, "for_others", False):
            raise Http404
        request.acting_for = UUID(named)  # type: ignore[attr-defined]
        set_script_prefix(KeepsWhom.of(get_script_prefix(), request.acting_for))  # type: ignore[attr-defined]


def own_address(name: str, *args: Any) -> str:
    """The address of a page of one's own, also while one acts for somebody."""
    return re.sub(ACTING.replace("?P<acting_for>", ""), "", reverse(name, args=args), count=1)
