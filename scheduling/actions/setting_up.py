"""How the clinic is set up for booking: kinds of visits, rooms and devices, hours, and days that differ."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import check_can
from healthcare.accounts.models import Provider, Site, User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from healthcare.events import publish
from scheduling import rules
from scheduling.events import FreeTimeChanged
from scheduling.models import Resource, VisitType, WorkException, WorkRule
from scheduling.queries.rooms import known_categories

VISIT_TYPE_FIELDS = (
    "name",
    "minutes",
    "buffer_before",
    "buffer_after",
    "grid_minutes",
    "notice_minutes",
    "cancel_minutes",
    "horizon_days",
    "most_per_day",
    "most_per_week",
    "portal_mode",
    "answer_hours",
    "offer_minutes",
    "seats",
    "takes_copay",
    "specialty",
    "privilege",
    "needs",
    "anyone",
    "active",
)


class NotSetUp(Exception):
    """It does not fit what is there already. The message is a sentence for the administrator."""


# == Kinds of visits ==
@transaction.atomic
def add_visit_type(*, by: User, slug: str, values: Mapping[str, Any]) -> VisitType:
    """A kind of visit that can be booked from now on. `values` are of `VISIT_TYPE_FIELDS`.

    Raises NotAllowed, and NotSetUp where it needs what no site has.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    _check_needs(values)
    visit_type = VisitType(slug=slug, **{name: values[name] for name in VISIT_TYPE_FIELDS if name in values})
    visit_type.save(force_insert=True)
    record("scheduling.add_visit_type", by=by, target=visit_type)
    return visit_type


@transaction.atomic
def change_visit_type(*, by: User, visit_type: VisitType, values: Mapping[str, Any]) -> None:
    """Write the fields of `VISIT_TYPE_FIELDS` that are given. Visits keep the length they were booked with.

    Raises NotAllowed, and NotSetUp where it needs what no site has.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    _check_needs(values)
    changed = [name for name in VISIT_TYPE_FIELDS if name in values and getattr(visit_type, name) != values[name]]
    for name in changed:
        setattr(visit_type, name, values[name])
    visit_type.save(update_fields=[*changed, "updated_at"])
    record("scheduling.change_visit_type", by=by, target=visit_type, detail={"fields": changed})


def _check_needs(values: Mapping[str, Any]) -> None:
    if missing := set(values.get("needs", ())).difference(known_categories()):
        raise NotSetUp(_("There is no “%(what)s” anywhere. Add the room or device first.") % {"what": min(missing)})


# == What can be in one place at a time only ==
@transaction.atomic
def add_resource(
    *, by: User, kind: str, site: Site, name: str = "", category: str = "", provider: Provider | None = None
) -> Resource:
    """A room or device at a site, or the schedule of a provider, whose days begin on the clock of this site.

    `category` is what kinds of visits need, spelled as it is already. Raises NotAllowed, and NotSetUp for a provider
    who has a schedule already or a room without a name.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    if kind == Resource.Kind.PROVIDER:
        if provider is None or category or Resource.objects.filter(provider=provider).exists():
            raise NotSetUp(_("Choose a provider who has no schedule yet."))
        resource = Resource(kind=kind, provider=provider, name=provider.name, time_zone=site.time_zone)
    else:
        if not name or provider is not None:
            raise NotSetUp(_("A room or device has a name, and no provider."))
        resource = Resource(kind=kind, site=site, name=name, time_zone=site.time_zone, category=_as_known(category))
    resource.save(force_insert=True)
    record("scheduling.add_resource", by=by, target=resource, detail={"kind": kind})
    return resource


