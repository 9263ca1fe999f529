"""From which day a medicine may be on hold, or stopped."""

from datetime import date, timedelta

BACK = timedelta(days=366)
AHEAD = timedelta(days=180)  # an operation that is planned; a stop counts from today at the latest


def why_not_from(day: date, *, today: date, given: date, ahead: bool) -> str:
    """Why a halt cannot count from this day, or nothing: `early`, `before` it was `given`, or `late`."""
    if day < today - BACK:
        return "early"
    if day < given:
        return "before"
    return "late" if day > (today + AHEAD if ahead else today) else ""
