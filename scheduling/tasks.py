"""What runs by the clock."""

from django.utils import timezone

from healthcare.db.context import acting_as_system
from healthcare.events import every
from scheduling import actions


@every(seconds=86_400, queue="bulk")
def warn_of_licences() -> None:
    with acting_as_system("licences"):
        actions.warn_of_licences(by=None, now=timezone.now())
