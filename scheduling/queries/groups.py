"""Sessions of several people at once: which there are, which seats are given, and who has them as far as one sees."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Site, User
from scheduling.models import Appointment, GroupSession, GroupSessionQuerySet, Resource, TimeClaim, VisitType
from scheduling.queries.times import window_of

GIVEN = "SELECT session_id, seat, visit FROM app.seats_given(%s::uuid[])"
SHOWN, ENOUGH = 200, 3


@dataclass(frozen=True)
class Group:
    """A session, and how many of its seats are given."""

    session: GroupSession
    given: int

    @property
    def free(self) -> int:
        return self.session.seats - self.given


def seats_given(session_ids: Collection[UUID]) -> dict[UUID, dict[int, UUID]]:
    """By session the seats that are given, each with the id of its visit, past the walls: nobody sees all who come."""
    found: dict[UUID, dict[int, UUID]] = defaultdict(dict)
    if session_ids:
        with connection.cursor() as cursor:
            cursor.execute(GIVEN, [list(session_ids)])
            for session_id, seat, visit_id in cursor.fetchall():
                found[session_id][seat] = visit_id
    return found


def counted(sessions: Iterable[GroupSession]) -> list[Group]:
    """One query where there is a session."""
    rows = list(sessions)
    given = seats_given([row.pk for row in rows])
    return [Group(row, len(given[row.pk])) for row in rows]


def group_kinds() -> "QuerySet[VisitType]":
    """Kinds of visits that are held in groups, by name."""
    return VisitType.objects.filter(active=True, seats__isnull=False).order_by("name")


def sessions_of(site: Site, ids: Collection[UUID]) -> list[Group]:
    """Those of them that are at this site, by time. Two queries where there is one, else none."""
    if not ids:
        return []
    return counted(_named().filter(site=site, pk__in=ids).order_by("during", "pk"))


def sessions_ahead(sites: Collection[Site], now: datetime) -> list[Group]:
    """Planned at these sites and not over, the next first."""
    ahead = _named().filter(site__in=sites).ahead(now)
    return counted(ahead.order_by("during", "pk")[:SHOWN])


def sessions_to_join(now: datetime, *, kind: VisitType | None = None) -> list[Group]:
    """With a free seat that patients may take themselves, the next first."""
    direct = _named().filter(visit_type__portal_mode=VisitType.PortalMode.DIRECT, visit_type__active=True)
    ahead = direct.filter(site__closed_at=None, provider__ended_at=None).ahead(now)
    if kind is not None:
        ahead = ahead.filter(visit_type=kind)
    return [one for one in counted(ahead.order_by("during", "pk")[:SHOWN]) if one.free and _is_open(one, now)]


def sessions_instead(session: GroupSession, now: datetime, *, by_patient: bool) -> list[Group]:
    """Others of the same kind with a free seat: those at the same site first, then the next, three at most."""
    if by_patient:
        found = sessions_to_join(now, kind=session.visit_type)
    else:
        ahead = _named().filter(visit_type=session.visit_type).ahead(now)
        found = [one for one in counted(ahead.order_by("during", "pk")[:SHOWN]) if one.free]
    others = [one for one in found if one.session.pk != session.pk]
    return sorted(others, key=lambda one: one.session.site_id != session.site_id)[:ENOUGH]


def visits_in_session(user: User, session: GroupSession) -> list[Appointment]:
    """Who has a seat, by its number, as far as this person sees."""
    seen = Appointment.objects.visible_to(user).standing().filter(session=session)
    return list(seen.select_related("patient", "provider", "site", "visit_type").order_by("seat"))


def visits_claimed(resource: Resource, during: TimestamptzRange, now: datetime) -> list[UUID]:
    """Ids of visits for which this time of the resource is taken, buffers included, and that are not over, by time; of
    a session, of everybody with a seat in it.
    """
    claims = TimeClaim.objects.filter(resource=resource, kind=TimeClaim.Kind.VISIT, blocked__overlap=during)
    waiting = claims.filter(blocked__endswith__gt=now).order_by("blocked")
    pairs: list[tuple[Any, Any]] = list(waiting.values_list("appointment_id", "session_id"))
    seats = seats_given([session for _visit, session in pairs if session])
    return [pk for visit, session in pairs for pk in ([visit] if visit else seats[session].values())]


def _named() -> GroupSessionQuerySet:
    return GroupSession.objects.with_names()


def _is_open(one: Group, now: datetime) -> bool:
    first, last = window_of(one.session.visit_type, now, by_patient=True)
    return first <= one.session.starts_at < last
