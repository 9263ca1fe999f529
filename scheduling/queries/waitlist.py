"""Who waits for a time, what was offered to them, and whom a time that became free fits first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Exists, OuterRef, Prefetch, Q
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Site, User
from patients.models import Patient
from patients.queries import sites_of
from scheduling.models import Resource, Wait, WaitOffer, WaitQuerySet
from scheduling.queries.free import free_spans
from scheduling.queries.times import claims_of, length_of, reach_of, starts_by_place
from scheduling.rules import Span, nearest
from scheduling.rules.waitlist import QUIET, Quiet, Term, term_of

LOOKED_AT = 200  # lines of the list, for one time
SHOWN = 100
WITH_NAMES = ("patient", "visit_type", "site", "provider")


# == Whom it fits ==
@dataclass(frozen=True)
class Fit:
    """The first on the list who could have a time, from when on it can be offered and until when it is kept."""

    wait: Wait
    start: datetime
    term: Term


def fits_in_order(resource: Resource, freed: Span, now: datetime) -> Iterator[Fit]:
    """Who waits for a visit that touches this span of the provider's time, in their order; for the system.

    Nobody who was offered a part of it before, or has another offer. Each with the start nearest to the span's own
    that is free now, to the provider and to the patient.
    """
    free = free_spans([resource.pk], reach_of(freed)).get(resource.pk, {})
    sites = Site.objects.filter(closed_at=None).in_bulk(list(free))
    for wait in _candidates(resource, sites, freed):
        zone = ZoneInfo(wait.site.time_zone)
        start = _start_for(wait, resource, {wait.site_id: free[wait.site_id]}, freed)
        if start is None:
            continue
        kind = wait.visit_type
        asked = {"minutes": kind.offer_minutes, "notice_minutes": kind.notice_minutes, "zone": zone}
        term = term_of(now, start, **asked, quiet=quiet_of(wait.patient))  # type: ignore[arg-type]
        if term is not None:
            yield Fit(wait, start, term)


def quiet_of(patient: Patient) -> Quiet:
    """The patient's own, else those of the house."""
    if patient.quiet_from is None or patient.quiet_until is None:
        return QUIET
    return patient.quiet_from, patient.quiet_until


def _candidates(resource: Resource, sites: dict[UUID, Site], freed: Span) -> Sequence[Wait]:
    first, last = (moment.date() for moment in freed)  # of a clock that may be a day off either way
    offers = WaitOffer.objects.filter(patient=OuterRef("patient"))
    before = offers.filter(wait=OuterRef("pk"), during__overlap=TimestamptzRange(*freed))
    provider = resource.provider
    waits = Wait.objects.waiting().filter(
        ~Exists(offers.open()),
        ~Exists(before.filter(provider=provider)),
        Q(provider=None) | Q(provider=provider),
        Q(visit_type__specialty="") | Q(visit_type__specialty=provider.specialty if provider else ""),
        site__in=list(sites),
        visit_type__active=True,
        first_day__lte=last + timedelta(days=1),
        last_day__gte=first - timedelta(days=1),
    )
    return list(waits.exclude(patient__deceased=True).select_related(*WITH_NAMES).in_order()[:LOOKED_AT])


def _start_for(wait: Wait, resource: Resource, free: dict[UUID, list[Span]], freed: Span) -> datetime | None:
    kind, zone, site = wait.visit_type, ZoneInfo(wait.site.time_zone), {wait.site_id: wait.site}
    length = length_of(kind)
    begins, ends = length.blocked(freed[0])
    around = freed[0] - (ends - freed[0]), freed[1] + (freed[0] - begins)  # whatever touches it begins in between
    spans = {resource.pk: free}
    places = starts_by_place({resource.pk: resource}, spans, kind, around, site, taken=claims_of(wait.patient, around))
    starts = [time.start for times in places for time in times if wait.wish.fits(time.start, zone)]
    touching = (start for start in starts if _meet(length.blocked(start), freed))
    return next(iter(nearest(touching, freed[0], 1)), None)


def _meet(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


# == Lists ==
def waiting_for(user: User) -> list[Wait]:
    """Who waits where this person works, in the order in which they are offered times, with what is offered now."""
    mine = Wait.objects.visible_to(user).waiting().filter(site__in=sites_of(user).order_by())
    return list(_with_offers(user, mine).in_order()[:SHOWN])


def waits_of(user: User, patient: Patient) -> list[Wait]:
    """What this patient waits for, with what is offered now."""
    return list(_with_offers(user, Wait.objects.visible_to(user).waiting().filter(patient=patient)).in_order())


def find_wait(user: User, patient: Patient, pk: UUID) -> Wait | None:
    """With everything that was offered, the newest first."""
    found = Wait.objects.visible_to(user).filter(patient=patient, pk=pk).select_related(*WITH_NAMES, "added_by")
    offers = WaitOffer.objects.visible_to(user).select_related("provider", "appointment").order_by("-created_at", "pk")
    wait: Wait | None = found.prefetch_related(Prefetch("offers", offers, to_attr="offered")).first()
    return wait


def _with_offers(user: User, waits: WaitQuerySet) -> WaitQuerySet:
    open_ = WaitOffer.objects.visible_to(user).open().select_related("provider").order_by("pk")
    return waits.select_related(*WITH_NAMES).prefetch_related(Prefetch("offers", open_, to_attr="offered"))


# == By the link in the mail: nobody is signed in, and one named function passes the wall ==
@dataclass(frozen=True)
class LinkedOffer:
    """What whoever has the link may know: when, where, with whom, and how it stands. `patient_id` is for the audit."""

    pk: UUID
    patient_id: UUID
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    stands: str
    until: datetime
    provider: str
    credentials: str
    site: str
    line: str
    city: str
    state: str
    postal_code: str
    phone: str


def offer_by_link(key: UUID) -> LinkedOffer | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM app.offer_by_link(%s)", [key])
        row = cursor.fetchone()
    return LinkedOffer(*row) if row else None
