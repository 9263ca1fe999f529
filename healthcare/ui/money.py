"""Amounts of US dollars in the reader's digits: two decimals, a true minus sign, and the currency where it is asked."""

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.safestring import SafeString

from healthcare.ui.words import ltr

MINUS = "−"  # U+2212, which is as wide as a plus; a hyphen would be lost in a column


def amount_text(amount: Decimal, *, sign: str = "") -> str:
    """Grouped by thousands, the minus first: "1,234.50", and with a sign "$1,234.50"."""
    digits = number_format(abs(amount), decimal_pos=2, use_l10n=True, force_grouping=True)
    return f"{MINUS if amount < 0 else ''}{sign}{digits}"


def amount(value: Decimal) -> SafeString:
    """For a cell of a table that names the currency in its head."""
    return ltr(amount_text(value))


def dollars(value: Decimal) -> SafeString:
    """For a sentence or a figure that stands alone."""
    return ltr(amount_text(value, sign="$"))
