"""Put, open, discard. The caller has decided who may; the caller's own audit event says who did."""

import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import IO
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import transaction
from django.utils.module_loading import import_string

from healthcare.db.context import acting_as_system
from healthcare.db.uuids import uuid7
from healthcare.storage.backends import object_storage
from healthcare.storage.content import LARGEST, RefusedContent, check_content
from healthcare.storage.encryption import DamagedObject, decrypt, encrypt
from healthcare.storage.models import StoredObject

log = logging.getLogger("healthcare.storage")
Scanner = Callable[[bytes], str]
#: A put whose transaction failed leaves a file without a row; one that still runs must not lose its file.
ORPHAN_AGE = timedelta(days=1)


class ObjectNotFound(Exception):
    """There is no such object, or nobody acts."""


class InfectedObject(Exception):
    """A later scan found something in it; it stays closed."""


@dataclass(frozen=True)
class OpenedObject:
    stored: StoredObject
    content: bytes


def put(content: bytes | IO[bytes], *, content_type: str, name: str, scan: bool = True) -> StoredObject:
    """Check, scan, encrypt and keep the content; the row joins the running transaction.

    `content_type` must be what the content is. Without `scan` its owner has it scanned later (`rescan`), and keeps it
    closed until then. Raises RefusedContent, and whatever the storage raises.
    """
    data = content if isinstance(content, bytes) else content.read(LARGEST + 1)
    check_content(data, content_type)
    found = scan_content(data) if scan else StoredObject.Scan.UNSCANNED
    if found == StoredObject.Scan.INFECTED:
        raise RefusedContent("infected")
    stored = StoredObject(
        id=uuid7(),
        name=name[:255],
        content_type=content_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        scan=found,
        scanned_at=None if found == StoredObject.Scan.UNSCANNED else datetime.now(UTC),
    )
    _keep(stored, data)
    try:
        with transaction.atomic():
            stored.save(force_insert=True)
    except Exception:
        object_storage().delete(stored.place)
        raise
    return stored


def find_object(key: UUID) -> StoredObject:
    """The row of one key, for whoever acts. Raises ObjectNotFound."""
    rows = list(StoredObject.objects.raw("SELECT * FROM app.stored_object(%s)", [key]))
    if not rows:
        raise ObjectNotFound("There is no such object.")
    return rows[0]


def open_object(key: UUID) -> OpenedObject:
    """The content, decrypted and checked against its digest.

    Raises ObjectNotFound, InfectedObject, and DamagedObject when a single bit is not what was put.
    """
    stored = find_object(key)
    if stored.scan == StoredObject.Scan.INFECTED:
        raise InfectedObject("The object is infected.")
    return OpenedObject(stored, _read(stored))


def is_scanned() -> bool:
    """Whether a scanner is set up here."""
    return bool(settings.STORAGE_SCANNER)


def scan_content(content: bytes) -> str:
    """Ask the scanner of the settings: "clean" or "infected"; "unscanned" without one, or when it fails."""
    if not is_scanned():
        return StoredObject.Scan.UNSCANNED
    scanner: Scanner = import_string(settings.STORAGE_SCANNER)
    try:
        return StoredObject.Scan(scanner(content))
    except Exception:
        log.exception("the scanner failed")
        return StoredObject.Scan.UNSCANNED


# == For workers, as the system ==


def rescan(key: UUID) -> str:
    """Scan a kept object again, with newer signatures or a scanner that was away. Returns the new state."""
    with acting_as_system("rescan_object"):
        stored = StoredObject.objects.select_for_update().get(pk=key)
        state = scan_content(_read(stored))
        if state != StoredObject.Scan.UNSCANNED:
            stored.scan, stored.scanned_at = state, datetime.now(UTC)
            stored.save(update_fields=["scan", "scanned_at", "updated_at"])
    return state


def reencrypt(key: UUID) -> None:
    """Write the object anew under the current key; the old ciphertext goes when the row has changed."""
    with acting_as_system("rotate_keys"):
        stored = StoredObject.objects.select_for_update().get(pk=key)
        old = stored.place
        stored.name = str(stored.name)  # decrypted here, encrypted anew by the save
        _keep(stored, _read(stored))
        stored.save(update_fields=["place", "key_id", "name", "updated_at"])
        transaction.on_commit(lambda: object_storage().delete(old))


def discard(key: UUID) -> None:
    """Remove row and ciphertext, once their owner's row is gone. Idempotent."""
    with acting_as_system("discard_object"):
        stored = StoredObject.objects.select_for_update().filter(pk=key).first()
        if stored is not None:
            place = stored.place
            stored.delete()
            transaction.on_commit(lambda: object_storage().delete(place))


def sweep(now: datetime) -> int:
    """Remove ciphertext older than a day that no row names, left by transactions that failed. Returns how many."""
    storage, removed = object_storage(), 0
    for folder in _folders(storage):
        places = [f"{folder}/{name}" for name in storage.listdir(folder)[1]]
        with acting_as_system("sweep_objects"):
            known = set(StoredObject.objects.filter(place__in=places).values_list("place", flat=True))
        for place in places:
            if place not in known and now - storage.get_modified_time(place) > ORPHAN_AGE:
                storage.delete(place)
                removed += 1
    return removed


def _folders(storage: Storage) -> list[str]:
    try:
        return storage.listdir("")[0]
    except FileNotFoundError:  # nothing was ever stored
        return []


def _keep(stored: StoredObject, content: bytes) -> None:
    """Encrypt to a place of its own. The folders spread by random digits, and say nothing of time or owner."""
    stored.key_id, sealed = encrypt(content, _binding(stored))
    place = secrets.token_hex(16)
    stored.place = object_storage().save(f"{place[-2:]}/{place}", ContentFile(sealed))


def _read(stored: StoredObject) -> bytes:
    try:
        with object_storage().open(stored.place) as file:
            return check_sealed(stored, file.read())
    except FileNotFoundError as problem:
        raise DamagedObject("Its file is missing.") from problem


def check_sealed(stored: StoredObject, sealed: bytes) -> bytes:
    """The content of this ciphertext, if it is the row's. Raises DamagedObject."""
    content = decrypt(sealed, _binding(stored))
    if hashlib.sha256(content).hexdigest() != stored.sha256:
        raise DamagedObject("It does not have the digest of its row.")
    return content


def _binding(stored: StoredObject) -> str:
    return f"storage_storedobject.{stored.pk}.{stored.sha256}"
