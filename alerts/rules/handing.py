"""Whether an alert may still be handed on. Plain Python, without database or clock."""

from alerts.rules import LADDERS, OWNER, is_exhausted

MOST_TURNS = 3  # each begins the ladder anew: this bounds how late those who lead the site hear of it
LONGEST_WORD = 200


def why_not_hand_on(severity: str, level: int, turn: int) -> str:
    """ "" while it may; else "everybody" was asked already, or it went round often enough ("turns")."""
    if is_exhausted(severity, level):
        return "everybody"
    return "turns" if turn >= MOST_TURNS else ""


def asks_everybody(severity: str, level: int) -> bool:
    """Whether more than its owner is asked by now."""
    return LADDERS[severity][level].asks != OWNER
