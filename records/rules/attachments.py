"""Files of messages: what is taken, what it is called, and when a scanner is asked again."""

import unicodedata
from dataclasses import dataclass
from datetime import timedelta

from healthcare.storage.content import MEBIBYTE, possible_types

MOST = 5  # files of one message
LARGEST = 10 * MEBIBYTE  # bytes of one file
LONGEST_NAME = 80
#: What is taken, with the ending of its name. Nothing of it is opened in a page.
ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "text/plain": ".txt"}
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True)
class Upload:
    """A file as it came: what it is called proves nothing."""

    name: str
    content: bytes


def type_of(content: bytes) -> str:
    """What the content is, of the types that are taken; "" for anything else, whatever its name says."""
    possible = possible_types(content)
    return next((kind for kind in ENDINGS if kind in possible), "")


def safe_name(given: str, content_type: str) -> str:
    """The name without folders and signs that nobody sees, with the ending of what it is."""
    last = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    seen = "".join(sign for sign in last if unicodedata.category(sign) not in UNSEEN and sign not in '<>:"|?*')
    stem = seen.rpartition(".")[0] or seen
    ending = ENDINGS[content_type]
    return (" ".join(stem.split()).strip(". ")[: LONGEST_NAME - len(ending)] or "file") + ending


def opens(state: str, *, scanned: bool) -> bool:
    """Where a scanner is set up, what it found clean; elsewhere all but what one removed before."""
    return state == "clean" if scanned else state != "infected"


def wait_after(attempts: int) -> timedelta:
    """Until a scanner that did not answer is asked again: a minute, then twice as long each time, an hour at most."""
    return min(FIRST_WAIT * 2 ** min(attempts, 6), LONGEST_WAIT)
