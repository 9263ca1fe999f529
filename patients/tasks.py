"""What runs by the clock."""

from healthcare.db.context import acting_as_system
from healthcare.events import every
from patients import actions

BATCH = 500


@every(seconds=60)
def sync_ended_access() -> None:
    """Grants end by themselves, to the second; this clears them away and projects what comes after them."""
    more = True
    while more:
        with acting_as_system("access_edges"):
            more = actions.sync_ended_access(by=None, at_most=BATCH) == BATCH
