"""By when somebody has to have read a result. Plain Python.

No law names the hours. A critical value is called out besides, by an alert of its own, within minutes; this is for the
result that nobody opens: the failure that malpractice claims are made of. The house may change the table.
"""

from datetime import timedelta

CRITICAL, FLAGGED, PLAIN = timedelta(hours=4), timedelta(days=1), timedelta(days=3)


def chase_after(flag: str) -> timedelta:
    """How long a result with this flag ("" for one in range, or in words) may wait unread before others are told."""
    if flag.startswith("critical"):
        return CRITICAL
    return FLAGGED if flag else PLAIN
