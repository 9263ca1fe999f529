"""What to charge for, and what has no bill or no document yet."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db.models import Exists, OuterRef

from billing.models import Fee, Invoice
from billing.rules import CHARGED_ENTRIES, VISIT, Price
from records.models import Encounter, Entry


def prices_on(day: date, codes: Sequence[str]) -> dict[str, Price]:
    """The fees in force on this day, by code; the general one of a visit too."""
    fees = Fee.objects.on(day).filter(code__in=[*codes, VISIT]).order_by("code")
    return {fee.code: Price(fee.code, fee.description, fee.amount) for fee in fees}


def charged_entries(encounter: Encounter) -> Mapping[str, int]:
    """How many entries of each kind that costs something were made in this encounter; panels count once."""
    made = Entry.objects.filter(patient_id=encounter.patient_id, encounter=encounter, kind__in=CHARGED_ENTRIES)
    return Counter(made.current().top().order_by("id").values_list("kind", flat=True))


def unbilled_encounters(since: datetime, at_most: int) -> list[UUID]:
    """Encounters finished here since then that have no bill, oldest first. For the system."""
    billed = Invoice.objects.filter(encounter=OuterRef("pk"))
    found = Encounter.objects.filter(status="finished", finished_at__gte=since, source="").exclude(Exists(billed))
    return list(found.order_by("finished_at", "id").values_list("pk", flat=True)[:at_most])


def unprinted_invoices(at_most: int) -> list[UUID]:
    """Bills without a document, newest first. For the system."""
    return list(Invoice.objects.filter(document=None).order_by("-id").values_list("pk", flat=True)[:at_most])
