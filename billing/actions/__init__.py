"""The verbs of billing. Money is Decimal, in US dollars with two places; `now` is aware."""

from billing.actions.bills import doubt_bill, issue_invoice, list_invoices, print_invoice
from billing.actions.coverage import (
    CardOverlaps,
    CoverageRefused,
    change_coverage,
    list_cards_to_ask,
    record_coverage,
    withdraw_coverage,
)
from billing.actions.eligibility import answer_eligibility, ask_eligibility
from billing.actions.payers import PlanRefused, set_payer, set_plan, set_plan_terms
from billing.actions.payments import PaymentRefused, reverse_payment, take_payment
from billing.actions.prices import FeeRefused, set_fee
from billing.actions.told import ToldCard, take_coverages
from billing.actions.visits import copy_again, copy_coverage, note_unbilled

__all__ = [
    "CardOverlaps",
    "CoverageRefused",
    "FeeRefused",
    "PaymentRefused",
    "PlanRefused",
    "ToldCard",
    "answer_eligibility",
    "ask_eligibility",
    "change_coverage",
    "copy_again",
    "copy_coverage",
    "doubt_bill",
    "issue_invoice",
    "list_cards_to_ask",
    "list_invoices",
    "note_unbilled",
    "print_invoice",
    "record_coverage",
    "reverse_payment",
    "set_fee",
    "set_payer",
    "set_plan",
    "set_plan_terms",
    "take_coverages",
    "take_payment",
    "withdraw_coverage",
]
