"""What the desk settles: times that patients asked for, and visits in time that was blocked or closed since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet, UUIDField, Value
from django.db.models.functions import Cast

from healthcare.accounts.models import User
from healthcare.db.prepared import AnyOf, Bound, prepared
from patients.queries import sites_of
from scheduling.models import Appointment, SiteClosure, TimeClaim, WorkException, window
from scheduling.queries.pages import EVERYWHERE, with_names

CLOSED_AHEAD = timedelta(days=28)  # of those that are later, each visit is an alert already
MOST = 200


@dataclass(frozen=True)
class ToSettle:
    """Times that patients asked for, the next to run out first; visits in blocked or closed time, the next first."""

    requested: Sequence[Appointment]
    to_move: Sequence[Appointment]


@dataclass(frozen=True)
class Kept:
    """A span kept free: of a provider, when blocked; at a site, when closed; of both, extra hours that stand in it."""

    provider: UUID | None
    site: UUID | None
    span: Any


def to_settle(user: User, now: datetime, *, at_most: int = 20) -> ToSettle:
    """Where this person works, of what is still to come; of closed time the next four weeks. Two queries."""
    kept = [Kept(*row) for row in _kept_free(user, now, now + CLOSED_AHEAD)]
    blocks = [one for one in kept if one.site is None]
    closed = [one for one in kept if one.provider is None]
    last = max((one.span.upper for one in blocks), default=now)
    first = min((one.span.lower for one in closed), default=now)
    between = window(first, max((one.span.upper for one in closed), default=now), EVERYWHERE)[:2]
    providers = sorted({one.provider for one in blocks if one.provider})
    sites = sorted({one.site for one in closed if one.site})
    near = _to_settle(user, providers, now, last, sites, *(Bound(text) for text in between))
    waiting = sorted((visit for visit in near if visit.is_requested), key=lambda visit: (visit.answer_by, visit.pk))
    to_move = {visit.pk: visit for visit in near if visit.is_open and _has_to_move(visit, kept)}
    return ToSettle(waiting[:at_most], sorted(to_move.values(), key=lambda visit: visit.starts_at)[:at_most])


def _has_to_move(visit: Appointment, kept: Sequence[Kept]) -> bool:
    during = visit.during
    mine = [one for one in kept if one.provider in (None, visit.provider_id) and one.site in (None, visit.site_id)]
    meeting = [one for one in mine if one.span.lower < during.upper and during.lower < one.span.upper]
    if any(one.site is None for one in meeting):
        return True
    works = any(one.provider and one.span.lower <= during.lower and during.upper <= one.span.upper for one in meeting)
    return bool(meeting) and not works


@prepared
def _kept_free(user: User, now: datetime, soon: datetime) -> "QuerySet[Any, Any]":
    """Blocks; closures of this person's sites, and the extra hours in them."""
    nobody = Cast(Value(None), UUIDField())
    blocks = TimeClaim.objects.filter(kind="block", blocked__endswith__gt=now).order_by("blocked")
    mine = SiteClosure.objects.filter(site__in=sites_of(user).order_by(), during__endswith__gt=now)
    closed = mine.filter(during__startswith__lt=soon)
    there = closed.filter(site=OuterRef("site"), during__overlap=OuterRef("during"))
    extra = WorkException.objects.filter(Exists(there), kind="extra")
    return (
        blocks.values_list("resource__provider_id", nobody, F("blocked"))[:MOST]
        .union(closed.values_list(nobody, F("site_id"), F("during")), all=True)
        .union(extra.values_list("resource__provider_id", F("site_id"), F("during")), all=True)
    )


@prepared
def _to_settle(
    user: User, providers: list[UUID], now: datetime, last: datetime, sites: list[UUID], first: Any, until: Any
) -> "QuerySet[Appointment]":
    """Each part along its own index."""
    mine = Appointment.objects.visible_to(user).filter(site__in=sites_of(user).order_by(), during__endswith__gt=now)
    blocked = mine.upcoming(now).filter(provider=AnyOf(providers), during__startswith__lt=last)
    closed = mine.upcoming(now).filter(site=AnyOf(sites), wall_start__gte=first, wall_start__lt=until)
    return with_names(mine.requested())[:MOST].union(with_names(blocked), with_names(closed), all=True)
