from datetime import timedelta

from django.utils import timezone

from healthcare.api.idempotency import forget_replies
from healthcare.api.models import sweep_dead
from healthcare.db.context import acting_as_system
from healthcare.events import every

KEPT = timedelta(hours=24)


@every(seconds=3600)
def prune_replies() -> None:
    forget_replies(before=timezone.now() - KEPT)


@every(seconds=600, queue="maintenance")
def sweep_tokens() -> int:
    """Remove rows of codes and tokens that open nothing and could show no replay any more."""
    with acting_as_system("sweep_tokens"):
        return sweep_dead(timezone.now())
