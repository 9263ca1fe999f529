"""Files that only a holder of the backup key can read, or make: AES-256-GCM (NIST SP 800-38D) in chunks.

The chunks follow the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015): each nonce is the number
of its chunk and whether it is the last, so that none can be altered, moved, left out or added. A file is
`HCB1 · key id (4 bytes) · salt (32)`, then the chunks, each with its tag; its own key is HKDF-SHA-256 (RFC 5869) of the
backup key, the salt and a label that names backup and file, so that no file passes for another.
"""

import base64
import hashlib
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"HCB1"
CHUNK, TAG, SALT, KEY = 64 * 1024, 16, 32, 32  # bytes
HEADER = len(MAGIC) + 4 + SALT
Keys = Mapping[bytes, bytes]


class BackupDamaged(Exception):
    """A file of the backup is missing, altered, cut, another's, or made with another key; says which, and how."""


def read_keys(path: str) -> dict[bytes, bytes]:
    """The backup keys by their id, from a file with one key of 32 bytes in base64 a line, the current one first.

    Raises ValueError.
    """
    try:
        keys = [base64.b64decode(line, validate=True) for line in Path(path).read_text().split()]
    except (OSError, ValueError) as problem:
        raise ValueError("BACKUP_KEY_FILE must name a readable file of keys in base64.") from problem
    if not keys or any(len(key) != KEY for key in keys):
        raise ValueError("BACKUP_KEY_FILE: every line is a key of 32 bytes in base64.")
    return {_derive(key, b"", "key id")[:4]: key for key in keys}


class EncryptedWriter:
    """Encrypts what is written to `file`; whole only when closed. `sha256` is of the bytes in the file."""

    def __init__(self, file: IO[bytes], keys: Keys, label: str) -> None:
        key_id, key = next(iter(keys.items()))
        salt = os.urandom(SALT)
        self._file, self._cipher = file, AESGCM(_derive(key, salt, label))
        self._held, self._number = bytearray(), 0
        self.sha256, self.size = hashlib.sha256(), 0
        self._put(MAGIC + key_id + salt)

    def write(self, data: bytes) -> int:
        self._held += data
        while len(self._held) > CHUNK:  # the last chunk is known only at the end
            self._encrypt(last=False)
        return len(data)

    def close(self) -> None:
        self._encrypt(last=True)
        self._file.flush()
        os.fsync(self._file.fileno())

    def _encrypt(self, *, last: bool) -> None:
        self._put(self._cipher.encrypt(_nonce(self._number, last), bytes(self._held[:CHUNK]), None))
        del self._held[:CHUNK]
        self._number += 1

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self.sha256.update(data)
        self.size += len(data)


class EncryptedReader(io.RawIOBase):
    """The content of an encrypted file, each chunk checked before it is handed out. Reading raises BackupDamaged."""

    def __init__(self, path: Path, keys: Keys, label: str) -> None:
        self._name, self._held, self._number = path.name, memoryview(b""), 0
        self.sha256 = hashlib.sha256()
        try:
            self._file = path.open("rb")
        except FileNotFoundError as problem:
            raise BackupDamaged(f"{path.name} is missing.") from problem
        header = self._take(HEADER)
        if len(header) < HEADER or not header.startswith(MAGIC):
            raise BackupDamaged(f"{path.name} is no file of a backup: its beginning is altered or cut.")
        key = keys.get(header[4:8])
        if key is None:
            raise BackupDamaged(f"{path.name} was made with another key than those of BACKUP_KEY_FILE.")
        self._cipher = AESGCM(_derive(key, header[8:], label))
        self._ahead = self._take(CHUNK + TAG)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._held:
            self._held = memoryview(self._next())
        count = min(len(buffer), len(self._held))
        buffer[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

    def close(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()
        super().close()

    def _take(self, count: int) -> bytes:
        data = self._file.read(count)
        self.sha256.update(data)
        return data

    def _next(self) -> bytes:
        piece, number = self._ahead, self._number
        if not piece and number:
            return b""
        self._ahead = self._take(CHUNK + TAG)
        last = not self._ahead
        try:
            plain = self._cipher.decrypt(_nonce(number, last), piece, None)
        except (InvalidTag, ValueError) as problem:
            raise BackupDamaged(f"{self._name} {self._reason(piece, last)}") from problem
        self._number += 1
        return plain

    def _reason(self, piece: bytes, last: bool) -> str:
        chunk = self._number + 1
        try:
            self._cipher.decrypt(_nonce(self._number, not last), piece, None)
        except (InvalidTag, ValueError):
            return f"is damaged: chunk {chunk} was altered, cut, or is not in its place."
        return f"is cut after chunk {chunk}." if last else f"goes on after its end, chunk {chunk}."


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _derive(key: bytes, salt: bytes, label: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY, salt=salt, info=f"healthcare backup: {label}".encode()).derive(key)
