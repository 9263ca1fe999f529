"""Periodic work of this app; beat runs it, see `settings.BEAT`."""

from datetime import timedelta

from axes.models import AccessAttempt
from django.conf import settings
from django.utils import timezone

from healthcare.accounts.models import FailureCount, OneTimeLink, Session
from healthcare.db.context import acting_as_system
from healthcare.events import every

LINKS_KEPT = timedelta(days=30)
COUNTS_KEPT = timedelta(days=1)


@every(seconds=600, queue="maintenance")
def sweep_accounts() -> int:
    """Remove what is over: sessions, links, counters of failures. Nothing of it opens anything any more."""
    now = timezone.now()
    cooled_off = now - timedelta(hours=settings.AXES_COOLOFF_TIME)
    with acting_as_system("sweep_accounts"):
        over = (
            Session.objects.over(now),
            OneTimeLink.objects.filter(expires_at__lt=now - LINKS_KEPT),
            FailureCount.objects.filter(window_start__lt=now - COUNTS_KEPT),
            AccessAttempt.objects.filter(attempt_time__lt=cooled_off),
        )
        return sum(rows.delete()[0] for rows in over)
