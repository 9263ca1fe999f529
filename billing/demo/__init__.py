"""The money of the sample clinic: insurance cards, prices, bills and payments, the same for one seed."""

from datetime import timedelta

from django.utils import timezone

from billing.demo.bills import BY_LENGTH, OTHER_FEES, memberships, set_fees, tell_bills
from billing.demo.coverage import tell_cards, tell_visits
from billing.models import Fee
from healthcare.db.context import acting_as_system

__all__ = ["BY_LENGTH", "OTHER_FEES", "SETTLED", "tell"]
# Bills are issued and cards copied here; the job that prints what has no document prints them.
SETTLED = (
    "billing.subscribers.bill_visit",
    "billing.subscribers.print_bill",
    "billing.subscribers.note_unbilled",
    "billing.subscribers.copy_coverage",
    "billing.subscribers.copy_coverage_unless_arrived",
    "billing.subscribers.copy_coverage_again",
)


def tell() -> None:
    """Set prices, enter cards, bill every visit that is finished, and let most of it be paid. Once."""
    now = timezone.now()
    with acting_as_system("demo"):
        if Fee.objects.exists():
            return
        set_fees(timezone.localdate(now) - timedelta(days=730))
        desks = memberships("front_desk")
    tell_cards(desks, now)
    tell_bills(now)
    tell_visits(now)
