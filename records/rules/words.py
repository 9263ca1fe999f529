"""What somebody types to find words in charts, and the pieces of text that show where they stand. Plain Python."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 200  # characters
BEGUN = re.compile(r"(?:(?P<whole>.*)\s)?(?P<begun>[^\W_]{2,})", re.DOTALL)
JOINS = re.compile(r"(?:^|\s)or$", re.IGNORECASE)
# Between these the database puts what fits; nobody can type them into a record.
BEGINS, ENDS = "\ue000", "\ue001"


@dataclass(frozen=True)
class Words:
    """`whole` is read as search engines do: "a phrase", or, -not. `begun`: a last word that may go on."""

    whole: str
    begun: str


def read_words(text: str) -> Words | None:
    """None where nothing was typed. The last word counts as begun, unless it is in quotes, excluded, or after `or`."""
    text = " ".join(text.replace("\0", " ").split())[:LONGEST]
    if not text:
        return None
    found = BEGUN.fullmatch(text) if text.count('"') % 2 == 0 else None
    whole = (found["whole"] or "") if found else ""
    if found is None or JOINS.search(whole):
        return Words(text, "")
    return Words(whole, found["begun"])


@dataclass(frozen=True)
class Piece:
    text: str
    fits: bool


def pieces_of(snippet: str) -> Iterator[Piece]:
    """What is between the marks fits; empty pieces are left out."""
    for number, part in enumerate(re.split(f"[{BEGINS}{ENDS}]", snippet)):
        if part:
            yield Piece(part, fits=number % 2 == 1)
