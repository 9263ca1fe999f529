"""Until when a patient who asks that the record be amended has an answer, and when those who owe it are told again.

45 CFR 164.526(b)(2): within 60 days, once 30 more with a written reason. GDPR article 16 asks for no undue delay.
"""

from datetime import datetime, timedelta

ANSWERED_WITHIN = timedelta(days=60)
EXTENDED_BY = timedelta(days=30)
SOON = timedelta(days=14)  # before the last day
LEAST = 10  # letters of what is asked, of a reason and of an answer

# From → to. What was answered or taken back stays so; whoever wants more asks again.
MOVES: dict[str, frozenset[str]] = {
    "waiting": frozenset({"accepted", "denied", "withdrawn"}),
    "accepted": frozenset(),
    "denied": frozenset(),
    "withdrawn": frozenset(),
}


def due_of(asked_at: datetime, *, extended: bool = False) -> datetime:
    """The last moment for an answer."""
    return asked_at + ANSWERED_WITHIN + (EXTENDED_BY if extended else timedelta(0))


def next_word(due_at: datetime, after: datetime) -> datetime | None:
    """When whoever owes the answer is told next: two weeks before the last day, and once that is over; then no more."""
    return next((moment for moment in (due_at - SOON, due_at) if moment > after), None)


def is_said(text: str) -> bool:
    """Whether that is a sentence, and not a sign of the hand."""
    return len(text.strip()) >= LEAST