@transaction.atomic
def change_resource(*, by: User, resource: Resource, name: str, category: str = "") -> None:
    """Another name, or something else than it was; visits keep the room they have.

    Raises NotAllowed, and NotSetUp for a schedule that is to be a room.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    if category and resource.provider_id:
        raise NotSetUp(_("This is the schedule of a provider, not a room or device."))
    resource.name, resource.category = name, _as_known(category)
    resource.save(update_fields=["name", "category", "updated_at"])
    record("scheduling.change_resource", by=by, target=resource)


def _as_known(category: str) -> str:
    """As it is spelled already, so that kinds of visits find all that are the same."""
    category = " ".join(category.split())
    return next((known for known in known_categories() if known.casefold() == category.casefold()), category)


# == Hours ==
@transaction.atomic
def set_hours(
    *,
    by: User,
    resource: Resource,
    site: Site,
    isodow: int,
    starts: time,
    ends: time,
    from_date: date,
    until: date | None = None,
) -> WorkRule:
    """Open hours on one weekday, on the clock of the site, from the first day to the last one included.

    Raises NotAllowed, and NotSetUp where the last day is before the first or the hours meet others of that weekday.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    if until is not None and until < from_date:
        raise NotSetUp(_("The last day is before the first."))
    validity = DateRange(from_date, until + timedelta(days=1) if until else None)
    others = WorkRule.objects.filter(resource=resource, isodow=isodow, validity__overlap=validity)
    if any(rules.hours_meet((starts, ends), (other.starts, other.ends)) for other in others.order_by("starts")):
        raise NotSetUp(_("There are hours on this weekday already which meet these. End those first."))
    rule = WorkRule(resource=resource, site=site, isodow=isodow, starts=starts, ends=ends, validity=validity)
    try:
        with transaction.atomic():
            rule.save(force_insert=True)
    except IntegrityError:
        raise NotSetUp(_("Somebody has just set the same hours.")) from None
    _say("scheduling.set_hours", by, rule)
    return rule


@transaction.atomic
def end_hours(*, by: User, rule: WorkRule, until: date) -> None:
    """The last day with these hours; visits that are booked later stay until somebody moves them.

    Raises NotAllowed, and NotSetUp for a day before they began: an end the day before the first leaves none.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    if until < rule.validity.lower:
        raise NotSetUp(_("These hours begin later than that. Choose a day on which they count."))
    rule.validity = DateRange(rule.validity.lower, until + timedelta(days=1))
    try:
        with transaction.atomic():
            rule.save(update_fields=["validity", "updated_at"])
    except IntegrityError:
        raise NotSetUp(_("Other hours of this weekday begin before that day.")) from None
    _say("scheduling.end_hours", by, rule)


@transaction.atomic
def add_exception(
    *,
    by: User,
    resource: Resource,
    kind: str,
    during: TimestamptzRange,
    site: Site | None = None,
    reason: str = "",
) -> WorkException:
    """Close hours, or open extra ones at a site. Raises NotAllowed, and NotSetUp where the end is not after the start.

    Visits that are booked in closed hours stay until somebody moves them.
    """
    check_can(by, Permission.MANAGE_ACCOUNTS)
    if during.lower is None or during.upper is None or during.upper <= during.lower:
        raise NotSetUp(_("The end has to be after the start."))
    if kind == WorkException.Kind.EXTRA and site is None:
        raise NotSetUp(_("Say at which site the extra hours are."))
    exception = WorkException(resource=resource, site=site, kind=kind, during=during, reason=reason, made_by=by)
    exception.save(force_insert=True)
    _say("scheduling.add_exception", by, exception)
    return exception


@transaction.atomic
def withdraw_exception(*, by: User, exception: WorkException) -> None:
    """The days are as the rules say again. Withdrawn already: nothing happens. Raises NotAllowed."""
    check_can(by, Permission.MANAGE_ACCOUNTS)
    found = WorkException.objects.filter(pk=exception.pk).select_for_update(of=("self",)).first()
    if found is not None:
        _say("scheduling.withdraw_exception", by, found)
        WorkException.objects.filter(pk=found.pk).delete()


def _say(action: str, by: User, row: WorkRule | WorkException) -> None:
    record(action, by=by, target=row, detail={"resource": str(row.resource_id)})
    publish(FreeTimeChanged(resource_ids=(row.resource_id,)))
