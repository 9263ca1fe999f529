"""Close a site for a while. Visits in it stand, and wait to be moved: none is lost."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.access import check_can
from healthcare.accounts.models import Site, User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record
from healthcare.events import publish
from scheduling.actions.claims import lock_in_order
from scheduling.actions.setting_up import NotSetUp
from scheduling.events import FreeTimeChanged, SiteClosed, SiteReopened, TimeFreed
from scheduling.models import Resource, SiteClosure
from scheduling.queries.closures import visits_in


@transaction.atomic
def add_closure(*, by: User | None, site: Site, during: TimestamptzRange, reason: str, now: datetime) -> SiteClosure:
    """Nobody's hours count at the site in this span, but for extra ones that somebody has there.

    Under the locks that bookings wait for, so that the fact names every visit that is in it. Raises NotAllowed, and
    NotSetUp for a span that is over or partly closed already, Crowded.
    """
    if by is not None:
        check_can(by, Permission.MANAGE_ACCOUNTS)
    if during.isempty or during.lower is None or during.upper is None or during.upper <= now:
        raise NotSetUp(_("Choose a span that is not over yet, its end after its start."))
    resources = _who_works_at(site)
    with lock_in_order(resources):
        closure = SiteClosure(site=site, during=during, reason=reason, made_by=by)
        try:
            with transaction.atomic():
                closure.save(force_insert=True)
        except IntegrityError:
            raise NotSetUp(_("%(site)s is closed for a part of this time already.") % {"site": site.name}) from None
        inside = tuple(visits_in(site, during))
        record("scheduling.add_closure", by=by, target=closure, detail={"site": str(site.pk), "visits": len(inside)})
        publish(SiteClosed(closure_id=closure.pk, site_id=site.pk, appointment_ids=inside))
        publish(FreeTimeChanged(resource_ids=resources))
        return closure


@transaction.atomic
def withdraw_closure(*, by: User | None, closure: SiteClosure) -> None:
    """The hours count again, visits in it stay where they are, and whoever waits for a time is offered what is free.

    Withdrawn already: nothing happens. Raises NotAllowed.
    """
    if by is not None:
        check_can(by, Permission.MANAGE_ACCOUNTS)
    found = SiteClosure.objects.filter(pk=closure.pk).select_for_update(of=("self",)).first()
    if found is None:
        return
    record("scheduling.withdraw_closure", by=by, target=found, detail={"site": str(found.site_id)})
    SiteClosure.objects.filter(pk=found.pk).delete()
    publish(SiteReopened(closure_id=found.pk, site_id=found.site_id))
    resources, (begins, ends) = _who_works_at(found.site), (found.during.lower, found.during.upper)
    publish(FreeTimeChanged(resource_ids=resources))
    for resource_id in resources:
        publish(TimeFreed(resource_id=resource_id, begins=begins, ends=ends))


def _who_works_at(site: Site) -> tuple[UUID, ...]:
    """Their schedules; also of who has hours there alone, and does not see patients there any more."""
    there = Resource.objects.filter(provider__sites=site) | Resource.objects.filter(work_rules__site=site)
    return tuple(there.order_by("pk").values_list("pk", flat=True).distinct())
