"""Keep a provider's time free of visits. Visits inside a block stand, and wait to be moved: none is lost."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Provider, User
from healthcare.audit import record
from healthcare.events import publish
from scheduling.access import check_can_block
from scheduling.actions.claims import NotBookable, Taken, claim_times, lock_in_order, release_claims
from scheduling.actions.steps import resource_of
from scheduling.events import FreeTimeChanged, TimeBlocked, TimeFreed, TimeUnblocked
from scheduling.models import Resource, TimeClaim
from scheduling.queries.groups import visits_claimed
from scheduling.queries.setting_up import visits_ahead
from scheduling.rules import Span, without

Kind = TimeClaim.Kind


@transaction.atomic
def block_time(
    *, by: User | None, provider: Provider, during: TimestamptzRange, reason: str, now: datetime
) -> TimeClaim:
    """Block a span of the provider's time, in the blocks' own lane: no visit begins or ends in it from now on.

    The fact names the visits that are in it already. Raises NotBookable for a span that is over or partly blocked,
    NotAllowed.
    """
    if by is not None:
        check_can_block(by, provider)
    if during.isempty or during.lower is None or during.upper is None or during.upper <= now:
        raise NotBookable(_("Choose a span that is not over yet, its end after its start."))
    resource = resource_of(provider)
    with lock_in_order([resource.pk]):
        release_claims([resource.pk])
        try:
            (claim_id,) = claim_times([resource.pk], (during.lower, during.upper), kind=Kind.BLOCK, reason=reason)
        except Taken:
            raise NotBookable(_("Part of this time is blocked already.")) from None
        claim = TimeClaim.objects.get(pk=claim_id)
        visits = tuple(visits_claimed(resource, during, now))
        detail = {"provider": str(provider.pk), "visits": len(visits)}
        record("scheduling.block_time", by=by, target=claim, detail=detail)
        publish(TimeBlocked(claim_id=claim.pk, provider_id=provider.pk, appointment_ids=visits))
        publish(FreeTimeChanged(resource_ids=(resource.pk,)))
        return claim


@transaction.atomic
def block_time_of_who_left(*, by: User | None, user_id: UUID, now: datetime) -> int:
    """Block the time up to the last visit that is booked with somebody whose account was closed; blocks stay.

    So each of these visits waits to be moved, on the lists of the desk. Returns how many blocks were added.
    """
    resource = Resource.objects.select_related("provider").filter(provider__user_id=user_id).first()
    if resource is None or resource.provider is None:
        return 0
    ahead = visits_ahead(resource, now)
    if not ahead:
        return 0
    blocks = TimeClaim.objects.filter(resource=resource, kind=Kind.BLOCK, blocked__endswith__gt=now)
    taken = [(span.lower, span.upper) for span in blocks.order_by("blocked").values_list("blocked", flat=True)]
    gaps: list[Span] = without([(now, max(ends for _begins, ends in ahead))], taken)
    for begins, ends in gaps:
        block_time(
            by=by,
            provider=resource.provider,
            during=TimestamptzRange(begins, ends),
            reason=_("Has left the clinic"),
            now=now,
        )
    return len(gaps)


@transaction.atomic
def unblock_time(*, by: User | None, claim: TimeClaim, now: datetime) -> None:
    """Lift a block; visits that waited to be moved stay where they are. Lifted already: nothing happens.

    Raises NotBookable for a claim that is no block, NotAllowed.
    """
    if claim.kind != Kind.BLOCK or claim.resource.provider is None:
        raise NotBookable(_("This is a visit, not blocked time."))
    provider = claim.resource.provider
    if by is not None:
        check_can_block(by, provider)
    with lock_in_order([claim.resource_id]):
        if TimeClaim.objects.filter(pk=claim.pk).exists():
            release_claims(block_id=claim.pk)
            record("scheduling.unblock_time", by=by, target=claim, detail={"provider": str(provider.pk)})
            publish(TimeUnblocked(claim_id=claim.pk, provider_id=provider.pk))
            publish(FreeTimeChanged(resource_ids=(claim.resource_id,)))
            publish(TimeFreed(resource_id=claim.resource_id, begins=claim.blocked.lower, ends=claim.blocked.upper))
