"""The days of a sick note, and what a paper says in one number."""

import hashlib
from datetime import date

LONGEST = 92  # days on one note; who is ill for longer is seen again
BACK_AND_AHEAD = 31  # days between the signature and the first day


def why_not_days(first: date, last: date, today: date) -> str:
    """What is wrong with these days, both included: "order", "long", "far"; "" where nothing is."""
    if last < first:
        return "order"
    if days_of(first, last) > LONGEST:
        return "long"
    return "far" if abs((first - today).days) > BACK_AND_AHEAD else ""


def days_of(first: date, last: date) -> int:
    return (last - first).days + 1


def hash_of(text: str) -> str:
    """SHA-256, in hex, of the text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()
