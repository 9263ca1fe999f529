"""From facts to deliveries, and one delivery to its effect."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from random import SystemRandom
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from healthcare.db.context import acting_as_system
from healthcare.db.uuids import floor7
from healthcare.events.facts import decode
from healthcare.events.models import Delivery, OutboxEvent
from healthcare.events.queues import wait_after
from healthcare.events.registry import all_subscribers, subscriber_after, subscribers_after
from healthcare.events.work import carries_out

log = logging.getLogger("healthcare.events")
BATCH = 200
AT_ONCE = 25  # deliveries in one transaction
LONGEST = 55  # seconds in one subscriber; less than Celery's own limit, and in force in threads as well
KEPT = timedelta(days=30)
_random = SystemRandom()


def explode_events(limit: int = BATCH) -> int:
    """Give each new fact one delivery per subscriber; returns how many facts. Relays may do this side by side."""
    now = timezone.now()
    with acting_as_system("relay"):
        new = OutboxEvent.objects.filter(exploded_at__isnull=True).order_by("id")
        events = list(new.select_for_update(skip_locked=True)[:limit])
        if not events:
            return 0
        Delivery.objects.bulk_create(
            [
                Delivery(event=event, subscriber=subscriber.name, queue=subscriber.queue, next_at=now)
                for event in events
                for subscriber in subscribers_after(event.name)
            ],
            ignore_conflicts=True,
        )
        OutboxEvent.objects.filter(pk__in=[event.pk for event in events]).update(exploded_at=now)
    return len(events)


def deliver_together(keys: Collection[UUID]) -> None:
    """As `deliver`, many in one transaction: each with a savepoint of its own, so that one that fails takes nothing of
    the others with it. Where the transaction itself fails, each is delivered for itself."""
    try:
        failed = _deliver(keys)
    except Exception:
        for key in keys:
            deliver(key)
    else:
        for key, error in failed.items():
            _note_failure(key, error)


@carries_out("events.Delivery", together=deliver_together, at_once=AT_ONCE)
def deliver(key: UUID) -> None:
    """Run one subscriber and mark the delivery done, in one transaction: the effect and the mark stand or fall
    together. A failure is noted, and tried again later until it is given up."""
    try:
        failed = _deliver([key])
    except Exception as problem:  # at the commit, such as a constraint that is checked there
        failed = {key: type(problem).__name__}
    for each, error in failed.items():
        _note_failure(each, error)


def _deliver(keys: Collection[UUID]) -> dict[UUID, str]:
    """What failed, and how: a subscriber may fail in any way."""
    now = timezone.now()
    done, failed = [], {}
    with acting_as_system("deliver"):
        claimable = Delivery.objects.filter(pk__in=keys, status=Delivery.Status.PENDING, next_at__lte=now)
        claimed = claimable.order_by("next_at", "pk").select_for_update(skip_locked=True, of=("self",))
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL transaction_timeout = '{LONGEST}s'")
        for delivery in claimed.select_related("event"):
            try:
                with transaction.atomic():
                    subscriber = subscriber_after(delivery.event.name, delivery.subscriber)
                    subscriber.function(decode(subscriber.fact, delivery.event.payload))
                done.append(delivery.pk)
            except Exception as problem:
                failed[delivery.pk] = type(problem).__name__
        if done:
            Delivery.objects.filter(pk__in=done).update(
                status=Delivery.Status.DONE, done_at=timezone.now(), next_at=None, handed_until=None, error=""
            )
    return failed


def _note_failure(key: UUID, error: str) -> None:
    with acting_as_system("deliver"):
        pending = Delivery.objects.filter(pk=key, status=Delivery.Status.PENDING)
        delivery = pending.select_for_update(skip_locked=True).first()
        if delivery is None:
            return
        attempts = delivery.attempts + 1
        wait = wait_after(attempts, delivery.queue, _random.random())
        pending.update(
            attempts=attempts,
            error=error[:80],
            status=Delivery.Status.DEAD if wait is None else Delivery.Status.PENDING,
            next_at=None if wait is None else timezone.now() + wait,
            handed_until=None,
        )
    log.error("a subscriber failed", extra={"subscriber": delivery.subscriber, "error": error, "attempts": attempts})


def settle_deliveries(*, subscribers: Collection[str], since: datetime) -> int:
    """Take as heard what waits for these subscribers, by name, of the facts announced since then; returns how much.

    For a story that is told as past, with what would follow from it: nobody gets a letter about it now. Everybody else
    hears it. Raises LookupError for a name that nobody has.
    """
    unknown = set(subscribers) - {subscriber.name for subscriber in all_subscribers()}
    if unknown:
        raise LookupError(f"Nobody is called {', '.join(sorted(unknown))}.")
    while explode_events():
        pass
    with acting_as_system("settle"):
        told = Delivery.objects.filter(event__gte=floor7(since), subscriber__in=subscribers)
        return told.filter(status=Delivery.Status.PENDING).update(
            status=Delivery.Status.DONE, done_at=timezone.now(), next_at=None, handed_until=None
        )


def replay_dead() -> int:
    """Put deliveries that were given up back in their queues, with all their attempts; returns how many."""
    with acting_as_system("replay"):
        dead = Delivery.objects.filter(status=Delivery.Status.DEAD)
        return dead.update(status=Delivery.Status.PENDING, next_at=timezone.now(), attempts=0)


def prune_delivered() -> int:
    """Forget facts that reached everybody long ago; returns how many."""
    with acting_as_system("prune"):
        old = OutboxEvent.objects.filter(exploded_at__lt=timezone.now() - KEPT)
        done = old.exclude(deliveries__status__in=[Delivery.Status.PENDING, Delivery.Status.DEAD])
        _, counts = done.delete()
    return counts.get("events.OutboxEvent", 0)
