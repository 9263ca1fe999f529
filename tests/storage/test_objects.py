"""What is put comes back bit for bit, to whoever knows its key; at rest it is noise."""

import io
import os
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from healthcare.db.context import acting_as, acting_as_system
from healthcare.storage import objects
from healthcare.storage.content import LARGEST, RefusedContent
from healthcare.storage.encryption import DamagedObject, decrypt
from healthcare.storage.models import StoredObject
from healthcare.storage.objects import (
    InfectedObject,
    ObjectNotFound,
    discard,
    find_object,
    open_object,
    put,
    reencrypt,
    rescan,
    sweep,
)
from tests.roles import as_the_system, taking_role
from tests.storage.conftest import PDF, files

pytestmark = pytest.mark.django_db
EICAR = "tests.storage.test_objects.finds_it"


def finds_it(content: bytes) -> str:
    return "infected" if b"X5O!P%@AP" in content else "clean"


def is_away(content: bytes) -> str:
    raise ConnectionRefusedError


def put_pdf(content: bytes = PDF) -> StoredObject:
    return put(content, content_type="application/pdf", name="Ana López, X-ray.pdf")


def test_what_is_put_comes_back(as_alice, folder):
    stored = put_pdf()
    opened = open_object(stored.pk)
    assert opened.content == PDF
    assert (opened.stored.name, opened.stored.size, opened.stored.scan) == (
        "Ana López, X-ray.pdf",
        len(PDF),
        "unscanned",
    )
    assert opened.stored == stored
    assert len(stored.sha256) == 64
    assert str(stored) == f"stored object {str(stored.pk)[-8:]}"


def test_a_file_can_be_put_and_is_read_no_further_than_the_limit(as_alice):
    assert open_object(put(io.BytesIO(PDF), content_type="application/pdf", name="a.pdf").pk).content == PDF

    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            assert size == LARGEST + 1
            return b"%PDF-" + bytes(size - 5)

    with pytest.raises(RefusedContent, match="too_large"):
        put(Endless(), content_type="application/pdf", name="a.pdf")


def test_at_rest_neither_content_nor_name_can_be_read(as_alice, folder):
    stored = put_pdf()
    (path,) = files(folder)
    raw = path.read_bytes()
    assert b"synthetic" not in raw
    assert b"PDF" not in raw
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert str(stored.pk) not in str(path)
    with taking_role("owner"), connection.cursor() as cursor:
        cursor.execute("SELECT name FROM storage_storedobject")
        assert cursor.fetchone()[0].startswith("v1.")


def test_the_same_content_twice_is_different_noise(as_alice, folder):
    put_pdf(), put_pdf()
    first, second = files(folder)
    assert first.read_bytes()[20:] != second.read_bytes()[20:]


@pytest.mark.parametrize("place", [0, 4, 6, 12, 40, -1])
def test_a_single_bit_changed_is_noticed(as_alice, folder, place):
    stored = put_pdf()
    (path,) = files(folder)
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(DamagedObject):
        open_object(stored.pk)


@pytest.mark.parametrize("length", [0, 3, 5, 10, 60])
def test_a_file_cut_short_is_noticed(as_alice, folder, length):
    stored = put_pdf()
    (path,) = files(folder)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(DamagedObject):
        open_object(stored.pk)


def test_another_objects_ciphertext_does_not_decrypt(as_alice, folder):
    first = put_pdf()
    (of_first,) = files(folder)
    second = put_pdf(PDF + b"other")
    (of_second,) = set(files(folder)) - {of_first}
    os.replace(of_second, of_first)
    with pytest.raises(DamagedObject, match="not the object of this row"):
        open_object(first.pk)
    with pytest.raises(DamagedObject, match="missing"):
        open_object(second.pk)


def test_a_digest_that_does_not_fit_is_noticed(as_alice, monkeypatch):
    stored = put_pdf()
    monkeypatch.setattr(objects, "decrypt", lambda *_: b"something else")
    with pytest.raises(DamagedObject, match="digest"):
        open_object(stored.pk)


def test_a_lost_key_is_said(as_alice, settings):
    stored = put_pdf()
    settings.FIELD_KEYS = {"current": "k9", "keys": {"k9": bytes(32)}}
    with pytest.raises(DamagedObject, match="key file"):
        open_object(stored.pk)
    with pytest.raises(DamagedObject, match="not an encrypted object"):
        decrypt(b"HCO", "x")


# == Who ==


