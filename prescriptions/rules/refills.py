"""When a patient may ask for more of a medicine: while it runs out, and not long after it did."""

from datetime import datetime, timedelta

EARLIEST = timedelta(days=14)  # before the supply is over
LATEST = timedelta(days=365)  # after it was
TOO_EARLY, TOO_LATE = "too_early", "too_late"


def asks_from(picked_up_at: datetime, days: int) -> datetime:
    """The first moment to ask: two weeks before the supply is over, and not before half of it is used."""
    supply = timedelta(days=days)
    return picked_up_at + max(supply - EARLIEST, supply / 2)


def why_not_ask(picked_up_at: datetime, days: int, now: datetime) -> str:
    """ "" where more can be asked for of a supply of so many days; else why not."""
    if now < asks_from(picked_up_at, days):
        return TOO_EARLY
    return TOO_LATE if now > picked_up_at + timedelta(days=days) + LATEST else ""
