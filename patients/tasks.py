"""What runs by the clock."""

from uuid import UUID

from django.conf import settings
from django.utils import timezone

from healthcare.db.context import acting_as_system
from healthcare.events import every
from patients import actions, queries
from patients.actions.registrations import purge_registrations as purge

BATCH = 500


@every(seconds=60)
def sync_ended_access() -> None:
    """Grants end by themselves, to the second; this clears them away and projects what comes after them."""
    more = True
    while more:
        with acting_as_system("access_edges"):
            more = actions.sync_ended_access(by=None, at_most=BATCH) == BATCH


@every(seconds=86_400, queue="bulk")
def shorten_proxies() -> None:
    """Who acts for a child whose date of birth was corrected, in whatever way, is held to the true birthdays."""
    ages = {"step_down": settings.PROXY_STEP_DOWN_AGE, "end": settings.PROXY_END_AGE}
    after, more = UUID(int=0), True
    while more:
        with acting_as_system("proxy_birthdays"):
            found = queries.children_beyond_a_birthday(**ages, after=after, at_most=BATCH)
            for after in found:
                actions.shorten_proxies(by=None, patient_id=after)
        more = len(found) == BATCH


@every(seconds=86_400, queue="maintenance")
def purge_registrations() -> None:
    """What people told who never came to be patients is not kept."""
    with acting_as_system("purge_registrations"):
        purge(by=None, now=timezone.now())
