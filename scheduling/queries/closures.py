"""When sites are closed, and which visits lie in it: by ids for whoever closes, by name for whoever moves them."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Site
from healthcare.db.prepared import prepared
from scheduling.models import Appointment, SiteClosure, WorkException, window
from scheduling.rules import Span

AHEAD = 40  # closures of one's sites that are looked at, the next first


def visits_in(site: Site, during: Any) -> list[UUID]:
    """Ids of visits that are still to come and lie at the site in this span, whoever asks, by time; but for those in
    extra hours of their provider there. `during` is bounded.
    """
    first, last, span = window(during.lower, during.upper, [ZoneInfo(site.time_zone)])
    asked: list[Any] = [site.pk, first, last, span]
    with connection.cursor() as cursor:
        cursor.execute("SELECT visit FROM app.visits_to_come_at(%s, %s, %s, %s)", asked)
        return [row[0] for row in cursor.fetchall()]


def closure_at(site_id: UUID, blocked: Span) -> SiteClosure | None:
    """The first that takes a part of this span."""
    there = SiteClosure.objects.filter(site=site_id, during__overlap=TimestamptzRange(*blocked))
    return there.order_by("during").first()


@prepared
def closures_of(site: Site, during: TimestamptzRange) -> "QuerySet[SiteClosure]":
    return SiteClosure.objects.filter(site=site, during__overlap=during).order_by("during")


def without_extra(visits: Iterable[Appointment]) -> list[Appointment]:
    """But for those that lie in extra hours of their provider at the site; one query where there is a visit."""
    found = list(visits)
    if not found:
        return []
    extra = WorkException.objects.filter(kind=WorkException.Kind.EXTRA, site__in={visit.site_id for visit in found})
    extra = extra.filter(resource__provider__in={visit.provider_id for visit in found})
    open_then = list(extra.values_list("resource__provider", "site", "during"))
    return [visit for visit in found if not _lies_in(visit, open_then)]


def _lies_in(visit: Appointment, spans: Sequence[tuple[Any, Any, Any]]) -> bool:
    return any(
        (provider, site) == (visit.provider_id, visit.site_id)
        and span.lower <= visit.starts_at
        and visit.ends_at <= span.upper
        for provider, site, span in spans
    )
