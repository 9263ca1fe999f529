"""Times to choose from, and the nearest ones when somebody was quicker."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from operator import attrgetter
from uuid import UUID
from zoneinfo import ZoneInfo

from healthcare.accounts.models import Provider, Site
from patients.models import Patient
from scheduling.models import PatientClaim, Resource, VisitType
from scheduling.queries.cached import cached_spans
from scheduling.queries.free import FreeSpans, free_spans
from scheduling.rules import Length, Span, bookable_between, nearest, starts_within, without

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
    behind: Key | None = None,
    at_most: int | None = None,
) -> list[FreeTime]:
    """Starts between two instants, by time; for all sites where none is named. Read through the cache: a picture of
    a minute ago at worst, which the booking does not trust. Three queries, however many providers; only so many starts
    are reckoned as are asked for. `behind` leaves those after this one.
    """
    first, last = window_of(visit_type, now, by_patient=by_patient)
    between = max(between[0], first, behind[0] if behind else first), min(between[1], last)
    if between[0] >= between[1]:
        return []
    resources = {r.pk: r for r in Resource.objects.filter(provider__in=[p.pk for p in providers])}
    found = _starts(resources, cached_spans(list(resources.values()), reach_of(between)), visit_type, between, site)
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
) -> list[FreeTime]:
    """The three nearest starts with the same provider at the same site, when the patient is free too, as far as the
    asker sees. Straight from the database: it is asked because a picture was old.
    """
    first, last = window_of(visit_type, now, by_patient=by_patient)
    resources = {r.pk: r for r in Resource.objects.filter(provider=provider)}
    taken = _claims_of(patient)
    found: list[FreeTime] = []
    for before, after in AROUND:
        between = max(first, start - before), min(last, start + after)
        if between[0] < between[1] and len(found) < ENOUGH:
            spans = free_spans(resources, reach_of(between))
            found = list(_starts(resources, spans, visit_type, between, site, taken=taken))
    chosen = nearest((time.start for time in found), start, ENOUGH)
    return [time for time in found if time.start in chosen]


def reach_of(between: Span) -> Span:
    """A visit may begin before its span's end and have buffers round it: a day on either side is ample."""
    return between[0] - DAY, between[1] + DAY


def _starts(
    resources: dict[UUID, Resource],
    spans: FreeSpans,
    visit_type: VisitType,
    between: Span,
    site: Site | None,
    taken: Sequence[Span] = (),
) -> Iterator[FreeTime]:
    sites = {site.pk: site} if site else _sites(spans)
    return merge(*starts_by_place(resources, spans, visit_type, between, sites, taken), key=attrgetter("key"))


def starts_by_place(
    resources: dict[UUID, Resource],
    spans: FreeSpans,
    visit_type: VisitType,
    between: Span,
    sites: Mapping[UUID, Site],
    taken: Sequence[Span] = (),
) -> Iterator[Iterator[FreeTime]]:
    """For each resource and site the starts in their order, walked only as far as somebody reads on."""
    for resource_id, by_site in spans.items():
        provider_id = resources[resource_id].provider_id
        for site_id, free in by_site.items():
            if provider_id and site_id in sites:
                yield _walk(provider_id, sites[site_id], without(free, taken), visit_type, between)


def _walk(
    provider_id: UUID, site: Site, free: Sequence[Span], visit_type: VisitType, between: Span
) -> Iterator[FreeTime]:
    length, zone = length_of(visit_type), site.time_zone
    for start in starts_within(free, ZoneInfo(zone), length, between=between):
        yield FreeTime(provider_id, site.pk, *length.seen(start), zone)


def _sites(spans: FreeSpans) -> dict[UUID, Site]:
    asked = {site_id for by_site in spans.values() for site_id in by_site}
    return Site.objects.filter(closed_at=None).in_bulk(asked)


def _claims_of(patient: Patient | None) -> list[Span]:
    if patient is None:
        return []
    during = PatientClaim.objects.filter(patient=patient).values_list("during", flat=True)
    return [(span.lower, span.upper) for span in during]
