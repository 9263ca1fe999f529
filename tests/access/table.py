"""routes.txt as a table: who gets in where.

A line is a door; a column is a person (world.ACTORS, in that order), who knocks with what is theirs.

    r  GET opens            b  both open
    w  POST opens           -  refused, or no such method

A refusal is said in one of these ways: 403 to a role that does not hold the permission; the page "not in scope" to a
colleague without this patient; 404 to patients and to programs; the sign-in, or 401, to the anonymous. `of` says whose
the thing in the address is, which decides what opens besides one's own:

    -        nothing in the address belongs to anybody
    patient  rows of a patient: a colleague's, a foreign and a missing one are refused, and in the same words
    account  rows of an account: one's own alone
    site     rows of a site: who keeps its desk
    house    a site itself: who works there, whatever they do
    anyone   rows of the clinic: whoever opens the page at all; what does not exist is not there
    unknown  the page knows nothing of whom it is about: the same for every id, so for one that does not exist
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.access.world import ACTORS

FILE = Path(__file__).with_name("routes.txt")
KINDS = {"-", "patient", "account", "site", "house", "anyone", "unknown"}
METHODS = {"-": set(), "r": {"GET"}, "w": {"POST"}, "b": {"GET", "POST"}}


@dataclass(frozen=True)
class Row:
    name: str
    of: str
    cells: dict[str, str]

    def opens(self, actor: str, method: str) -> bool:
        return method in METHODS[self.cells[actor]]


@cache
def rows() -> dict[str, Row]:
    found = [read(line) for line in FILE.read_text().splitlines() if line.strip() and not line.startswith("#")]
    assert len({row.name for row in found}) == len(found), "A door stands twice in routes.txt."
    return {row.name: row for row in found}


def read(line: str) -> Row:
    parts = line.split(maxsplit=len(ACTORS) + 1)
    cells, of, name = parts[: len(ACTORS)], parts[len(ACTORS)], parts[-1]
    assert set(cells) <= METHODS.keys(), f"{line}: a cell is one of {' '.join(METHODS)}."
    assert of in KINDS, f"{line}: {of} is none of {KINDS}."
    return Row(name, of, dict(zip(ACTORS, cells, strict=True)))


def line_of(name: str, of: str, cells: dict[str, set[str]]) -> str:
    """As it would stand in the table."""
    spelled = {frozenset(methods): cell for cell, methods in METHODS.items()}
    return "  " + "  ".join(spelled[frozenset(cells[actor])] for actor in ACTORS) + f"  {of:8}{name}"
