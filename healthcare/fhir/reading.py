"""Documents into resources, one at a time: Bundles, single resources, and NDJSON."""

import hashlib
import io
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import accumulate, chain
from typing import Any

import ijson

from healthcare.fhir.resources import BASE, Incoming, Key, Unfit
from healthcare.fhir.unpacking import AT_ONCE, DAMAGED, Document, Refused, Rejection

TYPE = re.compile(r"[A-Z][A-Za-z]{1,39}")
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # FHIR R4 section 2.24.0.1, id
NUMBER = re.compile(r'"\\u0000(-?[0-9][0-9.eE+\-]*)"')
NUL = re.compile(r"(?<!\\)(\\\\)*\\u0000")
HEAD = 4 << 20  # a document up to this size has its errors found to the line and column
LARGEST_EXPONENT = 100
DEEPEST = 200
NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
STEP = {byte: 1 if byte in b"[{" else -1 for byte in b"[]{}"}

#: None stands between documents: a good place to breathe.
Read = Incoming | Rejection | None


def resources_of(document: Document, *, system: str) -> Iterator[Read]:
    """Each resource of the document, and a rejection for each place that is none. What can be read is read."""
    found = _lines(document, system) if document.lines else _whole(document, system)
    try:
        yield from found
    except Refused as refusal:
        yield Rejection(document.name, "", str(refusal))
    except DAMAGED as problem:
        yield Rejection(document.name, "", f"It cannot be read to its end ({type(problem).__name__}).")
    yield None


def _lines(document: Document, system: str) -> Iterator[Read]:
    stream = io.BufferedReader(document.stream, 1 << 18)
    for number, line in enumerate(iter(lambda: stream.readline(AT_ONCE), b""), start=1):
        document.stream.since = 0
        place = f"line {number}"
        line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not line.strip():
            continue
        try:
            parsed = json.loads(line.rstrip().decode(), parse_float=Decimal, parse_constant=_no_number)
        except json.JSONDecodeError as problem:
            yield Rejection(document.name, place, f"It is not JSON: {problem.msg} at column {problem.colno}.")
        except UnicodeDecodeError as problem:
            yield Rejection(document.name, place, f"It is not UTF-8 at byte {problem.start + 1}.")
        except (ValueError, RecursionError) as problem:
            yield Rejection(document.name, place, f"It is not JSON that can be read ({type(problem).__name__}).")
        else:
            yield from _resources(parsed, document.name, place, system)


def _whole(document: Document, system: str) -> Iterator[Read]:
    head = b""
    while len(head) < HEAD and (more := document.stream.read(HEAD - len(head))):
        head += more
    head = head.removeprefix(b"\xef\xbb\xbf")
    stream: Any = _Joined(head, document.stream)
    try:
        if _kind(head) in ("Bundle", None):
            seen: dict[str, Key] = {}
            for number, entry in enumerate(ijson.items(stream, "entry.item"), start=1):
                document.stream.since = 0
                yield _of_entry(entry, seen, document.name, f"entry {number}", system)
        else:
            for parsed in ijson.items(stream, ""):
                yield from _resources(parsed, document.name, "", system)
    except ijson.JSONError as problem:
        yield Rejection(document.name, "", _where(head, stream, problem))
    except UnicodeDecodeError:
        yield Rejection(document.name, "", f"It is not UTF-8, near line {stream.line}.")


class _Joined:
    """What was read ahead, and then the rest; knows the line it has come to, and how deep.

    The parser keeps a path for each level: the memory it takes grows with the square of the depth, so depth is looked
    at before it is (CWE-674).
    """

    def __init__(self, head: bytes, rest: Any) -> None:
        self.depth, self.within_text, self.held = 0, 0, b""
        self.parts, self.line, self.complete = chain([io.BytesIO(head)], [rest]), 1, len(head) < HEAD
        self.part = next(self.parts)

    def read(self, size: int = -1) -> bytes:
        found = self.part.read(size)
        if not found and size and (following := next(self.parts, None)) is not None:
            self.part = following
            found = self.part.read(size)
        self.line += found.count(b"\n")
        self._check_depth(found)
        return bytes(found)

    def _check_depth(self, found: bytes) -> None:
        """Brackets outside of texts: without escapes, every second piece between quotation marks is outside."""
        found = self.held + found
        whole = found.rstrip(b"\\")
        self.held = found[len(whole) :]
        pieces = whole.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        brackets = b"".join(pieces[self.within_text :: 2]).translate(None, NO_BRACKETS)
        depths = list(accumulate(map(STEP.__getitem__, brackets), initial=self.depth))
        if max(depths) > DEEPEST:
            raise Refused(f"It is nested deeper than {DEEPEST} levels.")
        self.depth = depths[-1]
        self.within_text ^= (len(pieces) - 1) & 1


