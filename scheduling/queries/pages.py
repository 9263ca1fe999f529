"""What single pages of scheduling ask for: choices of forms, a patient's visits, a day of a site by provider."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet
from django.utils.timezone import get_current_timezone, get_current_timezone_name
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Provider, Site, User
from healthcare.db.prepared import AnyOf, Bound, prepared
from patients.models import Patient
from patients.queries import sites_of
from scheduling.models import (
    COMING,
    HERE,
    OPEN,
    Appointment,
    AppointmentQuerySet,
    GroupSession,
    Resource,
    SiteClosure,
    TimeClaim,
    VisitType,
    window,
)
from scheduling.queries.closures import closures_of
from scheduling.queries.groups import Group, sessions_of, visits_claimed
from scheduling.rules import Span, day_span

PAST_VISITS = 50
EXPECTED = (*OPEN,)
WAITING = (Appointment.Status.ARRIVED,)
EVERYWHERE = (timezone(timedelta(hours=-12)), timezone(timedelta(hours=14)))  # no clock on earth is further off


# == Choices of forms ==
def bookable_providers(sites: Iterable[Site]) -> "QuerySet[Provider]":
    """Who sees patients at these sites, by name."""
    there = Provider.objects.filter(sites__in=list(sites), ended_at=None, resource__isnull=False)
    return there.distinct().order_by("name", "pk")


def accepting_providers(specialty: str, site: UUID | None = None) -> "QuerySet[Provider]":
    """Of this specialty, at this site where one is named, those who take new patients; by name."""
    found = Provider.objects.filter(specialty=specialty, ended_at=None, accepting=True, resource__isnull=False)
    return (found.filter(sites=site) if site else found).order_by("name", "pk")


def visit_types(*, in_portal: bool = False) -> "QuerySet[VisitType]":
    """What can be booked for one, the shortest first; in the portal only what patients book or ask for themselves."""
    kinds = VisitType.objects.filter(active=True, seats=None)
    return (kinds.exclude(portal_mode=VisitType.PortalMode.OFF) if in_portal else kinds).order_by("minutes", "name")


def specialties() -> list[str]:
    """Of providers who can be booked and accept patients, by name."""
    known = Provider.objects.filter(ended_at=None, resource__isnull=False).exclude(specialty="")
    return list(known.order_by("specialty").values_list("specialty", flat=True).distinct())


@prepared
def rooms_of(site: Site) -> "QuerySet[Resource, str]":
    """The names of the site's rooms; empty where none are kept."""
    return Resource.objects.filter(kind=Resource.Kind.ROOM, site=site).order_by("name").values_list("name", flat=True)


# == A patient's visits ==
@dataclass(frozen=True)
class Visits:
    """Those to come, the next first; and those past or called off, the newest first, at most 50."""

    upcoming: Sequence[Appointment]
    past: Sequence[Appointment]


def visits_of(user: User, patient: Patient, now: datetime) -> Visits:
    upcoming = [visit for visit in _open_visits_of(user, patient) if _to_come(visit, now)]
    return Visits(upcoming, _other_visits_of(user, patient, [visit.pk for visit in upcoming], PAST_VISITS))


@prepared
def _open_visits_of(user: User, patient: Patient) -> AppointmentQuerySet:
    seen = with_names(Appointment.objects.visible_to(user).filter(patient=patient))
    return seen.filter(status__in=[*COMING, *HERE]).order_by("during")


@prepared
def _other_visits_of(user: User, patient: Patient, known: list[UUID], at_most: int) -> AppointmentQuerySet:
    seen = with_names(Appointment.objects.visible_to(user).filter(patient=patient))
    return seen.exclude(pk=AnyOf(known)).order_by("-during")[:at_most]


def with_names(visits: AppointmentQuerySet) -> AppointmentQuerySet:
    """Each with whom, where, what for and of whom."""
    return visits.select_related("provider", "site", "visit_type", "patient")


def _to_come(visit: Appointment, now: datetime) -> bool:
    return visit.ends_at > now or visit.status in HERE


