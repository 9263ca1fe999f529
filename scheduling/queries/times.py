"""Times to choose from, and the nearest ones when somebody was quicker."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from healthcare.accounts.models import Provider, Site
from patients.models import Patient
from scheduling.models import PatientClaim, Resource, VisitType
from scheduling.queries.cached import cached_spans
from scheduling.queries.caps import full_days
from scheduling.queries.free import FreeSpans, free_spans
from scheduling.queries.licences import privileged_days
from scheduling.queries.rooms import roomy_starts
from scheduling.rules import (
    INSTANT,
    Days,
    Length,
    Span,
    bookable_between,
    common,
    days_span,
    lies_in,
    nearest,
    starts_within,
)

Key = tuple[datetime, str, str]
DAY = timedelta(days=1)
AROUND = ((DAY, DAY), (3 * DAY, 14 * DAY), (3 * DAY, 60 * DAY))  # before and after, until there are enough
ENOUGH = 3


@dataclass(frozen=True)
class FreeTime:
    """A start that can be booked, in UTC, and the zone of the clock it is meant on."""

    provider_id: UUID
    site_id: UUID
    start: datetime
    end: datetime
    time_zone: str

    @property
    def key(self) -> "Key":
        """Its place in the order of a list."""
        return self.start, str(self.provider_id), str(self.site_id)


@dataclass(frozen=True)
class Limits:
    """Days that are full, within which spans the rooms are free (None where none is needed), and when the patient is
    at another visit.
    """

    full: Collection[date]
    rooms: Sequence[Span] | None
    taken: Sequence[Span]

    def let(self, start: datetime, zone: ZoneInfo, seen: Span) -> bool:
        """Whether a visit may begin here that the patient knows as `seen`, without the provider's buffers."""
        if self.full and start.astimezone(zone).date() in self.full:
            return False
        if any(seen[0] < last and first < seen[1] for first, last in self.taken):
            return False
        return self.rooms is None or lies_in(start, self.rooms)


def length_of(visit_type: VisitType) -> Length:
    return Length(visit_type.minutes, visit_type.buffer_before, visit_type.buffer_after, visit_type.grid_minutes)


def window_of(visit_type: VisitType, now: datetime, *, by_patient: bool) -> Span:
    return bookable_between(
        now, notice_minutes=visit_type.notice_minutes, horizon_days=visit_type.horizon_days, by_patient=by_patient
    )


def free_times(
    *,
    providers: Sequence[Provider],
    visit_type: VisitType,
    between: Span,
    now: datetime,
    by_patient: bool,
    site: Site | None = None,
    patient: Patient | None = None,
    behind: Key | None = None,
    at_most: int | None = None,
    besides: UUID | None = None,
) -> list[FreeTime]:
    """Starts between two instants, by time; for all sites where none is named. Read through the cache: a picture of
    a minute ago at worst, which the booking does not trust. Three queries, however many providers; only so many starts
    are reckoned as are asked for. Not while this patient is elsewhere, as far as the asker sees: one query more.
    `behind` leaves those after this one; `besides` is a visit that is to be moved.
    """
    first, last = window_of(visit_type, now, by_patient=by_patient)
    between = max(between[0], first, behind[0] if behind else first), min(between[1], last)
    if between[0] >= between[1]:
        return []
    resources = _resources_of(providers)
    spans = cached_spans(list(resources.values()), reach_of(between))
    taken = claims_of(patient, between, besides)
    found = _starts(resources, spans, visit_type, between, site, taken=taken, besides=besides)
    return list(islice((time for time in found if behind is None or time.key > behind), at_most))


def alternatives_to(
    *,
    start: datetime,
    provider: Provider,
    site: Site,
    visit_type: VisitType,
    now: datetime,
    by_patient: bool,
    patient: Patient | None = None,
    besides: UUID | None = None,
) -> list[FreeTime]:
    """The three nearest starts with the same provider at the same site, when the patient is free too, as far as the
    asker sees. Straight from the database: it is asked because a picture was old.
    """
    near: dict[str, Any] = {"start": start, "site": site, "visit_type": visit_type, "now": now}
    return alternatives_with([provider], **near, by_patient=by_patient, patient=patient, besides=besides)


def alternatives_with(
    providers: Sequence[Provider],
    *,
    start: datetime,
    site: Site,
    visit_type: VisitType,
    now: datetime,
    by_patient: bool,
    patient: Patient | None = None,
    besides: UUID | None = None,
) -> list[FreeTime]:
    """As `alternatives_to`, each start once, with whoever of them is free."""
    first, last = window_of(visit_type, now, by_patient=by_patient)
    resources = _resources_of(providers)
    found: list[FreeTime] = []
    for before, after in AROUND:
        between = max(first, start - before), min(last, start + after)
        if between[0] < between[1] and len(found) < ENOUGH:
            spans, taken = free_spans(resources, reach_of(between)), claims_of(patient, between, besides)
            found = list(_starts(resources, spans, visit_type, between, site, taken=taken, besides=besides))
    chosen = nearest((time.start for time in found), start, ENOUGH)
    return [time for time in each_start_once(found) if time.start in chosen]


