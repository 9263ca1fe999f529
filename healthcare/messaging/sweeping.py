"""What no worker will come back to."""

from datetime import timedelta

from django.utils import timezone

from healthcare.db.context import acting_as_system
from healthcare.messaging.models import Message, Reply
from healthcare.messaging.sending import note

BATCH = 200
KEPT = timedelta(days=90)
UNREPORTED = timedelta(days=1)
Status = Message.Status


def end_lost_leases() -> int:
    """`sending` whose worker is gone becomes `unknown`: it may have reached the carrier. Returns how many."""
    now = timezone.now()
    with acting_as_system("sweep_messages"):
        lost = Message.objects.filter(status=Status.SENDING, lease_until__lt=now).order_by("lease_until")
        messages = list(lost.select_for_update(skip_locked=True)[:BATCH])
        ids = [message.pk for message in messages]
        # The token stays: a worker that was only slow can still say what became of it.
        Message.objects.filter(pk__in=ids).update(
            status=Status.UNKNOWN, error="lost-worker", lease_until=None, updated_at=now
        )
        for message in messages:
            note(message, Status.UNKNOWN, "lost-worker")
    return len(messages)


def end_expired() -> int:
    """Messages that nobody could send in time fail visibly. Returns how many."""
    now = timezone.now()
    with acting_as_system("sweep_messages"):
        late = Message.objects.filter(status=Status.QUEUED, expires_at__lte=now).order_by("expires_at")
        messages = list(late.select_for_update(skip_locked=True)[:BATCH])
        ids = [message.pk for message in messages]
        Message.objects.filter(pk__in=ids).update(
            status=Status.FAILED, error="expired", next_at=None, handed_until=None, updated_at=now
        )
        for message in messages:
            note(message, Status.FAILED, "expired")
    return len(messages)


def forget_words() -> int:
    """Of messages that were accepted a day ago, and of which nobody has said more since. Returns how many."""
    with acting_as_system("prune"):
        old = Message.objects.filter(
            status=Status.SENT, parameters__isnull=False, sent_at__lt=timezone.now() - UNREPORTED
        )
        return old.update(parameters=None)


def forget_old() -> int:
    """Remove messages that ended 90 days ago or more; the audit keeps that they were sent. Returns how many."""
    ended = [Status.SENT, Status.DELIVERED, Status.FAILED, Status.DEAD, Status.UNKNOWN]
    with acting_as_system("prune"):
        Reply.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
        old = Message.objects.filter(status__in=ended, created_at__lt=timezone.now() - KEPT)
        return old.delete()[0]
