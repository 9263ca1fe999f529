"""How a doctor's words find a code of ICD-10-CM: abbreviations in full, every word as a beginning, in any order."""

import csv
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LONGEST, MOST_WORDS = 100, 8
CODE = re.compile(r"[a-z][0-9][0-9a-z](?:\.?[0-9a-z]{0,4})?")
DATA = Path(__file__).parents[1] / "data" / "said_and_meant.csv"
LONGEST_SAID = 4  # words
SHORTEST_WORD = 4  # signs of a word that may have been mistyped


@dataclass(frozen=True)
class Meaning:
    """`words` are those of the classification; `code` what is meant where nothing more is said, or ""."""

    words: str
    code: str = ""
    source: str = ""


@cache
def meanings() -> dict[str, Meaning]:
    """What is written in clinics and said by people, by itself: abbreviations and plain words (records/data)."""
    with DATA.open(newline="") as file:
        return {row["said"]: Meaning(row["meant"], row["code"], row["source"]) for row in csv.DictReader(file)}


def usual_code(text: str) -> str:
    """The code that these words mean by themselves; empty where they need a choice."""
    found = meanings().get(in_their_order(fold(text)))
    return found.code if found else ""


def fold(text: str) -> str:
    """Lower case, without accents; what is no letter or digit is a space. A dot inside a code goes."""
    plain = unicodedata.normalize("NFKD", text[:LONGEST]).encode("ascii", "ignore").decode().lower()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain).split())


def is_code(text: str) -> bool:
    """Whether this is the beginning of a code, three signs or more, with its dot or without."""
    return bool(CODE.fullmatch(text.strip().lower()))


def code_prefix(text: str) -> str:
    """As codes are kept: E119 and e11.9 both become E11.9."""
    signs = text.strip().upper().replace(".", "")
    return f"{signs[:3]}.{signs[3:]}" if len(signs) > 3 else signs


def words_of(text: str) -> list[str]:
    """What is asked, in words of the classification: what stands for something else as that, the longest first."""
    known = meanings()
    said, meant = in_their_order(fold(text)).split(), []
    while said:
        sizes = range(min(LONGEST_SAID, len(said)), 0, -1)
        size = next((size for size in sizes if " ".join(said[:size]) in known), 0)
        meant += fold(known[" ".join(said[:size])].words).split() if size else said[:1]
        said = said[size or 1 :]
    return list(dict.fromkeys(meant))[:MOST_WORDS]


def in_their_order(folded: str) -> str:
    """A saying whose words came in another order, as it is said; anything else as it came."""
    return _sayings().get(_sorted(folded), folded)


@cache
def _sayings() -> dict[str, str]:
    return {_sorted(said): said for said in meanings()}


def _sorted(text: str) -> str:
    return " ".join(sorted(text.split()))


def tsquery(words: Iterable[str]) -> str:
    """What to ask a `simple` text search for: each word as a beginning, all of them; empty when nothing is left."""
    return " & ".join(f"{_stem(word)}:*" for word in words)


def _stem(word: str) -> str:
    """Without the s of a plural: a beginning finds both."""
    return word[:-1] if len(word) > SHORTEST_WORD and word.endswith("s") and word[-2] not in "sui" else word
