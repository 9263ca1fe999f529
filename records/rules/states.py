"""Which children of a visit may be written in which state of it: the one place that says so. Plain Python.

The trigger `app.guard_children` says the same for whoever comes by SQL; a test compares the two.
"""

from enum import StrEnum

NOTES = ("note", "nursing_note")


class Deed(StrEnum):
    """What is done to a child: a new one, a later version of one, one marked as entered in error, words in a draft."""

    ADD = "add"
    REPLACE = "replace"
    VOID = "void"
    DRAFT = "draft"


OPEN, CLOSED, WRONG = "open", "closed", "wrong"

#: What a closed visit still takes, each with its reason. Content that was signed changes by none of them.
EXCEPTIONS: dict[str, str] = {
    "addendum": "What is added to a signed note is signed itself and stands below it.",
    "amendment": "A later version of a note, with its reason and a signature; the version before stays to be read.",
    "correction": "A later version of a value or a problem; the chain shows both.",
    "void": "What is wrong is marked so at any time, with a reason; of a note only after the visit is opened again.",
    "laboratory_result": "A result comes when the laboratory reports it, often days after the visit.",
    "diagnostic_report": "As a result.",
    "reading": "Acknowledging, releasing and marking an entry say where it stands, not what it says.",
    "prescription": "It has a life of its own: it is collected, cancelled or runs out after the visit.",
    "bill": "What a visit costs is settled after it; a bill has a chain of versions of its own.",
    "told elsewhere": "A visit in another house is as its source says it: that house closes it, not this one.",
}
#: Of these kinds a new entry may come to a closed visit.
LATE_KINDS = ("addendum", "diagnostic_report", "laboratory_result")
#: What answers an order and not the visit: it outlives a visit that was entered in error, and may still come to it.
ANSWERS = ("diagnostic_report", "laboratory_result")


def state_of(status: str, *, closed: bool) -> str:
    """`status` is that of the visit; `closed` says that its record is closed."""
    if status == "entered_in_error":
        return WRONG
    return CLOSED if closed else OPEN


def takes(state: str, kind: str, deed: Deed) -> bool:
    """Whether a visit in this state takes this of a child of this kind."""
    if state == OPEN:
        return True
    if state == WRONG:
        return deed == Deed.VOID or (kind in ANSWERS and deed != Deed.DRAFT)
    if deed == Deed.VOID:
        return kind not in NOTES
    return deed == Deed.REPLACE or (deed == Deed.ADD and kind in LATE_KINDS)
