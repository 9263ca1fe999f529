"""Read the anchor files from the first line to the last, and say what is wrong with them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from healthcare.audit.anchors import Anchor, AnchorBook, digest, is_signed, read_line
from healthcare.audit.chain import HASH_BYTES

Complain = Callable[[str, str], None]


class AnchoredHeads:
    """The head anchored for each seal number, in 32 bytes each; zeros where a seal has no anchor of its own."""

    def __init__(self) -> None:
        self._heads = bytearray()
        self.last: Anchor | None = None

    def __len__(self) -> int:
        return len(self._heads) // HASH_BYTES

    def add(self, anchor: Anchor) -> None:
        keep = anchor.number if anchor.kind == "restore" else anchor.number - 1
        del self._heads[keep * HASH_BYTES :]
        self._heads.extend(bytes(keep * HASH_BYTES - len(self._heads)))
        if anchor.kind == "seal":
            self._heads += bytes.fromhex(anchor.head)
        self.last = anchor

    def head(self, number: int) -> bytes | None:
        found = bytes(self._heads[(number - 1) * HASH_BYTES : number * HASH_BYTES])
        return found if any(found) else None


def read_anchors(
    book: AnchorBook, trusted: set[str], complain: Complain, notice: Callable[[str], None]
) -> AnchoredHeads:
    """`complain(kind, sentence)` is called for every broken line; what can be read is returned all the same."""
    heads = AnchoredHeads()
    before, before_said = b"", None
    for place, line, last_of_file in _lines(book.files()):
        try:
            anchor, said = read_line(line)
            _check_order(anchor, heads)
        except ValueError as problem:
            complain("anchor_altered", f"{place}: {problem}")
            before, before_said = line, None
            continue
        if said.get("before") != (digest(before) if before else ""):
            _complain_of_break(place, said, before_said, trusted, complain)
        # Each line names the hash of the one before, so one signature vouches for all above it.
        elif (last_of_file or place.endswith("000")) and not is_signed(said, trusted):
            complain("anchor_altered", f"{place}: the signature is not by a trusted key.")
        heads.add(anchor)
        if anchor.kind == "restore":
            notice(f"{place}: an operator set the database back to seal {anchor.number}.")
        before, before_said = line, said
    return heads


def _check_order(anchor: Anchor, heads: AnchoredHeads) -> None:
    if anchor.kind == "seal" and anchor.number <= len(heads):
        raise ValueError(f"Seal {anchor.number} is anchored a second time.")
    if anchor.number < 0 or (anchor.kind == "restore" and anchor.number > len(heads)):
        raise ValueError("The number cannot be.")


def _complain_of_break(
    place: str, said: dict[str, Any], before: dict[str, Any] | None, trusted: set[str], complain: Complain
) -> None:
    """Two lines do not fit together: the one without a good signature was altered; else lines between are gone."""
    if not is_signed(said, trusted):
        complain("anchor_altered", f"{place}: the line was altered.")
    elif before is not None and not is_signed(before, trusted):
        complain("anchor_altered", f"{place}: the line before it was altered.")
    else:
        complain("anchor_missing", f"{place}: lines before it are missing.")


def _lines(files: list[Path]) -> Iterator[tuple[str, bytes, bool]]:
    """`(file:line, bytes, last of its file)`; a last line without an end was torn by a crash and is no anchor."""
    for path in files:
        with path.open("rb") as file:
            number, held = 0, b""
            for line in file:
                if not line.endswith(b"\n"):
                    break
                if number:
                    yield f"{path.name}:{number}", held, False
                number, held = number + 1, line[:-1]
            if number:
                yield f"{path.name}:{number}", held, True
