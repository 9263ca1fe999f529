"""Which programs a person let in, and may end."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise

from healthcare.accounts.models import User
from healthcare.accounts.queries import role_name
from healthcare.api.models import AccessToken, Application, RefreshToken
from healthcare.api.oauth.scopes import areas_of


@dataclass(frozen=True)
class Program:
    """One program in one role; `last_at` is when it last got a token, which it does while it is used."""

    application: Application
    role: str | Promise
    areas: list[tuple[Promise, bool, bool]]
    since: datetime
    last_at: datetime


def get_programs(user: User, now: datetime) -> list[Program]:
    """Those that can act for this person now or renew what they were given, by name. Two queries."""
    told: dict[tuple[Application, str], list[Any]] = {}
    for row in _living(user, now):
        told.setdefault((row.application, row.role), []).append(row)
    programs = [
        Program(
            application=application,
            role=role_name(role),
            areas=areas_of({scope for row in rows for scope in getattr(row, "scope", "").split()}),
            since=min(row.signed_in_at or row.created_at for row in rows),
            last_at=max(row.created_at for row in rows),
        )
        for (application, role), rows in told.items()
    ]
    return sorted(programs, key=lambda program: (program.application.name, str(program.role)))


def _living(user: User, now: datetime) -> Iterator[Any]:
    """A renewal says how long; a token says what: the last one of each renewal, also when it has run out."""
    mine = {"user": user, "revoked": None, "application__isnull": False, "application__closed_at": None}
    renewals = RefreshToken.objects.filter(**mine).select_related("application", "access_token").order_by("pk")
    for renewal in renewals:
        yield renewal
        if renewal.access_token is not None:
            renewal.access_token.application = renewal.application
            yield renewal.access_token
    yield from AccessToken.objects.filter(**mine, expires__gt=now).select_related("application").order_by("pk")
