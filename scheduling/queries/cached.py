"""Free time by resource and day, in Valkey where it answers, and from the database where it does not.

A day is kept with the version of its resource. Whoever changes a claim replaces the version after the commit, and a
reader writes only if the version is still the one from before it asked the database: so a slow reader cannot bring old
times back. Bookings never read this. Losing it costs milliseconds; a lie in it costs a refusal, with alternatives.
"""

import json
import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import redis
from django.conf import settings

from scheduling.models import Resource
from scheduling.queries.free import FreeSpans, free_spans
from scheduling.rules import Span, day_span, merged

SECONDS = 60  # how long a day is kept
VERSION_SECONDS = 3600
PATIENCE = 0.05  # seconds for an answer
TRIES, PAUSE = 3, 5.0  # failures in a row, and seconds without asking after them
LOG = logging.getLogger(__name__)

# KEYS: the version, then days. ARGV: the version from before the database was asked, seconds, then the days' texts.
WRITE_IF_UNCHANGED = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for n = 2, #KEYS do redis.call('SET', KEYS[n], ARGV[n + 1], 'EX', ARGV[2]) end
return #KEYS - 1
"""
Days = dict[tuple[UUID, date], dict[UUID, list[Span]]]


class Breaker:
    """After a few failures in a row the cache is left alone for a while, so that no page waits for it again."""

    def __init__(self) -> None:
        self.failures, self.closed_until = 0, 0.0

    def attempt(self, ask: Callable[[redis.Redis], Any], otherwise: Any) -> Any:
        if time.monotonic() < self.closed_until:
            return otherwise
        try:
            answer = ask(_client(str(settings.CACHES["default"]["LOCATION"])))
        except (redis.RedisError, OSError) as problem:
            self.failures += 1
            if self.failures >= TRIES:
                self.closed_until = time.monotonic() + PAUSE
            LOG.warning("The cache of free times did not answer: %s", type(problem).__name__)
            return otherwise
        self.failures = 0
        return answer


breaker = Breaker()


def cached_spans(resources: Sequence[Resource], between: Span) -> FreeSpans:
    """As `free_spans`, in whole days of each resource: at least what lies in between."""
    days = {resource.pk: list(_days(resource, between)) for resource in resources}
    versions, known = breaker.attempt(lambda client: _read(client, days), ({}, {}))
    missing = [resource for resource in resources if any((resource.pk, day) not in known for day in days[resource.pk])]
    if missing:
        fresh = _from_database(missing, days)
        known |= fresh
        if versions:
            breaker.attempt(lambda client: _write(client, versions, fresh), None)
    return _joined(resources, days, known)


def forget(resource_ids: Collection[UUID]) -> None:
    """What is kept of these resources is old: give them a new version."""

    def renew(client: redis.Redis) -> None:
        with client.pipeline(transaction=False) as pipeline:
            for resource_id in resource_ids:
                pipeline.set(_version_key(resource_id), uuid4().hex, ex=VERSION_SECONDS)
            pipeline.execute()

    breaker.attempt(renew, None)


# == What lies in the cache ==
def _read(client: redis.Redis, days: dict[UUID, list[date]]) -> tuple[dict[UUID, str], Days]:
    """Versions, made where there was none, and the days that carry the present one. Nonsense counts as nothing."""
    with client.pipeline(transaction=False) as pipeline:
        for resource_id, asked in days.items():
            pipeline.set(_version_key(resource_id), uuid4().hex, ex=VERSION_SECONDS, nx=True)
            pipeline.mget([_version_key(resource_id), *[_day_key(resource_id, day) for day in asked]])
        answers = pipeline.execute()[1::2]
    versions, known = {}, {}
    for (resource_id, asked), (version, *texts) in zip(days.items(), answers, strict=True):
        versions[resource_id] = version
        for day, text in zip(asked, texts, strict=True):
            found = _parsed(text, version)
            if found is not None:
                known[resource_id, day] = found
    return versions, known


def _write(client: redis.Redis, versions: dict[UUID, str], fresh: Days) -> None:
    with client.pipeline(transaction=False) as pipeline:
        for resource_id, version in versions.items():
            kept = {day: spans for (owner, day), spans in fresh.items() if owner == resource_id}
            if kept:
                keys = [_version_key(resource_id), *[_day_key(resource_id, day) for day in kept]]
                texts = [_text(version, spans) for spans in kept.values()]
                pipeline.eval(WRITE_IF_UNCHANGED, len(keys), *keys, version, SECONDS, *texts)
        pipeline.execute()


def _text(version: str, by_site: dict[UUID, list[Span]]) -> str:
    spans = {
        str(site_id): [[begins.isoformat(), ends.isoformat()] for begins, ends in free]
        for site_id, free in by_site.items()
    }
    return json.dumps({"version": version, "free": spans})


def _parsed(text: str | None, version: str) -> dict[UUID, list[Span]] | None:
    try:
        kept = json.loads(text or "null")
        if kept is None or kept["version"] != version:
            return None
        return {UUID(site_id): [_span(*pair) for pair in free] for site_id, free in kept["free"].items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _span(begins: str, ends: str) -> Span:
    first, last = datetime.fromisoformat(begins), datetime.fromisoformat(ends)
    if first.tzinfo is None or last.tzinfo is None or first >= last:
        raise ValueError("not a span of time")
    return first.astimezone(UTC), last.astimezone(UTC)


# == Days ==
def _days(resource: Resource, between: Span) -> Iterator[date]:
    zone = ZoneInfo(resource.time_zone)
    day, last = between[0].astimezone(zone).date(), between[1].astimezone(zone).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def _from_database(resources: Sequence[Resource], days: dict[UUID, list[date]]) -> Days:
    bounds = {(r.pk, day): day_span(day, ZoneInfo(r.time_zone)) for r in resources for day in days[r.pk]}
    whole = min(span[0] for span in bounds.values()), max(span[1] for span in bounds.values())
    free = free_spans([resource.pk for resource in resources], whole)
    return {
        (resource_id, day): {site: _clipped(spans, bound) for site, spans in free[resource_id].items()}
        for (resource_id, day), bound in bounds.items()
    }


def _clipped(spans: list[Span], bound: Span) -> list[Span]:
    cut = ((max(begins, bound[0]), min(ends, bound[1])) for begins, ends in spans)
    return [(begins, ends) for begins, ends in cut if begins < ends]


def _joined(resources: Sequence[Resource], days: dict[UUID, list[date]], known: Days) -> FreeSpans:
    """Days put together again; hours over midnight become one span."""
    joined: FreeSpans = {}
    for resource in resources:
        by_site: dict[UUID, list[Span]] = {}
        for day in days[resource.pk]:
            for site_id, spans in known[resource.pk, day].items():
                by_site.setdefault(site_id, []).extend(spans)
        joined[resource.pk] = {site_id: merged(spans) for site_id, spans in by_site.items()}
    return joined


# == The way there ==
def _version_key(resource_id: UUID) -> str:
    return f"free:{resource_id}"


def _day_key(resource_id: UUID, day: date) -> str:
    return f"free:{resource_id}:{day.isoformat()}"


@cache
def _client(address: str) -> redis.Redis:
    """Raises ValueError for no address; each thread takes its own connection from the pool."""
    return redis.Redis.from_url(
        address, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, decode_responses=True
    )
