"""Free time as the database has it now: what the booking asks, and what the cache is filled from."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Site
from scheduling.models import BLOCK_LANE, TimeClaim, WorkException
from scheduling.rules import Span

FreeSpans = dict[UUID, dict[UUID, list[Span]]]  # by resource, by site


class Time(StrEnum):
    """What a span of a resource's time is."""

    FREE = "free"
    TAKEN = "taken"
    OUTSIDE = "outside"  # not within work hours at this site


def free_spans(resource_ids: Collection[UUID], between: Span) -> FreeSpans:
    """Work hours less claims, blocks and closures, in UTC, for each resource and site that has hours in between."""
    found: FreeSpans = {resource_id: {} for resource_id in resource_ids}
    asked: list[Any] = [list(resource_ids), TimestamptzRange(*between)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT resource_id, site_id, free FROM app.free_time(%s::uuid[], %s)", asked)
        for resource_id, site_id, free in cursor.fetchall():
            found[resource_id][site_id] = [(span.lower, span.upper) for span in free]
    return found


def free_site(resource_id: UUID, sites: Sequence[Site], blocked: Span) -> Site:
    """Of these sites the one where the whole span is free, else one with hours then, else the first."""
    free = free_spans([resource_id], blocked)[resource_id]

    def rank(site: Site) -> tuple[bool, bool]:
        spans = free.get(site.pk, [])
        return not any(begins <= blocked[0] and blocked[1] <= ends for begins, ends in spans), site.pk not in free

    return min(sites, key=rank)


def is_closed(resource_id: UUID, blocked: Span) -> bool:
    """Whether an exception takes a part of this span out of the work hours."""
    closed = WorkException.objects.filter(resource=resource_id, kind=WorkException.Kind.CLOSED)
    return closed.filter(during__overlap=TimestamptzRange(*blocked)).exists()


def is_away(resource_id: UUID, blocked: Span) -> bool:
    """Whether a part of this span is blocked or closed, whoever else has the rest of it."""
    return BLOCK_LANE in lanes_taken(resource_id, blocked) or is_closed(resource_id, blocked)


def lanes_taken(resource_id: UUID, blocked: Span) -> set[int]:
    """In which lanes somebody has a part of this span already; a block is one of them."""
    rows = TimeClaim.objects.filter(resource=resource_id, blocked__overlap=TimestamptzRange(*blocked))
    return set(rows.values_list("lane", flat=True))


def time_is(resource_id: UUID, site_id: UUID, blocked: Span) -> Time:
    """Whether the whole span can be taken, by the database alone: the booking asks this under its locks."""
    span = TimestamptzRange(*blocked)
    asked: list[Any] = [span, span, [resource_id], span, site_id]
    with connection.cursor() as cursor:
        cursor.execute("SELECT work @> %s, free @> %s FROM app.free_time(%s::uuid[], %s) WHERE site_id = %s", asked)
        works, free = cursor.fetchone() or (False, False)
    if free:
        return Time.FREE
    return Time.TAKEN if works else Time.OUTSIDE