def free_at(
    providers: Sequence[Provider],
    visit_type: VisitType,
    site: Site,
    start: datetime,
    now: datetime,
    *,
    by_patient: bool,
) -> list[UUID]:
    """Whom of these a visit can begin with at this start; straight from the database, in their order."""
    first, last = window_of(visit_type, now, by_patient=by_patient)
    if not first <= start < last:
        return []
    resources = _resources_of(providers)
    between = start, start + INSTANT
    found = _starts(resources, free_spans(resources, reach_of(between)), visit_type, between, site)
    free = {time.provider_id for time in found}
    return [provider.pk for provider in providers if provider.pk in free]


def each_start_once(times: Iterable[FreeTime]) -> list[FreeTime]:
    """Of several with whom one can begin, the first."""
    return list({time.start: time for time in reversed(list(times))}.values())[::-1]


def _resources_of(providers: Iterable[Provider]) -> dict[UUID, Resource]:
    return {r.pk: r for r in Resource.objects.filter(provider__in=[provider.pk for provider in providers])}


def reach_of(between: Span) -> Span:
    """A visit may begin before its span's end and have buffers round it: a day on either side is ample."""
    return between[0] - DAY, between[1] + DAY


def _starts(
    resources: dict[UUID, Resource],
    spans: FreeSpans,
    visit_type: VisitType,
    between: Span,
    site: Site | None,
    *,
    taken: Sequence[Span] = (),
    besides: UUID | None = None,
) -> Iterator[FreeTime]:
    sites = {site.pk: site} if site else _sites(spans)
    walks = starts_by_place(resources, spans, visit_type, between, sites, taken=taken, besides=besides)
    return merge(*walks, key=attrgetter("key"))


def starts_by_place(
    resources: dict[UUID, Resource],
    spans: FreeSpans,
    visit_type: VisitType,
    between: Span,
    sites: Mapping[UUID, Site],
    *,
    taken: Sequence[Span] = (),
    besides: UUID | None = None,
) -> Iterator[Iterator[FreeTime]]:
    """For each resource and site the starts in their order, walked only as far as somebody reads on. Of a kind of visit
    that asks for a privilege, on the days on which the provider holds it; of one that is capped, on days with room; of
    one that needs rooms or devices, when one of each is free: one query more for each.
    """
    holders = {r.provider_id for r in resources.values() if r.provider_id} if visit_type.privilege else ()
    held = privileged_days(visit_type.privilege, holders) if holders else None
    providers = [r.provider_id for r in resources.values() if r.provider_id]
    full = full_days(visit_type, providers, between[0].date() - DAY, between[1].date() + DAY, besides=besides)
    rooms = roomy_starts(visit_type, length_of(visit_type), list(sites), reach_of(between))
    for resource_id, by_site in spans.items():
        provider_id = resources[resource_id].provider_id
        for site_id, free in by_site.items():
            if provider_id and site_id in sites:
                left = free if held is None else common(free, _spans_of(held[provider_id], sites[site_id]))
                limits = Limits(full[provider_id], None if rooms is None else rooms[site_id], taken)
                yield _walk(provider_id, sites[site_id], left, visit_type, between, limits)


def _spans_of(days: Sequence[Days], site: Site) -> list[Span]:
    return [days_span(first, last, ZoneInfo(site.time_zone)) for first, last in days]


def _walk(
    provider_id: UUID,
    site: Site,
    free: Sequence[Span],
    visit_type: VisitType,
    between: Span,
    limits: Limits,
) -> Iterator[FreeTime]:
    length, zone = length_of(visit_type), ZoneInfo(site.time_zone)
    for start in starts_within(free, zone, length, between=between):
        if limits.let(start, zone, seen := length.seen(start)):
            yield FreeTime(provider_id, site.pk, *seen, site.time_zone)


def _sites(spans: FreeSpans) -> dict[UUID, Site]:
    asked = {site_id for by_site in spans.values() for site_id in by_site}
    return Site.objects.filter(closed_at=None).in_bulk(asked)


def claims_of(patient: Patient | None, between: Span, besides: UUID | None = None) -> list[Span]:
    """When the patient is at other visits than `besides`, a day round these instants included."""
    if patient is None:
        return []
    rows = PatientClaim.objects.filter(patient=patient, during__overlap=reach_of(between))
    during = rows.exclude(appointment=besides).values_list("during", flat=True)
    return [(span.lower, span.upper) for span in during]
