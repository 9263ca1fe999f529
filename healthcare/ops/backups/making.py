"""Copy everything of one moment: the database, the stored objects, the audit's anchors."""

import contextlib
import hashlib
import io
import os
import shutil
import tarfile
import time
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from subprocess import PIPE
from typing import Any
from uuid import UUID

import psycopg
from tqdm import tqdm

from healthcare.audit import record_now
from healthcare.audit.anchors import read_line
from healthcare.audit.sealing import anchor_book
from healthcare.db.context import acting_as_system
from healthcare.db.uuids import uuid7
from healthcare.ops.backups.encryption import EncryptedWriter, Keys
from healthcare.ops.backups.manifest import DATABASE, FILES, MANIFEST, READ, Manifest
from healthcare.ops.backups.servers import (
    KEY_TABLE,
    TABLES,
    BackupFailed,
    Place,
    clinic,
    connect,
    count,
    program,
    served_by,
)
from healthcare.storage.backends import object_storage

DUMP = ("--format=custom", "--compress=gzip:4", "--no-publications", "--no-subscriptions", "--lock-wait-timeout=60000")
BACKUP = "ops.backup"  # the audit event of a whole backup; `selfcheck` asks for the last one
PATIENCE = 5.0  # seconds between a seal's commit and its anchor


def make_backup(folder: Path, keys: Keys) -> Manifest:
    """Write the backup to a folder that does not exist yet; it appears under its name when it is whole.

    Raises BackupFailed, psycopg.Error, OSError, AuditUnavailable; then nothing is left.
    """
    draft = folder.with_name(f"{folder.name}.partial")
    try:
        if folder.exists():
            raise BackupFailed(f"{folder} exists, and nothing is ever written over.")
        draft.mkdir(mode=0o700)
    except OSError as problem:
        raise BackupFailed(
            f"{draft} cannot be made ({problem.strerror}); what is left of a broken run, remove."
        ) from problem
    try:
        manifest = _fill(draft, keys)
        sync(draft)
        note(clinic("backup"), BACKUP, backup=manifest.id, rows=manifest.rows, missing=len(manifest.missing))
        draft.rename(folder)
        sync(folder.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return manifest


@contextlib.contextmanager
def snapshot() -> Iterator[tuple[psycopg.Connection, Manifest, str]]:
    """One moment of the database, its empty manifest, and the name by which pg_dump sees the same moment."""
    with connect(clinic("backup")) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        row = connection.execute("SELECT pg_export_snapshot(), now(), current_setting('server_version')").fetchone()
        name, moment, version = row or ("", None, "")
        seal = connection.execute("SELECT coalesce(max(number), 0) FROM audit_auditseal").fetchone()
        manifest = Manifest(str(uuid7()), moment.astimezone(UTC).isoformat(), version, seal[0] if seal else 0)
        yield connection, manifest, name


def note(place: Place, action: str, **detail: Any) -> None:
    """An audit event that the system did this. Raises AuditUnavailable."""
    with served_by(place, "worker"), acting_as_system("backup"):
        record_now(action, by=None, detail=detail)


def _fill(draft: Path, keys: Keys) -> Manifest:
    with snapshot() as (connection, manifest, name):
        note(clinic("backup"), "ops.begin_backup", backup=manifest.id)
        with _encrypted(draft / DATABASE, manifest, keys) as file:
            _dump(name, file)
        tables = [row[0] for row in connection.execute(TABLES).fetchall() if row[0] != KEY_TABLE]
        for table in tqdm(tables, desc="counting", disable=None):
            manifest.tables[table] = count(connection, table)
        with _encrypted(draft / FILES, manifest, keys) as file, tarfile.open(mode="w|", fileobj=file) as archive:
            rows = connection.execute("SELECT id, place FROM storage_storedobject ORDER BY place").fetchall()
            for key, place in tqdm(rows, desc="objects", disable=None):
                _add_object(archive, manifest, key, place)
            _add_anchors(archive, manifest.seal)
    with (draft / MANIFEST).open("xb") as plain:
        file = EncryptedWriter(plain, keys, MANIFEST)
        file.write(manifest.encoded())
        file.close()
    return manifest


@contextlib.contextmanager
def _encrypted(path: Path, manifest: Manifest, keys: Keys) -> Iterator[Any]:
    with path.open("xb") as plain:
        file = EncryptedWriter(plain, keys, manifest.label(path.name))
        yield file
        file.close()
    manifest.files[path.name] = [file.size, file.sha256.hexdigest()]


def _dump(snapshot: str, file: EncryptedWriter) -> None:
    options = (*DUMP, f"--snapshot={snapshot}", f"--exclude-table-data={KEY_TABLE}")
    with (
        program("pg_dump", clinic("backup"), *options, stdout=PIPE) as child,
        tqdm(desc="database", unit="B", unit_scale=True, disable=None) as bar,
    ):
        while data := child.stdout.read(READ) if child.stdout else b"":
            bar.update(file.write(data))


def _add_object(archive: tarfile.TarFile, manifest: Manifest, key: UUID, place: str) -> None:
    content = _read_object(place)
    if content is None:  # meanwhile removed, or encrypted anew elsewhere; its header says under which key
        with connect(clinic("backup")) as now:
            row = now.execute("SELECT place FROM storage_storedobject WHERE id = %s", [key]).fetchone()
        content = _read_object(row[0]) if row and row[0] != place else None
    if content is None:
        manifest.missing.append(place)
        return
    manifest.objects[place] = hashlib.sha256(content).hexdigest()
    add(archive, f"objects/{place}", len(content), io.BytesIO(content))


def _read_object(place: str) -> bytes | None:
    try:
        with object_storage().open(place) as file:
            return bytes(file.read())
    except FileNotFoundError:
        return None


def _add_anchors(archive: tarfile.TarFile, seal: int) -> None:
    """The anchor files up to the line of this seal, so that the copy is whole by itself."""
    until = time.monotonic() + PATIENCE
    while (cut := _end_of_seal(seal)) is None and time.monotonic() < until:
        time.sleep(0.1)
    for path in anchor_book().files():
        if cut is not None and path.name > cut[0]:
            return
        size = cut[1] if cut is not None and path.name == cut[0] else path.stat().st_size
        with path.open("rb") as file:
            add(archive, f"anchors/{path.name}", size, file)


def _end_of_seal(seal: int) -> tuple[str, int] | None:
    """The file, and the byte in it, after the last line about this seal; an empty audit ends before every file."""
    for path in reversed(anchor_book().files()):
        end, place = 0, 0
        with path.open("rb") as file:
            for line in file:
                place += len(line)
                if line.endswith(b"\n") and _number(line) == seal:
                    end = place
        if end:
            return path.name, end
    return ("", 0) if not seal else None


def _number(line: bytes) -> int:
    try:
        return read_line(line)[0].number
    except ValueError:
        return -1


def add(archive: tarfile.TarFile, name: str, size: int, content: Any) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    archive.addfile(member, content)


def sync(folder: Path) -> None:
    """The names in the folder are on disk when it returns."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
