"""Signed heads, in a file outside the database: what not even its superuser can rewrite.

One JSON line per seal, in a file per month, each line naming the hash of the line before. A line is signed with Ed25519
(RFC 8032) by a key derived from SECRET_KEY; who holds the public key (`manage.py audit_key`) can check without it.
"""

import fcntl
import hashlib
import hmac
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

log = logging.getLogger("healthcare.audit.anchors")
BLOCK = 4096


@dataclass(frozen=True)
class Anchor:
    """One line. `kind` is "seal", or "restore" where an operator said that the database was set back to this number."""

    kind: str
    number: int
    total: int
    epoch: int
    head: str
    sealed_at: str


def signing_key(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hmac.new(secret.encode(), b"audit anchor", hashlib.sha256).digest())


def public_hex(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


class AnchorBook:
    """The folder of anchor files: months in order, lines in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("anchors-????-??.jsonl"))

    def last(self) -> Anchor | None:
        line = self._last_line()
        return read_line(line)[0] if line else None

    def append(self, anchor: Anchor, key: Ed25519PrivateKey, now: datetime) -> None:
        """Sign and append; on disk when it returns. Raises OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            before = self._last_line()
            said = {**vars(anchor), "before": digest(before) if before else "", "key": public_hex(key.public_key())}
            said["signature"] = key.sign(_signed_part(said)).hex()
            line = _canonical(said)
            self._write(self.folder / f"anchors-{now:%Y-%m}.jsonl", line + b"\n")
        log.info("audit anchor %s", line.decode())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = os.open(self.folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _write(self, path: Path, line: bytes) -> None:
        new = not path.exists()
        file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            # A line torn by a power cut has no end; it was never an anchor.
            end = _end_of_whole_lines(file)
            os.ftruncate(file, end)
            os.pwrite(file, line, end)
            os.fsync(file)
        finally:
            os.close(file)
        if new:
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _last_line(self) -> bytes:
        for path in reversed(self.files()):
            with path.open("rb") as file:
                end = _end_of_whole_lines(file.fileno())
                file.seek(max(0, end - BLOCK))
                lines = file.read(end - file.tell()).splitlines()
            if lines:
                return lines[-1]
        return b""


def read_line(line: bytes) -> tuple[Anchor, dict[str, Any]]:
    """The anchor and all that the line says. Raises ValueError for what is no anchor."""
    try:
        said = json.loads(line)
        return Anchor(**{name: said[name] for name in Anchor.__dataclass_fields__}), said
    except (KeyError, TypeError) as problem:
        raise ValueError("The line is not an anchor.") from problem


def is_signed(said: dict[str, Any], trusted: set[str]) -> bool:
    """Whether one of the trusted public keys (hex) signed what the line says."""
    if said.get("key") not in trusted:
        return False
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(said["key"]))
        public.verify(bytes.fromhex(said["signature"]), _signed_part(said))
    except Exception:  # InvalidSignature, or a signature that is not even hex
        return False
    return True


def digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _signed_part(said: dict[str, Any]) -> bytes:
    return _canonical({name: value for name, value in said.items() if name != "signature"})


def _canonical(said: dict[str, Any]) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def _end_of_whole_lines(file: int) -> int:
    size = os.fstat(file).st_size
    tail = os.pread(file, BLOCK, max(0, size - BLOCK))
    return size - len(tail) + tail.rfind(b"\n") + 1
