"""Rooms and devices that a kind of visit needs: which a site has, which are free, and when one of each is."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Site, User
from scheduling.models import Appointment, Resource, TimeClaim, VisitType, WorkException
from scheduling.rules import Length, Span, common, merged, startable, without

Rooms = Mapping[str, list[UUID]]  # by what they are
TAKEN = """
SELECT r.site_id, r.category, coalesce(range_agg(t.span), '{}')
FROM scheduling_resource r LEFT JOIN LATERAL (
    SELECT c.blocked AS span FROM scheduling_timeclaim c
    WHERE c.resource_id = r.id AND c.blocked && %s
    AND (c.hold_until IS NULL OR c.hold_until > statement_timestamp())
    UNION ALL
    SELECT e.during FROM scheduling_workexception e
    WHERE e.resource_id = r.id AND e.kind = 'closed' AND e.during && %s
) AS t ON true
WHERE r.site_id = ANY (%s::uuid[]) AND r.category = ANY (%s::text[])
GROUP BY r.id
"""


def known_categories() -> list[str]:
    """What rooms and devices there are, whichever site has them; by name."""
    rows = Resource.objects.exclude(category="").order_by("category")
    return list(rows.values_list("category", flat=True).distinct())


def rooms_for(visit_type: VisitType, site_id: UUID) -> Rooms:
    """What the kind of visit needs, each with those that the site has, by name. No query where nothing is needed."""
    if not visit_type.needs:
        return {}
    found: dict[str, list[UUID]] = {what: [] for what in visit_type.needs}
    rows = Resource.objects.filter(site=site_id, category__in=visit_type.needs).order_by("name", "pk")
    for what, pk in rows.values_list("category", "pk"):
        found[what].append(pk)
    return found


def all_of(rooms: Rooms) -> set[UUID]:
    return {pk for there in rooms.values() for pk in there}


def free_rooms(resource_ids: Collection[UUID], blocked: Span) -> set[UUID]:
    """Of these those that nobody has for any part of the span, and that are not closed; asked under their locks."""
    span = TimestamptzRange(*blocked)
    claims, closed = _claims(span).filter(resource=OuterRef("pk")), _closed(span).filter(resource=OuterRef("pk"))
    free = Resource.objects.filter(pk__in=resource_ids).exclude(Exists(claims)).exclude(Exists(closed))
    return set(free.values_list("pk", flat=True))


def _claims(span: TimestamptzRange) -> "QuerySet[TimeClaim]":
    """Of whatever resource; not those whose hold ran out."""
    return TimeClaim.objects.filter(Q(hold_until=None) | Q(hold_until__gt=Now()), blocked__overlap=span)


def _closed(span: TimestamptzRange) -> "QuerySet[WorkException]":
    return WorkException.objects.filter(kind=WorkException.Kind.CLOSED, during__overlap=span)


def rooms_kept(appointment_id: UUID) -> list[Resource]:
    """The rooms and devices that a visit has, by name."""
    taken = TimeClaim.objects.filter(appointment_id=appointment_id).values("resource")
    return list(Resource.objects.filter(pk__in=taken, provider=None).order_by("name", "pk"))


def rooms_of_session(session_id: UUID) -> list[UUID]:
    """The rooms and devices that a session has."""
    taken = TimeClaim.objects.filter(session=session_id, resource__provider=None).order_by("resource")
    return list(taken.values_list("resource_id", flat=True))


def room_names(session_id: UUID) -> list[str]:
    """What they are called, by name."""
    taken = TimeClaim.objects.filter(session=session_id, resource__provider=None).order_by("resource__name")
    return list(taken.values_list("resource__name", flat=True))


@dataclass(frozen=True)
class Taken:
    """One span in which a room is not to be had, in UTC."""

    start: datetime
    end: datetime
    appointment_id: UUID | None = None


def times_taken(resource_ids: Collection[UUID], between: Span, *, seen_by: User) -> dict[UUID, list[Taken]]:
    """By resource and time: what has it or closes it then. A visit is named to who sees it. Three queries."""
    span = TimestamptzRange(*between)
    claims, closed = _claims(span).filter(resource__in=resource_ids), _closed(span).filter(resource__in=resource_ids)
    rows = list(claims.values_list("resource_id", "blocked", "appointment_id"))
    rows += [(*row, None) for row in closed.values_list("resource_id", "during")]
    visits = [visit for _resource, _span, visit in rows if visit]
    seen = set(Appointment.objects.visible_to(seen_by).filter(pk__in=visits).values_list("pk", flat=True))
    found: dict[UUID, list[Taken]] = defaultdict(list)
    for resource_id, during, visit in sorted(rows, key=lambda row: (row[1].lower, row[1].upper)):
        found[resource_id].append(Taken(during.lower, during.upper, visit if visit in seen else None))
    return found


def rooms_to_move(appointment: Appointment, site: Site) -> tuple[Rooms, list[UUID]]:
    """For a visit that is to be moved there: as `rooms_for`, and those it has now. No query where none is needed."""
    rooms = rooms_for(appointment.visit_type, site.pk)
    return rooms, [room.pk for room in rooms_kept(appointment.pk)] if rooms else []


def roomy_starts(
    visit_type: VisitType, length: Length, site_ids: Collection[UUID], between: Span
) -> dict[UUID, list[Span]] | None:
    """By site, within which spans a visit can begin so that one of each that is needed is free throughout.

    One query; none, and None, for a kind of visit that needs nothing.
    """
    if not visit_type.needs:
        return None
    asked: list[Any] = [TimestamptzRange(*between)] * 2 + [list(site_ids), list(visit_type.needs)]
    starts: dict[UUID, dict[str, list[Span]]] = defaultdict(lambda: defaultdict(list))
    with connection.cursor() as cursor:
        cursor.execute(TAKEN, asked)
        for site_id, what, taken in cursor.fetchall():
            free = without([between], [(span.lower, span.upper) for span in taken])
            starts[site_id][what] += startable(free, length)
    return {site_id: _of_each(starts[site_id], visit_type.needs) for site_id in site_ids}


def _of_each(starts: Mapping[str, list[Span]], needs: Collection[str]) -> list[Span]:
    first, *others = [merged(starts[what]) for what in needs]
    for other in others:
        first = common(first, other)
    return first
