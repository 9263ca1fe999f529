"""The words that a patient agrees to, each version a file that never changes: `consent_texts/PURPOSE.VERSION.txt`.

A consent keeps the version and the SHA-256 of what was shown (GDPR 7(1); 42 CFR 2.31), so that it can be proved years
later which words they were. New words are a new file; an old file stays as long as somebody said yes or no to it.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent / "consent_texts"
YEAR = timedelta(days=365)
# After how long a yes ends by itself, as its text says; the others go on until they are taken back.
LASTS = {"research": 5 * YEAR, "substance_use": YEAR}
# A yes that the law wants in writing (42 CFR 2.31): typed into the portal by oneself, or signed on paper.
IN_WRITING = frozenset({"substance_use"})
WRITTEN_METHODS = ("portal", "paper")


class UnknownText(LookupError):
    """There is no such version, or its words are not those that were agreed to."""


@dataclass(frozen=True)
class ConsentText:
    """One version: `version` sorts by its date, `digest` is the SHA-256 of the file's bytes."""

    purpose: str
    version: str
    title: str
    paragraphs: tuple[str, ...]
    digest: str


@cache
def consent_texts() -> dict[str, tuple[ConsentText, ...]]:
    """Every version of each purpose, the oldest first."""
    found: dict[str, list[ConsentText]] = {}
    for path in sorted(FOLDER.glob("*.txt")):
        purpose, version = path.stem.split(".", 1)
        found.setdefault(purpose, []).append(_read(purpose, version, path.read_bytes()))
    return {purpose: tuple(versions) for purpose, versions in found.items()}


def current_text(purpose: str) -> ConsentText:
    """The words that are shown today. Raises UnknownText for a purpose without any."""
    if purpose not in consent_texts():
        raise UnknownText(purpose)
    return consent_texts()[purpose][-1]


def text_of(purpose: str, version: str, digest: str) -> ConsentText:
    """The words somebody agreed to. Raises UnknownText where no file holds them any more as they were."""
    for text in consent_texts().get(purpose, ()):
        if (text.version, text.digest) == (version, digest):
            return text
    raise UnknownText(purpose)


def _read(purpose: str, version: str, content: bytes) -> ConsentText:
    title, *paragraphs = [part.strip() for part in content.decode().split("\n\n")]
    return ConsentText(purpose, version, title, tuple(paragraphs), sha256(content).hexdigest())
