"""Visits and the hours round them. A factory's visit has its claims, as the database asks of every visit."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import factory
from django.utils import timezone
from psycopg.types.range import DateRange, TimestamptzRange

from healthcare.accounts.models import Provider, Site
from scheduling.models import (
    BLOCK_LANE,
    HOLDING,
    AheadAnswer,
    Appointment,
    ArrivalCount,
    DowntimeKey,
    GroupSession,
    Opening,
    PatientClaim,
    PatientFeed,
    ProviderFeed,
    ProviderPhoto,
    Qualification,
    Resource,
    SiteClosure,
    TimeClaim,
    VisitType,
    Wait,
    WaitOffer,
    WorkException,
    WorkRule,
)
from scheduling.rules import on_the_clock
from tests.factories.ground import Factory, PatientFactory, ProviderFactory, SiteFactory, UserFactory
from tests.roles import as_the_system

__all__ = [
    "AheadAnswerFactory",
    "AppointmentFactory",
    "ArrivalCountFactory",
    "DowntimeKeyFactory",
    "GroupSessionFactory",
    "OpeningFactory",
    "PatientClaimFactory",
    "PatientFeedFactory",
    "ProviderFeedFactory",
    "ProviderPhotoFactory",
    "QualificationFactory",
    "ResourceFactory",
    "SiteClosureFactory",
    "TimeClaimFactory",
    "VisitTypeFactory",
    "WaitFactory",
    "WaitOfferFactory",
    "WorkExceptionFactory",
    "WorkRuleFactory",
    "bookable_provider",
    "span",
]
FOREVER = DateRange(datetime(2020, 1, 1, tzinfo=UTC).date(), None)


def span(start: datetime, minutes: int = 40) -> TimestamptzRange:
    return TimestamptzRange(start, start + timedelta(minutes=minutes))


def tomorrow_at(hour: int) -> datetime:
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1, hours=hour)


class VisitTypeFactory(Factory):
    """Forty minutes, a start every five, no buffers, no notice."""

    class Meta:
        model = VisitType

    name = factory.Sequence(lambda n: f"Visit {n}")
    slug = factory.Sequence(lambda n: f"visit-{n}")
    minutes = 40
    notice_minutes = 0


class ResourceFactory(Factory):
    class Meta:
        model = Resource

    provider = factory.SubFactory(ProviderFactory)
    name = factory.LazyAttribute(lambda resource: resource.provider.name if resource.provider else "Room")


class ProviderPhotoFactory(Factory):
    """The first bytes of a JPEG; who looks at pixels draws them."""

    class Meta:
        model = ProviderPhoto
        django_get_or_create = ("provider",)

    provider = factory.SubFactory(ProviderFactory)
    content = b"\xff\xd8\xff"


class ProviderFeedFactory(Factory):
    class Meta:
        model = ProviderFeed

    provider = factory.SubFactory(ProviderFactory)
    owner = factory.LazyAttribute(lambda feed: feed.provider.user or UserFactory())
    digest = factory.Sequence(lambda n: f"{n:064x}")


class PatientFeedFactory(Factory):
    class Meta:
        model = PatientFeed

    patient = factory.SubFactory(PatientFactory)
    owner = factory.SubFactory(UserFactory)
    digest = factory.Sequence(lambda n: f"{n:064x}")


class QualificationFactory(Factory):
    """A licence since 2020, without an end; `last_day` is in `validity`, which is half open."""

    class Meta:
        model = Qualification

    provider = factory.SubFactory(ProviderFactory)
    name = "Physician and surgeon"
    identifier = factory.Sequence(lambda n: f"NY{n:06}")
    issuer = "New York State Education Department"
    validity = FOREVER


class WorkRuleFactory(Factory):
    """Mondays from nine to five."""

    class Meta:
        model = WorkRule

    resource = factory.SubFactory(ResourceFactory)
    site = factory.SubFactory(SiteFactory)
    validity = FOREVER
    isodow = 1
    starts = time(9)
    ends = time(17)


class WorkExceptionFactory(Factory):
    class Meta:
        model = WorkException

    resource = factory.SubFactory(ResourceFactory)
    during = factory.LazyFunction(lambda: span(tomorrow_at(12), 60))
    kind = "closed"
    reason = "Away"


class SiteClosureFactory(Factory):
    class Meta:
        model = SiteClosure

    site = factory.SubFactory(SiteFactory)
    during = factory.LazyFunction(lambda: span(tomorrow_at(0), 24 * 60))
    reason = "Training"


class AppointmentFactory(Factory):
    """A visit tomorrow, an hour later with each, with its claims. `start=` and `minutes=` say otherwise."""

    class Meta:
        model = Appointment

    class Params:
        start = factory.Sequence(lambda n: tomorrow_at(8) + timedelta(hours=n % 12, days=n // 12 % 28))
        minutes = 40

    patient = factory.SubFactory(PatientFactory)
    provider = factory.SubFactory(ProviderFactory)
    site = factory.LazyAttribute(lambda visit: visit.patient.site)
    visit_type = factory.SubFactory(VisitTypeFactory)
    during = factory.LazyAttribute(lambda visit: span(visit.start, visit.minutes))
    wall_start = factory.LazyAttribute(lambda visit: on_the_clock(visit.during.lower, ZoneInfo(visit.site.time_zone)))
    time_zone = factory.LazyAttribute(lambda visit: visit.site.time_zone)
    booked_by = factory.SubFactory(UserFactory)

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        visit = super()._create(model_class, *args, **kwargs)
        if visit.status in HOLDING:
            resource = getattr(visit.provider, "resource", None) or ResourceFactory(provider=visit.provider)
            if visit.session is None:
                TimeClaimFactory(resource=resource, blocked=visit.during, kind="visit", appointment_id=visit.pk)
            PatientClaimFactory(patient=visit.patient, appointment=visit, during=visit.during)
        return visit


class TimeClaimFactory(Factory):
    class Meta:
        model = TimeClaim

    resource = factory.SubFactory(ResourceFactory)
    kind = "block"
    lane = factory.LazyAttribute(lambda claim: BLOCK_LANE if claim.kind == "block" else 0)
    blocked = factory.Sequence(lambda n: span(tomorrow_at(8) + timedelta(hours=n % 12)))


class AheadAnswerFactory(Factory):
    class Meta:
        model = AheadAnswer

    patient = factory.SelfAttribute("appointment.patient")
    appointment = factory.SubFactory("tests.factories.scheduling.AppointmentFactory")
    item = "details"
    right = True
    answered_by = factory.SubFactory(UserFactory)


class ArrivalCountFactory(Factory):
    class Meta:
        model = ArrivalCount

    site = factory.SubFactory(SiteFactory)
    day = factory.Sequence(lambda n: date(2030, 1, 1) + timedelta(days=n % 1000))
    last = 1


class WaitFactory(Factory):
    """Of any provider at the patient's site, any time of the next ten years: tests live in 2030, too."""

    class Meta:
        model = Wait

    patient = factory.SubFactory(PatientFactory)
    visit_type = factory.SubFactory(VisitTypeFactory)
    site = factory.LazyAttribute(lambda wait: wait.patient.site)
    first_day = factory.LazyFunction(lambda: timezone.now().date())
    last_day = factory.LazyFunction(lambda: timezone.now().date() + timedelta(days=3650))
    added_by = factory.SubFactory(UserFactory)


