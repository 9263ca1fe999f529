"""Texts of the clinic for messages: which places are filled by themselves, and what was left open."""

import re
from collections.abc import Iterable, Mapping

PLACES = ("patient", "writer", "site", "telephone")
BLANK = "***"
IN_BRACES = re.compile(r"\{\s*([^{}]*?)\s*\}")


def unknown_places(text: str) -> list[str]:
    """What stands in braces and is filled by nobody, as it is written, each once."""
    return _once(found[0] for found in IN_BRACES.finditer(text) if found[1] not in PLACES)


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with what is known in its places; a place without a value stays, to be seen."""
    return IN_BRACES.sub(lambda found: values.get(found[1]) or found[0], text)


def left_open(text: str) -> list[str]:
    """Which places and blanks of a text nobody filled yet, as they are written, each once."""
    places = [found[0] for found in IN_BRACES.finditer(text) if found[1] in PLACES]
    return _once([*places, *([BLANK] if BLANK in text else [])])


def language_fits(language: str, spoken: str) -> bool:
    """Whether a text in this language is for who speaks that one (BCP 47); nothing fits where nothing is known."""
    return bool(spoken) and language == spoken.split("-")[0].lower()


def _once(found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(found))
