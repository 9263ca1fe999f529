"""Whether two lines of a chart say the same thing: for a warning, never for a decision."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any, TypeVar

T = TypeVar("T")
Told = tuple[str, str, str]  # code, code system, words
# Words that say that it is an allergy, and not to what.
AROUND = re.compile(
    r"\b(allerg(y|ies|ic)|hypersensitivity|intolerance|intolerant|reaction|to|of|the|against|substance|finding|disorder)\b"
)
NOT_A_WORD = re.compile(r"[^\w]+")


def plain_name(text: str) -> str:
    """Folded for comparing: no accents, no case, no signs, no words around it, its words without a plural's s, sorted.

    "Allergy to Peanuts" and "peanut (substance)" are one; so are "Penicillin V" and "penicillin v".
    """
    letters = unicodedata.normalize("NFKD", text.casefold())
    bare = AROUND.sub(" ", "".join(sign for sign in letters if not unicodedata.combining(sign)))
    words = (word[:-1] if len(word) > 3 and word.endswith("s") else word for word in NOT_A_WORD.split(bare) if word)
    return " ".join(sorted(words))


def say_the_same(one: Told, other: Told) -> bool:
    """The same code of one system, or the same plain name that is not empty."""
    if one[0] and one[:2] == other[:2]:
        return True
    name = plain_name(one[2])
    return bool(name) and name == plain_name(other[2])


def those_like(told: Told, rows: Iterable[T]) -> list[T]:
    """Of these entries those that say the same."""
    return [row for row in rows if say_the_same(told, _spelled(row))]


def _spelled(row: Any) -> Told:
    return row.code, row.code_system, row.display
