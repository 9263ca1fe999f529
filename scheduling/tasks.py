"""What runs by the clock."""

from uuid import UUID

from django.utils import timezone

from healthcare.db.context import acting_as_system
from healthcare.events import carries_out, every
from scheduling import actions


@every(seconds=300)
def expire_requests() -> None:
    with acting_as_system("requests"):
        actions.expire_requests(by=None, now=timezone.now())


@carries_out("scheduling.WaitOffer")
def settle_offer(key: UUID) -> None:
    with acting_as_system("settle_offer"):
        actions.settle_offer(by=None, offer_id=key, now=timezone.now())


@carries_out("scheduling.Opening")
def offer_opening(key: UUID) -> None:
    with acting_as_system("offer_opening"):
        actions.offer_opening(by=None, opening_id=key, now=timezone.now())


@every(seconds=3600)
def end_waitlist() -> None:
    with acting_as_system("waitlist"):
        actions.end_waitlist(by=None, now=timezone.now())


@every(seconds=86_400, queue="bulk")
def warn_of_licences() -> None:
    with acting_as_system("licences"):
        actions.warn_of_licences(by=None, now=timezone.now())


@every(seconds=900, queue="bulk")
def write_downtime_packets() -> None:
    with acting_as_system("downtime"):
        actions.write_downtime_packets(by=None, now=timezone.now())
