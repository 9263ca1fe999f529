"""Facts about bills, money and who pays. Ids only: what was charged or paid stands in the ledger."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class InvoiceIssued:
    invoice_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class PaymentTaken:
    entry_id: UUID
    invoice_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class PaymentReversed:
    """`entry_id` is the reversal's; the invoice is open again if it was settled."""

    entry_id: UUID
    invoice_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class InvoiceSettled:
    invoice_id: UUID
    patient_id: UUID


# == Who pays ==
@dataclass(frozen=True)
class CoverageChanged:
    """A card was entered, replaced or withdrawn, so another may count on the days of visits that are not billed yet."""

    coverage_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class EligibilityAsked:
    check_id: UUID
    patient_id: UUID


@dataclass(frozen=True)
class EligibilityAnswered:
    """Also where no answer could be had."""

    check_id: UUID
    patient_id: UUID
