"""What runs by the clock: what could not be done at once, for want of a fee or a printer, is done as soon as it can."""

from datetime import timedelta

from django.utils import timezone

from billing import actions, queries
from healthcare.db.context import acting_as_system
from healthcare.events import every

BATCH = 200
LOOKS_BACK = timedelta(days=90)


@every(seconds=3600, queue="bulk")
def bill_unbilled_visits() -> None:
    now = timezone.now()
    with acting_as_system("billing"):
        waiting = queries.unbilled_encounters(now - LOOKS_BACK, BATCH)
    for encounter_id in waiting:
        with acting_as_system("billing"):
            actions.issue_invoice(by=None, encounter_id=encounter_id, now=now)


@every(seconds=3600, queue="bulk")
def print_unprinted_bills() -> None:
    with acting_as_system("billing"):
        waiting = queries.unprinted_invoices(BATCH)
    for invoice_id in waiting:
        with acting_as_system("billing"):
            if actions.print_invoice(by=None, invoice_id=invoice_id) is None:
                return
