from billing.models.bills import MOVES, Invoice, InvoiceLine, LedgerEntry, NumberSeries
from billing.models.coverage import Coverage, EligibilityCheck, Relationship, VisitCoverage
from billing.models.payers import Payer, Plan, PlanTerms
from billing.models.prices import Fee, money
from billing.models.waiting import UnbilledVisit

__all__ = [
    "MOVES",
    "Coverage",
    "EligibilityCheck",
    "Fee",
    "Invoice",
    "InvoiceLine",
    "LedgerEntry",
    "NumberSeries",
    "Payer",
    "Plan",
    "PlanTerms",
    "Relationship",
    "UnbilledVisit",
    "VisitCoverage",
    "money",
]
