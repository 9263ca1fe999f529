"""Decisions without database or clock: money (`money`), and who pays for a visit (`coverage`)."""

from billing.rules.money import (
    CENT,
    CHARGED_ENTRIES,
    DAYS_TO_PAY,
    VISIT,
    ZERO,
    Line,
    Price,
    Refusal,
    cents,
    charged_codes,
    due_date,
    invoice_number,
    lines_of,
    payment_refusal,
    sum_of,
)

__all__ = [
    "CENT",
    "CHARGED_ENTRIES",
    "DAYS_TO_PAY",
    "VISIT",
    "ZERO",
    "Line",
    "Price",
    "Refusal",
    "cents",
    "charged_codes",
    "due_date",
    "invoice_number",
    "lines_of",
    "payment_refusal",
    "sum_of",
]
