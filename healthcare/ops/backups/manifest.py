"""What a backup holds, and whether its files are still what was written."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from healthcare.ops.backups.encryption import BackupDamaged, EncryptedReader, Keys

FORMAT = 1
MANIFEST, DATABASE, FILES = "manifest", "database", "files"
READ = 1024 * 1024  # bytes at once


@dataclass
class Manifest:
    """`tables`: rows and digest by table. `files`: bytes and SHA-256 (hex) of each encrypted file. `objects`: SHA-256
    of each stored object, as it lies in the storage, by its place; `missing`: places that had no file already."""

    id: str
    made_at: str  # UTC, ISO 8601: the moment of the snapshot
    server: str
    seal: int = 0  # the last seal of the audit in the snapshot
    tables: dict[str, list[Any]] = field(default_factory=dict)
    files: dict[str, list[Any]] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    format: int = FORMAT

    def label(self, name: str) -> str:
        """What a file's key is bound to: no file of another backup can stand in for it."""
        return f"{self.id} {name}"

    def encoded(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @property
    def rows(self) -> int:
        return sum(int(rows) for rows, _ in self.tables.values())


def read_manifest(folder: Path, keys: Keys) -> Manifest:
    """Raises BackupDamaged, also for a backup of a format that this version does not know."""
    with EncryptedReader(folder / MANIFEST, keys, MANIFEST) as file:
        said = json.loads(file.read())
    if said.get("format") != FORMAT:
        raise BackupDamaged(f"{MANIFEST} is of format {said.get('format')}; this version reads {FORMAT}.")
    return Manifest(**said)


def open_file(folder: Path, manifest: Manifest, name: str, keys: Keys) -> EncryptedReader:
    return EncryptedReader(folder / name, keys, manifest.label(name))


def damage(folder: Path, manifest: Manifest, keys: Keys) -> Iterator[str]:
    """Read every file to its end, decrypting; a sentence for each that is not what was written."""
    for name, (size, sha256) in manifest.files.items():
        try:
            with open_file(folder, manifest, name, keys) as file:
                while file.read(READ):
                    pass
                whole = file.sha256.hexdigest() == sha256 and (folder / name).stat().st_size == size
        except BackupDamaged as problem:
            yield str(problem)
        else:
            if not whole:
                yield f"{name} does not have the size and the SHA-256 that the manifest says."