def test_pages_know_keys_and_cannot_list(as_alice):
    put_pdf()
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        list(StoredObject.objects.order_by("id"))
    for statement in ("UPDATE storage_storedobject SET scan = 'clean'", "DELETE FROM storage_storedobject"):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_nobody_puts_or_opens(alice, folder):
    with acting_as(alice):
        stored = put_pdf()
    with pytest.raises(ObjectNotFound):
        open_object(stored.pk)
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        put_pdf()
    assert len(files(folder)) == 1  # the refused one left nothing behind


def test_an_unknown_key_is_not_found(as_alice):
    with pytest.raises(ObjectNotFound):
        find_object(uuid.uuid4())


def test_a_worker_outside_of_the_system_sees_none(as_alice):
    put_pdf()
    with taking_role("worker"):
        assert StoredObject.objects.count() == 0


# == Scans ==


def test_infected_content_is_refused_and_not_kept(as_alice, settings, folder):
    settings.STORAGE_SCANNER = EICAR
    with pytest.raises(RefusedContent, match="infected"):
        put_pdf(PDF + b"X5O!P%@AP")
    assert not files(folder)
    assert put_pdf().scan == "clean"


@pytest.mark.parametrize("scanner", ["tests.storage.test_objects.is_away", "builtins.len"])
def test_a_scanner_that_fails_leaves_it_unscanned_and_says_so(as_alice, settings, caplog, scanner):
    settings.STORAGE_SCANNER = scanner
    assert put_pdf().scan == "unscanned"
    assert "the scanner failed" in caplog.text


def test_a_scanner_that_does_not_exist_stops_every_upload(as_alice, settings, folder):
    settings.STORAGE_SCANNER = "no.such.scanner"
    with pytest.raises(ImportError):
        put_pdf()
    assert not files(folder)


def test_what_a_later_scan_finds_stays_closed(alice, settings):
    with acting_as(alice):
        stored = put_pdf(PDF + b"X5O!P%@AP")
        clean = put_pdf()
    with taking_role("worker"):
        assert rescan(clean.pk) == "unscanned"
        settings.STORAGE_SCANNER = EICAR
        assert rescan(stored.pk) == "infected"
        assert rescan(clean.pk) == "clean"
    with acting_as(alice):
        with pytest.raises(InfectedObject):
            open_object(stored.pk)
        assert open_object(clean.pk).stored.scanned_at is not None


# == Upkeep ==


def test_an_object_moves_to_the_current_key(alice, settings, folder, django_capture_on_commit_callbacks):
    with acting_as(alice):
        stored = put_pdf()
    (old,) = files(folder)
    settings.FIELD_KEYS = {"current": "k2", "keys": settings.FIELD_KEYS["keys"] | {"k2": bytes(32)}}
    with django_capture_on_commit_callbacks(execute=True), taking_role("worker"):
        reencrypt(stored.pk)
    assert not old.exists()
    settings.FIELD_KEYS = {"current": "k2", "keys": {"k2": bytes(32)}}
    with acting_as(alice):
        opened = open_object(stored.pk)
    assert (opened.content, opened.stored.key_id, opened.stored.name) == (PDF, "k2", "Ana López, X-ray.pdf")


def test_what_is_discarded_is_gone_once_committed(alice, folder, django_capture_on_commit_callbacks):
    with acting_as(alice):
        stored = put_pdf()
    with django_capture_on_commit_callbacks(execute=True), taking_role("worker"):
        discard(stored.pk)
        assert files(folder)
    assert not files(folder)
    with taking_role("worker"):
        discard(stored.pk)
    with acting_as(alice), pytest.raises(ObjectNotFound):
        open_object(stored.pk)


def test_files_of_failed_transactions_are_swept_after_a_day(alice, folder, capsys):
    with acting_as(alice):
        kept = put_pdf()
        point = transaction.savepoint()
        put_pdf()
        transaction.savepoint_rollback(point)
    assert len(files(folder)) == 2
    now = datetime.now(UTC)
    with taking_role("worker"):
        call_command("sweep_objects")
        assert "Removed 0 files." in capsys.readouterr().out
        assert sweep(now + timedelta(days=2)) == 1
    assert len(files(folder)) == 1
    with acting_as(alice):
        assert open_object(kept.pk).content == PDF


def test_a_scan_state_without_its_time_is_no_row():
    with as_the_system(), pytest.raises(DatabaseError, match="object_scan_says_when"), transaction.atomic():
        StoredObject(place="x", name="x", content_type="x", size=1, sha256="x", key_id="x", scan="clean").save()


def test_the_system_opens_too(alice):
    with acting_as(alice):
        stored = put_pdf()
    with taking_role("worker"), acting_as_system("export"):
        assert open_object(stored.pk).content == PDF
