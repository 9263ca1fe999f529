"""What a note of a visit says, when it counts as written, and what its signature binds. Plain Python."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from uuid import UUID

LONGEST = {"reason": 200}  # characters; every other part takes
LONGEST_PART = 20_000
MUST_BE_WRITTEN = ("assessment", "plan")
LATE_AFTER_HOURS = 24
LATE_ENTRY_HOURS = 48
A_LINE = 20  # characters from which a line that stands in the note before counts as taken over


class NotANote(ValueError):
    """What came from outside is no content of a note; the message says what is wrong."""


@dataclass(frozen=True)
class NoteText:
    """The parts of a note, in the order in which they are read (SOAP, with what the patient takes home)."""

    reason: str = ""
    subjective: str = ""
    objective: str = ""
    assessment: str = ""
    plan: str = ""
    instructions: str = ""

    def __bool__(self) -> bool:
        return any(vars(self).values())

    def missing(self) -> list[str]:
        """The parts without which a note says nothing to the next reader."""
        return [name for name in MUST_BE_WRITTEN if not getattr(self, name)]


PARTS = tuple(field.name for field in fields(NoteText))
NURSING_PARTS = ("subjective", "objective")


def clean_text(text: str) -> str:
    """As it is kept: composed accents (Unicode NFC), lines that end in LF, without spaces at the end."""
    composed = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return "\n".join(line.rstrip() for line in composed.split("\n")).strip()


def note_text(content: Mapping[str, object]) -> NoteText:
    """Read a note from JSON or a form. Raises NotANote for an unknown part, what is no text, and what is too long."""
    unknown = content.keys() - set(PARTS)
    if unknown:
        raise NotANote(f"A note has no part called {', '.join(sorted(map(str, unknown)))}.")
    found: dict[str, str] = {}
    for name, value in content.items():
        if not isinstance(value, str):
            raise NotANote(f"{name} is no text.")
        text = clean_text(value)
        if len(text) > LONGEST.get(name, LONGEST_PART):
            raise NotANote(f"{name} is longer than {LONGEST.get(name, LONGEST_PART)} characters.")
        found[name] = text
    return NoteText(**found)


def text_of(data: Mapping[str, object]) -> NoteText:
    """The parts of a note as its entry keeps them, without what the entry says besides."""
    return note_text({name: data[name] for name in PARTS if name in data})


def copied_lines(text: NoteText, before: NoteText) -> dict[str, list[int]]:
    """By part, which lines (from 0) stand word for word in the note before; short ones say too little to count."""
    known = {line.strip() for part in PARTS for line in getattr(before, part).split("\n")}
    found = {
        part: [
            place
            for place, line in enumerate(getattr(text, part).split("\n"))
            if len(line.strip()) >= A_LINE and line.strip() in known
        ]
        for part in PARTS
    }
    return {part: lines for part, lines in found.items() if lines}


def differing(one: NoteText, other: NoteText) -> list[str]:
    """The names of the parts that are not the same in both."""
    return [name for name in PARTS if getattr(one, name) != getattr(other, name)]


# == Whose pen ==
def is_later_stroke(kept: str, given: str) -> bool:
    """Whether what is given comes from the same open page as what is kept, and was written after it.

    A pen is the page's own random word and the number of its saving, `8f3c1d.17`: a page whose answer was lost on the
    way may go on, and a request that was late may not undo a later one.
    """
    page, _dot, stroke = kept.partition(".")
    its_page, _dot, its_stroke = given.partition(".")
    if not page or page != its_page or not (stroke.isdecimal() and its_stroke.isdecimal()):
        return False
    return int(its_stroke) > int(stroke)


# == The signature ==
def signature_of(
    content: Mapping[str, object], *, patient_id: UUID, encounter_id: UUID | None, signer_id: UUID, signed_at: datetime
) -> str:
    """SHA-256, in hex, of the content, whose it is, which visit's, who signed and when.

    The bytes are canonical JSON (RFC 8785 for texts: sorted keys, no spaces, UTF-8); the time is UTC to the
    microsecond. Raises ValueError for a time without a zone.
    """
    if signed_at.tzinfo is None:
        raise ValueError("A signature needs a time with its zone.")
    bound = {
        "content": dict(content),
        "encounter": str(encounter_id) if encounter_id else None,
        "patient": str(patient_id),
        "signed_at": signed_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "signer": str(signer_id),
    }
    canonical = json.dumps(bound, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


# == Is it time? ==
def is_late(finished_at: datetime | None, now: datetime) -> bool:
    """A note is late when its visit ended more than a day ago."""
    return finished_at is not None and (now - finished_at).total_seconds() > LATE_AFTER_HOURS * 3600


def is_late_entry(effective_at: datetime, written_at: datetime) -> bool:
    """Written long after what it tells of: the reader has to know that it was not written from fresh memory."""
    return (written_at - effective_at).total_seconds() > LATE_ENTRY_HOURS * 3600
