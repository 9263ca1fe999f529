"""How many visits a change of hours concerns: counted by the time they take, whoever comes."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Provider
from scheduling.models import Resource, TimeClaim, WorkRule
from scheduling.rules import Span, day_span, hours_meet


def visits_during(resource: Resource, during: TimestamptzRange) -> int:
    claims = TimeClaim.objects.filter(resource=resource, kind=TimeClaim.Kind.VISIT)
    return claims.filter(blocked__overlap=during).count()


def visits_ahead(resource: Resource, now: datetime) -> list[Span]:
    """When visits with it are booked that are not over yet."""
    claims = TimeClaim.objects.filter(resource=resource, kind=TimeClaim.Kind.VISIT, blocked__endswith__gt=now)
    return [(span.lower, span.upper) for span in claims.order_by("blocked").values_list("blocked", flat=True)]


def visits_after(rule: WorkRule, last_day: date) -> int:
    """Visits on this weekday, within these hours, after the day, on the clock of the site."""
    zone = ZoneInfo(rule.site.time_zone)
    midnight = datetime(last_day.year, last_day.month, last_day.day, tzinfo=zone)
    claims = TimeClaim.objects.filter(resource=rule.resource_id, kind=TimeClaim.Kind.VISIT)
    later = claims.filter(blocked__overlap=TimestamptzRange(midnight, None)).values_list("blocked", flat=True)
    local = [(span.lower.astimezone(zone), span.upper.astimezone(zone)) for span in later.order_by("blocked")]
    return sum(
        begins.date() > last_day
        and begins.isoweekday() == rule.isodow
        and hours_meet((begins.time(), ends.time()), (rule.starts, rule.ends))
        for begins, ends in local
    )


def visits_from(provider: Provider, first_day: date) -> int:
    """Visits booked with the provider on that day or later, by the calendar of their schedule; none without one."""
    resource = Resource.objects.filter(provider=provider).first()
    if resource is None:
        return 0
    midnight = day_span(first_day, ZoneInfo(resource.time_zone))[0]
    return visits_during(resource, TimestamptzRange(midnight, None))


def blocks_during(provider: Provider, during: TimestamptzRange) -> list[Span]:
    """What is blocked of the provider's time in this span already."""
    blocks = TimeClaim.objects.filter(resource__provider=provider, kind=TimeClaim.Kind.BLOCK, blocked__overlap=during)
    return [(span.lower, span.upper) for span in blocks.order_by("blocked").values_list("blocked", flat=True)]