# == The day of a site, and the week of a provider there ==
@dataclass
class ProviderDay:
    """A provider's day or week at one site: hours, what is free of them, visits, and what keeps time without one.

    `taken` are times of visits that the reader may not see, and holds; `blocks` are blocked by somebody; `rooms` are
    names of rooms and devices by the visit or the session that has them; in `closures` the whole site is closed.
    """

    provider: Provider
    resource_id: UUID
    work: list[Span] = field(default_factory=list)
    free: list[Span] = field(default_factory=list)
    visits: list[Appointment] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    blocks: list[TimeClaim] = field(default_factory=list)
    taken: list[Span] = field(default_factory=list)
    rooms: dict[UUID, list[str]] = field(default_factory=dict)
    closures: list[SiteClosure] = field(default_factory=list)

    def is_blocked(self, visit: Appointment | GroupSession) -> bool:
        """Whether an open visit or a session lies in blocked time, or where the site is closed but for extra hours: it
        has to be moved.
        """
        if not visit.is_open:
            return False
        closed = any(_meet(visit.during, closure.during) for closure in self.closures)
        works = any(begins <= visit.starts_at and visit.ends_at <= ends for begins, ends in self.work)
        return (closed and not works) or any(_meet(visit.during, claim.blocked) for claim in self.blocks)

    def is_on_top(self, visit: Appointment) -> bool:
        """Whether it was booked where another one is still, and not past a limit alone."""
        others = [(one.starts_at, one.ends_at) for one in self.visits if one.pk != visit.pk] + self.taken
        return bool(visit.overbook_reason) and any(
            visit.starts_at < ends and begins < visit.ends_at for begins, ends in others
        )


def day_of_site(user: User, site: Site, day: date) -> list[ProviderDay]:
    """Every provider of the site by name; the day is that of the clock there. Six queries."""
    return _stretch_of(user, site, _providers_there(site), day_span(day, ZoneInfo(site.time_zone)))


def providers_at(site: Site) -> list[Provider]:
    """Who has visits at this site, by name."""
    return [row.provider for row in _providers_there(site) if row.provider]


def week_of_provider(user: User, site: Site, provider: Provider, days: Sequence[date]) -> ProviderDay | None:
    """One provider of the site from the first to the last of these days, by the clock there. Six queries."""
    zone = ZoneInfo(site.time_zone)
    rows = [row for row in _providers_there(site) if row.provider_id == provider.pk]
    found = _stretch_of(user, site, rows, (day_span(days[0], zone)[0], day_span(days[-1], zone)[1]))
    return next(iter(found), None)


def _stretch_of(user: User, site: Site, resources: Iterable[Resource], span: Span) -> list[ProviderDay]:
    closures = closures_of(site, TimestamptzRange(*span))
    days = {row.pk: ProviderDay(row.provider, row.pk, closures=closures) for row in resources if row.provider}
    _add_hours(days, site, span)
    by_provider = {day.provider.pk: day for day in days.values()}
    known: dict[UUID | None, ProviderDay] = {}
    for visit in visits_there(user, site, span):
        if visit.provider_id in by_provider:
            known[visit.pk] = by_provider[visit.provider_id]
            known[visit.pk].visits.append(visit)
    rooms = dict(_rooms_there(site))
    claims = list(_claims([*days, *rooms], TimestamptzRange(*span)))
    for group in sessions_of(site, {claim.session_id for claim in claims if claim.session_id}):
        if group.session.provider_id in by_provider:
            known[group.session.pk] = by_provider[group.session.provider_id]
            known[group.session.pk].groups.append(group)
    for claim in claims:
        _sort_in(claim, days, known.get(claim.appointment_id or claim.session_id), rooms)
    return list(days.values())


def _sort_in(
    claim: TimeClaim, days: dict[UUID, ProviderDay], known: ProviderDay | None, rooms: dict[UUID, str]
) -> None:
    """What keeps the time: a room of something that is shown, a block, or what the reader may not see."""
    whose = claim.appointment_id or claim.session_id
    if claim.resource_id in rooms:
        if known and whose:
            known.rooms.setdefault(whose, []).append(rooms[claim.resource_id])
    elif claim.kind == TimeClaim.Kind.BLOCK:
        days[claim.resource_id].blocks.append(claim)
    elif known is None:
        days[claim.resource_id].taken.append((claim.blocked.lower, claim.blocked.upper))


def visits_there(user: User, site: Site, span: Span) -> list[Appointment]:
    """At this site between these instants, by time, whatever became of them but cancelled."""
    first, last, during = window(*span, [ZoneInfo(site.time_zone)])
    return _visits_there(user, site, Bound(first), Bound(last), during)


@prepared
def _visits_there(user: User, site: Site, first: Any, last: Any, during: TimestamptzRange) -> AppointmentQuerySet:
    seen = Appointment.objects.visible_to(user).filter(site=site).between(first, last, during)
    return with_names(seen).exclude(status="cancelled").order_by("during", "pk")


@prepared
def _providers_there(site: Site) -> "QuerySet[Resource]":
    there = Resource.objects.filter(provider__sites=site, provider__ended_at=None)
    return there.select_related("provider").order_by("provider__name", "pk")


