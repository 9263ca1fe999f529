"""What is done when its moment comes."""

from uuid import UUID

from django.utils import timezone

from healthcare.db.context import acting_as_system
from healthcare.events import carries_out
from prescriptions import actions


@carries_out("prescriptions.CollectionDeadline")
def give_back_uncollected(key: UUID) -> None:
    """The row has the prescription's own key."""
    with acting_as_system("collection"):
        actions.expire_uncollected(by=None, prescription_id=key, now=timezone.now())
