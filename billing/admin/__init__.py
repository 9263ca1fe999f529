"""Prices, payers and plans by their verbs; of patients' rows that they are there, to whom they are visible."""

from billing.admin import bills, coverage

__all__ = ["bills", "coverage"]
