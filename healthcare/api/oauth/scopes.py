"""Scopes, as programs ask for them and as people read them. They only ever narrow what a person may do."""

from collections.abc import Collection
from typing import Any

from django.utils.functional import Promise
from oauth2_provider.scopes import BaseScopes

from healthcare.accounts.permissions import AREAS
from healthcare.api.tokens import SCOPES


def covers(held: Collection[str], scope: str) -> bool:
    """Whether one of the held scopes is this one, or the one for all areas."""
    return scope in held or scope.rpartition(".")[2] in held


def areas_of(scopes: Collection[str]) -> list[tuple[Promise, bool, bool]]:
    """What these scopes open, area by area: words, whether it is read, whether it is changed."""
    rows = [(words, covers(scopes, f"{area}.read"), covers(scopes, f"{area}.write")) for area, words in AREAS.items()]
    return [row for row in rows if row[1] or row[2]]


class Scopes(BaseScopes):
    """A program can ask for what an administrator gave it, and for less."""

    def get_all_scopes(self) -> dict[str, str]:
        return {scope: scope for scope in SCOPES}

    def get_available_scopes(self, application: Any = None, request: Any = None) -> list[str]:
        return [scope for scope in SCOPES if application is None or covers(application.scopes, scope)]

    def get_default_scopes(self, application: Any = None, request: Any = None) -> list[str]:
        return list(application.scopes)
