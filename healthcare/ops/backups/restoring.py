"""Bring a backup back into an empty database, and say whether everything in it is as it was."""

import hashlib
import io
import shutil
import tarfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from subprocess import PIPE
from typing import IO, Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection
from tqdm import tqdm

from healthcare.audit.anchors import AnchorBook
from healthcare.audit.partitions import make_partitions
from healthcare.audit.sealing import accept_restore, anchor_book, seal_pending
from healthcare.audit.verifying import own_keys, verify
from healthcare.db.context import acting_as_system
from healthcare.db.keys import install_context_key
from healthcare.ops.backups.encryption import BackupDamaged, Keys
from healthcare.ops.backups.making import note
from healthcare.ops.backups.manifest import DATABASE, FILES, READ, Manifest, open_file
from healthcare.ops.backups.servers import (
    KEY_TABLE,
    TABLES,
    BackupFailed,
    Place,
    clinic,
    connect,
    count,
    drop_database,
    make_database,
    program,
    served_by,
)
from healthcare.storage.backends import object_storage
from healthcare.storage.encryption import DamagedObject
from healthcare.storage.models import StoredObject
from healthcare.storage.objects import check_sealed

KINDS = ("objects", "anchors")


def restore(folder: Path, manifest: Manifest, keys: Keys, place: Place) -> tuple[int | None, Path]:
    """Fill an empty database, the storage and the anchors; migrate; seal on.

    Returns the seal that the audit was set back to, None when no seal was lost, and the folder of its anchors: a copy
    beside the clinic's own database has a folder beside its own, or the clinic's anchors would say that it was set
    back. Raises BackupFailed, BackupDamaged, psycopg.Error, OSError. A database that this made and could not fill is
    removed.
    """
    own = settings.AUDIT_ANCHOR_DIR
    known = clinic("backup")
    if any(str(place.get(part)) != str(known.get(part)) for part in ("host", "port", "dbname")):
        settings.AUDIT_ANCHOR_DIR = own.with_name(f"{own.name}-{place['dbname']}")
    try:
        return _restore(folder, manifest, keys, place), settings.AUDIT_ANCHOR_DIR
    finally:
        settings.AUDIT_ANCHOR_DIR = own


def _restore(folder: Path, manifest: Manifest, keys: Keys, place: Place) -> int | None:
    _unpack(folder, manifest, keys, anchors=_check_anchor)
    new = make_database(place, keep_roles=False)
    try:
        _load(folder, manifest, keys, place)
        if differences := list(compare(manifest, place)):
            raise BackupFailed(f"What was restored is not what was saved: {differences[0]}")
        keep_anchor = partial(_keep_anchor, anchor_book().folder)
        _unpack(folder, manifest, keys, objects=partial(_keep_object, manifest), anchors=keep_anchor)
    except BaseException:
        if new:
            drop_database(place)
        raise
    with served_by(place, "owner"):
        call_command("migrate", interactive=False, verbosity=0)
    with connect(place, autocommit=True) as server:
        server.execute("ANALYZE")
    with served_by(place, "worker"):
        make_partitions(datetime.now(UTC))
        lost = accept_restore()
        seal_pending()
    note(place, "ops.restore", backup=manifest.id, rows=manifest.rows)
    return lost


def verify_elsewhere(
    folder: Path, manifest: Manifest, keys: Keys, place: Place, work: Path, trusted: set[str]
) -> list[str]:
    """Restore into a database of its own, compare, verify the audit, open every stored object, and drop it again.

    Every sentence returned is something that is not as it was saved. `work` is an empty folder for the anchors' copy.
    """
    if not make_database(place, keep_roles=True):
        raise BackupFailed(f"The database {place['dbname']} exists; a drill makes its own, and removes it.")
    try:
        _load(folder, manifest, keys, place)
        found = list(compare(manifest, place))
        with served_by(place, "owner"):
            install_context_key(connection)
        with served_by(place, "worker"):
            found += _check_objects(folder, manifest, keys, work)
            report = verify(AnchorBook(work), own_keys() | trusted, datetime.now(UTC))
        return found + [f"audit, {kind}: {said[0]}" for kind, said in report.problems.items()]
    finally:
        drop_database(place)