@prepared
def _rooms_there(site: Site) -> "QuerySet[Resource, tuple[UUID, str]]":
    """What visits may need there."""
    rows = Resource.objects.filter(site=site).exclude(category="").order_by("name", "pk")
    return rows.values_list("pk", "name")


@prepared
def _claims(resources: list[UUID], during: TimestamptzRange) -> "QuerySet[TimeClaim]":
    return TimeClaim.objects.filter(resource=AnyOf(resources), blocked__overlap=during).order_by("blocked")


def _add_hours(days: dict[UUID, ProviderDay], site: Site, span: Span) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT resource_id, work, free FROM app.free_time(%s::uuid[], %s) WHERE site_id = %s",
            [list(days), TimestamptzRange(*span), site.pk],  # type: ignore[list-item]  # psycopg knows ranges
        )
        for resource_id, work, free in cursor.fetchall():
            days[resource_id].work = [(piece.lower, piece.upper) for piece in work]
            days[resource_id].free = [(piece.lower, piece.upper) for piece in free]


# == Today, for the role homes ==
def today_in(user: User, sites: Sequence[Site], statuses: Sequence[str], now: datetime) -> list[Appointment]:
    """Today's visits at these sites in one of these states, by time; whoever waits for longest comes first."""
    if not sites:
        return []
    zones = {ZoneInfo(site.time_zone) for site in sites}
    spans = [day_span(now.astimezone(zone).date(), zone) for zone in zones]
    first, last, during = window(min(span[0] for span in spans), max(span[1] for span in spans), zones)
    return _in_these_states(user, [site.pk for site in sites], tuple(statuses), Bound(first), Bound(last), during)


@prepared
def _in_these_states(
    user: User, sites: list[UUID], statuses: tuple[str, ...], first: Any, last: Any, during: TimestamptzRange
) -> AppointmentQuerySet:
    seen = Appointment.objects.visible_to(user).filter(site=AnyOf(sites), status__in=statuses)
    return with_names(seen.between(first, last, during)).order_by("arrived_at", "during")


def own_visits_today(user: User, now: datetime) -> list[Appointment]:
    """The visits of today of the provider whose account this is, by time, whatever became of them but cancelled."""
    today = day_span(now.astimezone(get_current_timezone()).date(), ZoneInfo(get_current_timezone_name()))
    first, last, during = window(*today, EVERYWHERE)
    return _own_visits(user, Bound(first), Bound(last), during)


@prepared
def _own_visits(user: User, first: Any, last: Any, during: TimestamptzRange) -> AppointmentQuerySet:
    seen = Appointment.objects.visible_to(user).filter(provider__user=user).between(first, last, during)
    return with_names(seen).exclude(status="cancelled").order_by("during")


# == Blocked time ==
def blockable_providers(user: User, sites: Iterable[Site]) -> "QuerySet[Provider]":
    """Whose time this person may block: a doctor's own, for the desk that of everybody at its sites."""
    providers = bookable_providers(sites)
    return providers.filter(user=user) if user.acting_role == "doctor" else providers


@dataclass(frozen=True)
class Inside:
    """What lies in a time to be blocked: visits to show, and how many more there are of patients out of reach."""

    ids: Sequence[UUID]
    visits: Sequence[Appointment]

    @property
    def hidden(self) -> int:
        return len(self.ids) - len(self.visits)


def visits_within(user: User, provider: Provider, during: TimestamptzRange, now: datetime) -> Inside:
    """The provider's visits, buffers included, that meet this time and are not over, by time; seats in groups too."""
    resource = Resource.objects.filter(provider=provider).first()
    ids = visits_claimed(resource, during, now) if resource else []
    seen = with_names(Appointment.objects.visible_to(user).filter(pk__in=ids))
    return Inside(ids=ids, visits=list(seen.order_by("during")))


def blocks_of(providers: Iterable[Provider], now: datetime) -> list[TimeClaim]:
    """Blocked times of these providers that are not over, the next first."""
    blocks = TimeClaim.objects.filter(kind=TimeClaim.Kind.BLOCK, resource__provider__in=list(providers))
    found = blocks.filter(blocked__endswith__gt=now).select_related("resource__provider")
    return list(found.order_by("blocked")[:50])


# == What waits for an answer ==
@prepared
def requests_for(user: User, now: datetime) -> AppointmentQuerySet:
    """What patients asked for where this person works and nobody has answered; what runs out next comes first."""
    mine = Appointment.objects.visible_to(user).requested().filter(site__in=sites_of(user).order_by())
    return with_names(mine.filter(during__endswith__gt=now)).order_by("answer_by", "pk")[:50]


def _meet(one: Any, other: Any) -> bool:
    """Whether two bounded ranges have a moment in common."""
    return bool(one.lower < other.upper and other.lower < one.upper)