def _kind(head: bytes) -> str | None:
    """The document's resourceType, as far as it stands in the head; a large Bundle may say it at its end."""
    try:
        found = ijson.items(_Joined(head, io.BytesIO()), "resourceType")
        return next((kind for kind in found if isinstance(kind, str)), None)
    except (ijson.JSONError, UnicodeDecodeError):
        return None


def _where(head: bytes, stream: _Joined, problem: Exception) -> str:
    if stream.complete:
        try:
            json.loads(head.decode())
        except json.JSONDecodeError as found:
            return f"It is not JSON, line {found.lineno}, column {found.colno}: {found.msg}."
        except UnicodeDecodeError as found:
            return f"It is not UTF-8, line {head.count(bytes([10]), 0, found.start) + 1}."
        except (ValueError, RecursionError):
            pass
    return f"It is not JSON, near line {stream.line} ({type(problem).__name__})."


def _resources(parsed: Any, name: str, place: str, system: str) -> Iterator[Read]:
    """One JSON value: a resource, or a Bundle on one line."""
    if isinstance(parsed, dict) and parsed.get("resourceType") == "Bundle":
        seen: dict[str, Key] = {}
        entries = parsed.get("entry")
        for number, entry in enumerate(entries if isinstance(entries, list) else [], start=1):
            yield _of_entry(entry, seen, name, f"{place} entry {number}".strip(), system)
    else:
        yield _incoming(parsed, name, place, system)


def _of_entry(entry: Any, seen: dict[str, Key], name: str, place: str, system: str) -> Incoming | Rejection:
    if not isinstance(entry, dict) or "resource" not in entry:
        return Rejection(name, place, "The entry holds no resource.")
    url = entry.get("fullUrl")
    url = url if isinstance(url, str) else ""
    made = _incoming(entry["resource"], name, place, system, url)
    if isinstance(made, Incoming):
        # Only what a reference does not tell by itself has to be remembered.
        if url.startswith("urn:") and url != f"urn:uuid:{made.source_id}":
            seen[url] = made.key
        made.local_urls = seen
    return made


def _incoming(resource: Any, name: str, place: str, system: str, url: str = "") -> Incoming | Rejection:
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(kind, str) or not TYPE.fullmatch(kind):
        return Rejection(name, place, "It is not a FHIR resource: it does not say its resourceType.")
    said = resource.get("id")
    try:
        if kind == "Bundle":
            raise Unfit("A Bundle within a Bundle is not read.")
        if said is not None and not (isinstance(said, str) and ID.fullmatch(said)):
            raise Unfit("Its id is none (FHIR R4, datatype id).")
        text = canonical(resource)
    except Unfit as problem:
        return Rejection(name, f"{kind}, {place}" if place else kind, str(problem))
    digest = hashlib.sha256(text.encode()).hexdigest()
    base = BASE.fullmatch(url)
    source_id = said or url.removeprefix("urn:uuid:")[:64] * url.startswith("urn:uuid:") or digest
    return Incoming(resource, kind, base["base"] if base else system, source_id, text, digest, name, place)


def canonical(resource: dict[str, Any]) -> str:
    """The resource as JSON with sorted keys, and each number with the digits it came with. Raises Unfit.

    `json` writes no Decimal: each goes in as a text that begins with NUL, which no text of a resource may hold, and
    loses its quotes after.
    """
    numbers = 0

    def exact(number: Decimal) -> str:
        nonlocal numbers
        if abs(number.adjusted()) > LARGEST_EXPONENT:
            raise Unfit("A number in it is larger or smaller than anything real.")
        numbers += 1
        return f"\0{number}"

    try:
        text = json.dumps(resource, default=exact, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        text, found = NUMBER.subn(r"\1", text)
        text.encode()
    except UnicodeEncodeError as problem:
        raise Unfit("A text in it holds half a character (an unpaired surrogate).") from problem
    except (RecursionError, ValueError) as problem:
        raise Unfit("It is nested too deep, or a number in it is too long.") from problem
    if found != numbers or NUL.search(text):
        raise Unfit("A text in it holds a NUL character.")
    return text


def _no_number(_name: str) -> None:
    raise ValueError  # NaN and Infinity are no JSON (RFC 8259 section 6)