def compare(manifest: Manifest, place: Place) -> Iterator[str]:
    """Tables that are missing, too many, or whose rows differ in number or content."""
    with connect(place) as server:
        found = {row[0] for row in server.execute(TABLES).fetchall()} - {KEY_TABLE}
        for table in sorted(found ^ manifest.tables.keys()):
            yield f"the table {table} is {'not there' if table in manifest.tables else 'not in the backup'}."
        for table in tqdm(sorted(found & manifest.tables.keys()), desc="comparing", disable=None):
            rows, digest = count(server, table)
            if rows != manifest.tables[table][0]:
                yield f"{table} has {rows} rows, and had {manifest.tables[table][0]}."
            elif digest != manifest.tables[table][1]:
                yield f"{table} has other content than it had."


def _load(folder: Path, manifest: Manifest, keys: Keys, place: Place) -> None:
    """All or nothing: pg_restore works in one transaction, and is killed when a chunk does not decrypt."""
    options = ("--format=custom", "--single-transaction", "--exit-on-error", "--no-publications", "--no-subscriptions")
    with (
        open_file(folder, manifest, DATABASE, keys) as file,
        program("pg_restore", place, *options, stdin=PIPE) as child,
        tqdm(desc="database", total=manifest.files[DATABASE][0], unit="B", unit_scale=True, disable=None) as bar,
    ):
        while (data := file.read(READ)) and child.stdin:
            bar.update(child.stdin.write(data))


Keeper = Callable[[str, IO[bytes]], None]


def _unpack(folder: Path, manifest: Manifest, keys: Keys, **keepers: Keeper) -> None:
    """Hand every member of the archive to the keeper of its kind, to its end, which is checked as well."""
    with (
        open_file(folder, manifest, FILES, keys) as file,
        tarfile.open(mode="r|", fileobj=file) as archive,
        tqdm(desc="objects", total=len(manifest.objects), disable=None) as bar,
    ):
        for member in archive:
            kind, _, name = member.name.partition("/")
            content = archive.extractfile(member)
            if content is None or kind not in KINDS:
                raise BackupDamaged(f"{FILES} holds something that no backup holds.")
            if kind in keepers:
                keepers[kind](name, content)
            bar.update(kind == "objects")
        while file.read(READ):
            pass


def _keep_object(manifest: Manifest, place: str, content: IO[bytes]) -> None:
    storage = object_storage()
    if storage.exists(place):
        with storage.open(place) as file:
            if hashlib.sha256(file.read()).hexdigest() != manifest.objects[place]:
                raise BackupFailed(f"The storage holds another object at {place}, and nothing is ever written over.")
    elif storage.save(place, ContentFile(content.read())) != place:
        raise BackupFailed(f"The storage did not keep {place} under its name.")


def _check_anchor(name: str, content: IO[bytes]) -> None:
    """Anchors that outlived the database know more than the backup; others than its own are refused."""
    path = anchor_book().folder / name
    if not anchor_book().files():
        return
    with path.open("rb") if path.exists() else io.BytesIO() as here:
        while piece := content.read(READ):
            if here.read(len(piece)) != piece:
                raise BackupFailed("AUDIT_ANCHOR_DIR holds other anchors than the backup: move them away first.")


def _keep_anchor(folder: Path, name: str, content: IO[bytes]) -> None:
    path = folder / Path(name).name
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with path.open("wb") as file:
            shutil.copyfileobj(content, file)


def _check_objects(folder: Path, manifest: Manifest, keys: Keys, work: Path) -> list[str]:
    """Every object of a row is in the backup, and opens with the field keys; the anchors go to `work`."""
    with acting_as_system("verify_backup"):
        rows = {row.place: row for row in StoredObject.objects.only("id", "place", "sha256")}
    found = [f"the object {place} is not in the backup." for place in sorted(rows.keys() - manifest.objects.keys())]

    def check(place: str, content: IO[bytes]) -> None:
        try:
            check_sealed(rows[place], content.read())
        except (DamagedObject, KeyError) as problem:
            found.append(f"the object {place} does not open with FIELD_KEYS_FILE: {problem}")

    _unpack(folder, manifest, keys, objects=check, anchors=partial(_keep_anchor, work))
    return found


def drill_place(place: Place, manifest: Manifest) -> Place:
    """A database of its own on that server, named after the backup."""
    return {**place, "dbname": f"verify_{manifest.id.replace('-', '')}"}


def facts(manifest: Manifest) -> dict[str, Any]:
    return {
        "backup": manifest.id,
        "made_at": manifest.made_at,
        "tables": len(manifest.tables),
        "rows": manifest.rows,
        "objects": len(manifest.objects),
        "missing": len(manifest.missing),
        "bytes": sum(size for size, _ in manifest.files.values()),
    }
