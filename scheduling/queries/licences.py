"""Whether a provider may practise on a day: for the signing of prescriptions, and to say why nothing can be booked.

Bookings themselves ask the database, in `app.free_time`.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from healthcare.accounts.models import Provider, Site
from scheduling.models import Qualification
from scheduling.rules import Days, Licence, Span, days_span, licence_on, merged


def licences_of(provider_ids: Collection[UUID]) -> dict[UUID, list[Days]]:
    """The first and the last day of each licence that counts, by provider; one query."""
    found: dict[UUID, list[Days]] = defaultdict(list)
    rows = Qualification.objects.standing().licences().filter(provider__in=provider_ids).order_by("validity")
    for row in rows.only("provider_id", "validity"):
        found[row.provider_id].append((row.first_day, row.last_day))
    return found


def licence_of(provider: Provider, site: Site, day: date, *, known: Sequence[Days] | None = None) -> Licence:
    """The one answer to whether this provider may practise there on that day. One query, or none where the licences
    are `known`.
    """
    licences = licences_of([provider.pk])[provider.pk] if known is None else known
    return licence_on(day, licences, demanded=site.demands_licence)


def privileged_days(name: str, provider_ids: Collection[UUID]) -> dict[UUID, list[Days]]:
    """On which days who holds the privilege that a kind of visit asks for, however it is capitalised; one query."""
    found: dict[UUID, list[Days]] = defaultdict(list)
    rows = Qualification.objects.standing().filter(kind=Qualification.Kind.PRIVILEGE, name__iexact=name)
    for row in rows.filter(provider__in=provider_ids).order_by("validity").only("provider_id", "validity"):
        found[row.provider_id].append((row.first_day, row.last_day))
    return found


def is_privileged(provider: Provider, name: str, site: Site, blocked: Span) -> bool:
    """Whether the provider holds it throughout this span, by the calendar at the site. One query."""
    zone = ZoneInfo(site.time_zone)
    held = merged(days_span(*days, zone) for days in privileged_days(name, [provider.pk])[provider.pk])
    return any(begins <= blocked[0] and blocked[1] <= ends for begins, ends in held)


def with_licences(outer: str) -> ArraySubquery:
    """For a query whose `outer` is a provider: their licences' days, for `days_of`."""
    rows = Qualification.objects.standing().licences().filter(provider=OuterRef(outer))
    return ArraySubquery(rows.values("validity"))


def days_of(validities: Sequence[Any]) -> list[Days]:
    """What `with_licences` found."""
    return [(days.lower, days.upper and days.upper - timedelta(days=1)) for days in validities]


def day_at(site: Site, moment: datetime) -> date:
    """What the calendar at the site shows."""
    return moment.astimezone(ZoneInfo(site.time_zone)).date()
