"""What runs by the clock: the nightly roll-up, which also catches up with nights it missed."""

from django.utils import timezone

from analytics import actions, queries
from analytics.rules import spans_of
from healthcare.db.context import acting_as_system
from healthcare.events import every


@every(seconds=3600)
def roll_up_days() -> None:
    """Every hour it asks which days wait; in the first hour of a day that is yesterday, else mostly nothing."""
    now = timezone.now()
    with acting_as_system("roll_up"):
        spans = spans_of(queries.days_to_count(now))
    for first, last in spans:
        with acting_as_system("roll_up"):
            actions.roll_up(by=None, day=first, until=last, now=now)