class WaitOfferFactory(Factory):
    """Kept for an hour; its hold is made by the verb alone."""

    class Meta:
        model = WaitOffer

    wait = factory.SubFactory(WaitFactory)
    patient = factory.LazyAttribute(lambda offer: offer.wait.patient)
    provider = factory.SubFactory(ProviderFactory)
    during = factory.LazyFunction(lambda: span(tomorrow_at(12)))
    time_zone = factory.LazyAttribute(lambda offer: offer.wait.site.time_zone)
    until = factory.LazyFunction(lambda: timezone.now() + timedelta(hours=1))
    next_at = factory.LazyAttribute(lambda offer: offer.until)


class OpeningFactory(Factory):
    class Meta:
        model = Opening

    resource = factory.SubFactory(ResourceFactory)
    during = factory.LazyFunction(lambda: span(tomorrow_at(12)))
    next_at = factory.LazyFunction(timezone.now)


class DowntimeKeyFactory(Factory):
    class Meta:
        model = DowntimeKey

    site = factory.SubFactory(SiteFactory)
    kind = "desk"
    secret = "k3fm-9xqt-abcd-efgh-mnpq"


class PatientClaimFactory(Factory):
    """Of a visit that stands; the claim of a visit made elsewhere is made there."""

    class Meta:
        model = PatientClaim

    during = factory.LazyAttribute(lambda claim: claim.appointment.during)
    patient = factory.LazyAttribute(lambda claim: claim.appointment.patient)


def bookable_provider(site: Site, **fields: Any) -> Provider:
    """A provider of this site with a resource and hours round the clock, every day."""
    with as_the_system():
        provider = ProviderFactory(**fields)
        provider.sites.add(site)
        resource = ResourceFactory(provider=provider, time_zone=site.time_zone)
        WorkRule.objects.bulk_create(
            WorkRuleFactory.build(resource=resource, site=site, isodow=isodow, starts=time(0), ends=time(0))
            for isodow in range(1, 8)
        )
    return provider


class GroupSessionFactory(Factory):
    """Tomorrow at noon with eight seats, and with its claim where it takes place."""

    class Meta:
        model = GroupSession

    class Params:
        start = factory.LazyFunction(lambda: tomorrow_at(12))
        minutes = 40

    provider = factory.SubFactory(ProviderFactory)
    site = factory.SubFactory(SiteFactory)
    visit_type = factory.SubFactory(VisitTypeFactory, seats=8)
    during = factory.LazyAttribute(lambda session: span(session.start, session.minutes))
    wall_start = factory.LazyAttribute(
        lambda session: on_the_clock(session.during.lower, ZoneInfo(session.site.time_zone))
    )
    time_zone = factory.LazyAttribute(lambda session: session.site.time_zone)
    seats = factory.LazyAttribute(lambda session: session.visit_type.seats)
    planned_by = factory.SubFactory(UserFactory)

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        session = super()._create(model_class, *args, **kwargs)
        if session.cancelled_at is None:
            resource = getattr(session.provider, "resource", None) or ResourceFactory(provider=session.provider)
            TimeClaimFactory(resource=resource, blocked=session.during, kind="visit", session=session)
        return session
