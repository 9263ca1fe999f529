"""Whom to see near here: providers by distance, each with their first free time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from healthcare.accounts.models import Provider, Site
from patients.models import Patient
from patients.queries.places import place_of
from scheduling.models import Appointment, Resource, VisitType
from scheduling.queries.cached import cached_spans
from scheduling.queries.times import FreeTime, claims_of, reach_of, starts_by_place, window_of
from scheduling.rules import Place, by_distance, distance_km

Key = tuple[bool, float, str, str]
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

    @property
    def key(self) -> "Key":
        """Its place in the order of a list in which each provider stands once."""
        return self.distance_km is None, self.distance_km or 0.0, self.provider.name, str(self.provider.pk)


@dataclass(frozen=True)
class Nearby:
    """`place` is where the search began; None where it was not said, or is not known."""

    place: Place | None
    found: list[Near]


def nearest_providers(
    *,
    near: Place | str | None,
    visit_type: VisitType,
    now: datetime,
    by_patient: bool,
    specialty: str = "",
    language: str = "",
    site: Site | None = None,
    accepting: bool | None = None,
    patient: Patient | None = None,
    each_once: bool = False,
    behind: Key | None = None,
    at_most: int = SHOWN,
) -> Nearby:
    """Who can be booked for this kind of visit, the nearest first; who has no place comes last, and says so.

    `near` is what `rules.parse_place` made of a ZIP code or of the browser's position. Of one who takes no new patients
    a patient hears only when they are theirs already. `each_once` leaves of each provider the nearest site, `behind`
    what comes after this one. First free is when the patient is free, too. Five queries, however many providers.
    """
    place = place_of(near)
    works = _bookable(patient) if by_patient else _working()
    works = _narrowed(works, specialty or visit_type.specialty, language, site, accepting)
    found = [
        Near(provider, site, distance_km(place, there) if place and (there := place_of(site.postal_code)) else None)
        for provider, site in ((work.provider, work.site) for work in works)
    ]
    order = by_distance([(near.distance_km, near.provider.name) for near in found])
    ordered = [found[n] for n in order]
    if each_once:
        ordered = list({near.provider.pk: near for near in reversed(ordered)}.values())[::-1]
    chosen = [near for near in ordered if behind is None or near.key > behind][:at_most]
    first = _first_free(chosen, visit_type, now, patient, by_patient=by_patient)
    return Nearby(place, [replace(near, next_free=first.get((near.provider.pk, near.site.pk))) for near in chosen])


def _working() -> "QuerySet[Any]":
    """Who sees patients where: a row for each provider and site."""
    return Provider.sites.through.objects.filter(
        provider__ended_at=None, provider__resource__isnull=False, site__closed_at=None
    )


def _bookable(patient: Patient | None) -> "QuerySet[Any]":
    theirs = Appointment.objects.standing().filter(provider=OuterRef("provider"), patient=patient)
    return _working().filter(Q(provider__accepting=True) | (Exists(theirs) if patient else Q(pk__in=[])))


def _narrowed(
    works: "QuerySet[Any]", specialty: str, language: str, site: Site | None, accepting: bool | None
) -> "QuerySet[Any]":
    asked: dict[str, Any] = {"provider__specialty": specialty, "site": site, "provider__accepting": accepting}
    asked["provider__languages__contains"] = [language] if language else None
    works = works.filter(**{name: value for name, value in asked.items() if value not in (None, "")})
    return works.select_related("provider", "site").order_by("provider__name", "provider", "site__name")


def _first_free(
    chosen: list[Near], visit_type: VisitType, now: datetime, patient: Patient | None, *, by_patient: bool
) -> dict[tuple[UUID, UUID], FreeTime]:
    first, last = window_of(visit_type, now, by_patient=by_patient)
    between = first, min(last, first + AHEAD)
    resources = {r.pk: r for r in Resource.objects.filter(provider__in={near.provider.pk for near in chosen})}
    spans = cached_spans(list(resources.values()), reach_of(between))
    sites = {near.site.pk: near.site for near in chosen}
    walks = starts_by_place(resources, spans, visit_type, between, sites, taken=claims_of(patient, between))
    times = (time for walk in walks if (time := next(walk, None)))
    return {(time.provider_id, time.site_id): time for time in times}
