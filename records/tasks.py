"""Due rows: what the relay hands out when its moment has come, and does itself when the broker is away."""

from uuid import UUID

from django.utils import timezone

from healthcare.db.context import acting_as_system
from healthcare.events import carries_out
from records.actions.chasing import chase_result as chase


@carries_out("records.ResultDue")
def chase_result(key: UUID) -> None:
    with acting_as_system("chase_result"):
        chase(by=None, due_id=key, now=timezone.now())
