"""Providers as administrators keep them: until when they are licensed, and what is missing until they can be booked."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import Q, QuerySet

from healthcare.accounts.models import Membership, Provider, User
from scheduling.models import Qualification, Resource, WorkRule
from scheduling.queries.licences import licences_of
from scheduling.queries.setting_up import visits_from
from scheduling.rules import WARNED, Days, Licence, licence_on, licensed_until

SHOWN = 200


class Missing(StrEnum):
    """What a provider needs before patients can book them, in the order in which it is done."""

    ACCOUNT = "account"
    ROLE = "role"
    SITE = "site"
    SPECIALTY = "specialty"
    HOURS = "hours"
    LICENCE = "licence"
    LANGUAGES = "languages"


@dataclass(frozen=True)
class Line:
    """One provider today. `until` is the last day up to which licences follow each other; None without an end, or
    without any.
    """

    provider: Provider
    licence: Licence
    until: date | None
    days_left: int | None
    missing: tuple[Missing, ...] = ()

    @property
    def ends_soon(self) -> bool:
        return self.licence.covers and self.days_left is not None and self.days_left <= WARNED[0]

    @property
    def is_over(self) -> bool:
        """There was a licence, or there will be one, and none counts today."""
        return self.licence.recorded and not self.licence.covers

    @property
    def needs_somebody(self) -> bool:
        return bool(self.missing) or not self.licence.covers or self.ends_soon


@dataclass
class Known:
    """What was read of many providers at once."""

    licences: dict[UUID, list[Days]]
    with_hours: set[UUID]
    works: dict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))


def active_providers(text: str = "") -> "QuerySet[Provider]":
    rows = Provider.objects.filter(ended_at=None)
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(specialty__icontains=text) | Q(npi=text))
    return rows.select_related("user").prefetch_related("sites").order_by("name", "pk")


def lines_of(providers: Collection[Provider], today: date) -> list[Line]:
    """Three queries, however many providers."""
    keys = [provider.pk for provider in providers]
    known = Known(licences_of(keys), _with_hours(keys, today))
    users = [provider.user_id for provider in providers if provider.user_id]
    for membership in Membership.objects.current().filter(user__in=users, role__in=["doctor", "nurse"]):
        known.works[membership.user_id].add(membership.site_id)
    return [_line(provider, known, today) for provider in providers]


def _line(provider: Provider, known: Known, today: date) -> Line:
    sites, licences = list(provider.sites.all()), known.licences[provider.pk]
    licence = licence_on(today, licences, demanded=any(site.demands_licence for site in sites))
    until = licensed_until(today, licences) if licences else None
    works = known.works[provider.user_id] if provider.user_id else set()
    wrong = {
        Missing.ACCOUNT: provider.user_id is None,
        Missing.ROLE: provider.user_id is not None and not works & {site.pk for site in sites},
        Missing.SITE: not sites,
        Missing.SPECIALTY: not provider.specialty,
        Missing.HOURS: provider.pk not in known.with_hours,
        Missing.LICENCE: not licences,
        Missing.LANGUAGES: not provider.languages,
    }
    missing = tuple(step for step, is_missing in wrong.items() if is_missing)
    return Line(provider, licence, until, (until - today).days if until else None, missing)


def _with_hours(provider_ids: Sequence[UUID], today: date) -> set[UUID]:
    rules = WorkRule.objects.filter(resource__provider__in=provider_ids)
    rules = rules.filter(Q(validity__contains=today) | Q(validity__startswith__gt=today))
    return {key for key in rules.values_list("resource__provider", flat=True).distinct() if key}


def in_need(lines: Iterable[Line]) -> list[Line]:
    """Who needs somebody, the soonest end of a licence first; a licence that is over comes before all."""
    far = date.max
    wanting = [line for line in lines if line.needs_somebody]
    return sorted(wanting, key=lambda line: (line.licence.covers, line.until or far, line.provider.name))


@dataclass(frozen=True)
class ProviderPage:
    """`later` counts visits that are booked after the last licensed day."""

    line: Line
    qualifications: list[Qualification]
    resource: Resource | None
    later: int


def page_of(provider: Provider, today: date) -> ProviderPage:
    (line,) = lines_of([provider], today)
    rows = Qualification.objects.filter(provider=provider).select_related("recorded_by", "withdrawn_by")
    kept = sorted(rows.order_by("kind", "-validity", "pk"), key=lambda row: row.withdrawn_at is not None)
    resource = Resource.objects.filter(provider=provider).first()
    first_without = None if line.until is None else max(line.until + timedelta(days=1), today)
    later = visits_from(provider, first_without) if first_without else 0
    return ProviderPage(line, kept, resource, later)


def standing_in_for(user: User) -> "QuerySet[Membership]":
    """Who may stand in: colleagues in the same role at a site where this person works in it."""
    mine = Membership.objects.current().filter(user=user, role=user.acting_role).values("site")
    rows = Membership.objects.current().filter(role=user.acting_role, site__in=mine, user__is_active=True)
    return rows.exclude(user=user).select_related("user").order_by("user__full_name", "user")


def administrators(now: datetime) -> list[User]:
    """Who keeps accounts now, each once."""
    held = Membership.objects.filter(role="administrator", validity__contains=now, user__is_active=True)
    return list({one.user_id: one.user for one in held.select_related("user").order_by("user")}.values())
