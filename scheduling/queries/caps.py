"""On which days a provider has as many visits of a kind as may be: for the offer and, under its lock, the booking."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from scheduling.models import VisitType
from scheduling.rules import Caps, monday_of

COUNT = "SELECT provider_id, day, visits FROM app.visits_of_kind(%s::uuid[], %s::uuid, %s, %s, %s::uuid)"


def full_days(
    visit_type: VisitType, provider_ids: Collection[UUID], first: date, last: date, *, besides: UUID | None = None
) -> dict[UUID, frozenset[date]]:
    """By provider, at least those between the two days, on the clocks at the sites; `besides` is a visit that does not
    count. How many visits there are is asked of the database past the walls, which no one person sees through. No query
    for a kind without caps, else one.
    """
    caps = Caps(visit_type.most_per_day, visit_type.most_per_week)
    found: dict[UUID, frozenset[date]] = defaultdict(frozenset)
    if not caps or not provider_ids:
        return found
    whole_weeks = monday_of(first), monday_of(last) + timedelta(days=7)
    asked: list[Any] = [list(provider_ids), visit_type.pk, *(day.isoformat() for day in whole_weeks), besides]
    for provider_id, visits in _counted(asked).items():
        found[provider_id] = caps.full_days(visits)
    return found


def visits_on(day: date, provider_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many visits of whatever kind each has on that day, by the clock at their sites; none are left out."""
    asked: list[Any] = [list(provider_ids), None, day.isoformat(), (day + timedelta(days=1)).isoformat(), None]
    return {provider_id: visits[day] for provider_id, visits in _counted(asked).items()}


def _counted(asked: list[Any]) -> dict[UUID, dict[date, int]]:
    """Past the walls, which no one person sees through."""
    counted: dict[UUID, dict[date, int]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(COUNT, asked)
        for provider_id, day, visits in cursor.fetchall():
            counted[provider_id][date.fromisoformat(day)] = visits
    return counted
