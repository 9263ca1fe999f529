"""A backup is of one moment, whole or not at all, and readable by nobody without the key."""

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.test import override_settings

from healthcare.audit import AuditUnavailable, record_now
from healthcare.audit.models import AuditEvent
from healthcare.audit.sealing import anchor_book, seal_pending
from healthcare.db.context import acting_as_system
from healthcare.ops.backups import making, servers
from healthcare.ops.backups.encryption import read_keys
from healthcare.ops.backups.manifest import Manifest, open_file, read_manifest
from healthcare.storage.backends import object_storage
from healthcare.storage.models import StoredObject
from healthcare.storage.objects import reencrypt
from tests.ops.backups.conftest import run, told

pytestmark = pytest.mark.usefixtures("clinic_here")


@pytest.fixture
def manifest(saved: Path, world: SimpleNamespace) -> Manifest:
    return read_manifest(saved, read_keys(world.settings["BACKUP_KEY_FILE"]))


@pytest.fixture
def superuser(world: SimpleNamespace) -> Any:
    with psycopg.connect(**world.place, autocommit=True) as connection:
        yield connection


def test_it_holds_every_table_with_its_rows(manifest, superuser):
    assert manifest.tables["public.patients_patient"][0] == 20
    assert manifest.tables["public.storage_storedobject"][0] == 3
    assert manifest.tables["private.audit_epoch"][0] == 1
    there = superuser.execute(
        "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
        " AND relnamespace::regnamespace::text IN ('public', 'private')"
    )
    assert len(manifest.tables) == there.fetchone()[0] - 1


def test_the_key_of_the_context_stays_behind(manifest, saved, world):
    """It is made from SECRET_KEY_FILE: a copy would let whoever holds the backup sign for anybody."""
    assert "private.context_key" not in manifest.tables
    with superuser_of(world) as connection:
        key = connection.execute("SELECT encode(inner_pad, 'hex') FROM private.context_key").fetchone()[0]
    assert key not in dumped(saved, manifest, world)


def superuser_of(world: SimpleNamespace) -> psycopg.Connection:
    return psycopg.connect(**world.place, autocommit=True)


def dumped(folder: Path, manifest: Manifest, world: SimpleNamespace) -> str:
    """What pg_restore makes of it, as SQL."""
    keys = read_keys(world.settings["BACKUP_KEY_FILE"])
    with open_file(folder, manifest, "database", keys) as file:
        command = [f"{world.settings['POSTGRES_BIN']}/pg_restore", "--format=custom", "--file=-"]
        return subprocess.run(command, input=file.read(), capture_output=True, check=True).stdout.decode()


def test_it_is_a_dump_that_postgresql_reads(manifest, saved, world):
    sql = dumped(saved, manifest, world)
    assert "COPY public.patients_patient" in sql
    assert "Person Number" in sql


def test_without_the_key_nothing_can_be_read(saved):
    for path in saved.iterdir():
        content = path.read_bytes()
        assert not [word for word in (b"Person", b"patients_", b"PGDMP", b"ustar", b"HCO1") if word in content]


def test_it_is_for_its_owner_alone(saved):
    assert saved.stat().st_mode & 0o777 == 0o700


def test_it_says_what_it_made(tmp_path):
    out, code = run("backup", str(tmp_path / "one"))
    assert code == 0
    assert "20 rows" not in out
    assert f"{tmp_path / 'one'}: " in out
    assert "3 objects" in out


def test_everything_is_of_one_moment(world, tmp_path, monkeypatch, superuser):
    """What commits while the dump runs is in no part of it: not in the counts, not in the copy."""
    dump = making._dump

    def meanwhile(*arguments: Any) -> None:
        superuser.execute("CREATE TABLE IF NOT EXISTS late (id int); INSERT INTO late VALUES (1)")
        superuser.execute("UPDATE accounts_user SET full_name = full_name || '!'")
        dump(*arguments)

    monkeypatch.setattr(making, "_dump", meanwhile)
    try:
        assert run("backup", str(tmp_path / "one"))[1] == 0
        manifest = read_manifest(tmp_path / "one", read_keys(world.settings["BACKUP_KEY_FILE"]))
        assert "public.late" not in manifest.tables
        assert "Number!" not in (sql := dumped(tmp_path / "one", manifest, world))
        assert "Person Number" in sql
        assert run("verify_backup", str(tmp_path / "one"))[1] == 0
    finally:
        superuser.execute("DROP TABLE late; UPDATE accounts_user SET full_name = replace(full_name, '!', '')")


def test_anchors_are_those_of_the_moment(world, tmp_path, monkeypatch):
    """A seal made after the snapshot would look like a tail that somebody cut."""
    dump = making._dump

    def meanwhile(*arguments: Any) -> None:
        with acting_as_system("test"):
            record_now("patients.search", by=None)
        dump(*arguments)
        seal_pending()

    monkeypatch.setattr(making, "_dump", meanwhile)
    before = anchor_book().last()
    assert run("backup", str(tmp_path / "one"))[1] == 0
    assert anchor_book().last().number > before.number  # type: ignore[union-attr]
    assert read_manifest(tmp_path / "one", read_keys(world.settings["BACKUP_KEY_FILE"])).seal == before.number
    out, code = run("verify_backup", str(tmp_path / "one"))
    assert code == 0, out


def test_an_anchor_that_comes_a_moment_later_is_waited_for(monkeypatch):
    said = iter([None, None, ("", 0)])
    monkeypatch.setattr(making, "_end_of_seal", lambda seal: next(said))
    archive: list[str] = []
    monkeypatch.setattr(making, "add", lambda archive, name, *_: archive.append(name))
    making._add_anchors(archive, 1)  # type: ignore[arg-type]
    assert archive == []


def test_broken_lines_are_no_end_of_a_seal(tmp_path):
    with override_settings(AUDIT_ANCHOR_DIR=tmp_path):
        (tmp_path / "anchors-2026-01.jsonl").write_text("torn\n")
        assert making._end_of_seal(1) is None
        assert making._end_of_seal(0) == ("", 0)


def test_two_events_tell_of_it(tmp_path):
    said = told("backup", str(tmp_path / "one"))
    with acting_as_system("test"):
        events = list(AuditEvent.objects.filter(detail__backup=said["backup"]).order_by("id"))
    assert [event.action for event in events] == ["ops.begin_backup", "ops.backup"]
    assert {event.purpose for event in events} == {"backup"}


def test_without_the_audit_nothing_leaves(tmp_path, monkeypatch):
    def refuse(*_: Any, **__: Any) -> None:
        raise AuditUnavailable("The audit event could not be written.")

    monkeypatch.setattr(making, "record_now", refuse)
    assert run("backup", str(tmp_path / "one")) == ("The audit event could not be written.", 2)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(saved, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in saved.iterdir()}
    out, code = run("backup", str(saved))
    assert code == 2
    assert "nothing is ever written over" in out
    assert {path: path.stat().st_mtime_ns for path in saved.iterdir()} == before
    (tmp_path / "file").write_text("mine")
    assert run("backup", str(tmp_path / "file"))[1] == 2
    assert (tmp_path / "file").read_text() == "mine"


def test_what_a_killed_run_left_is_not_taken_for_a_backup(tmp_path):
    (tmp_path / "one.partial").mkdir()
    out, code = run("backup", str(tmp_path / "one"))
    assert code == 2
    assert "what is left of a broken run, remove" in out
    assert run("verify_backup", str(tmp_path / "one.partial")) == ("manifest is missing.", 1)


@pytest.mark.parametrize("broken", ["_dump", "_add_anchors", "sync"])
def test_a_failure_leaves_nothing(tmp_path, monkeypatch, broken):
    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making, broken, fail)
    out, code = run("backup", str(tmp_path / "one"))
    assert code == 2
    assert "No space left" in out
    assert list(tmp_path.iterdir()) == []


def test_pg_dump_that_fails_says_why_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(making, "DUMP", ("--format=custom", "--table=nowhere"))
    out, code = run("backup", str(tmp_path / "one"))
    assert (out, code) == ("pg_dump ended with 1: no matching tables were found", 2)
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_cannot_be_found_is_named(tmp_path, monkeypatch):
    with override_settings(POSTGRES_BIN=str(tmp_path)):
        out, code = run("backup", str(tmp_path / "one"))
    assert code == 2
    assert out.startswith("pg_dump was not found")


def test_rows_that_a_complaint_quotes_are_not_told():
    said = 'pg_restore: error: COPY failed for table "x": ERROR:  duplicate key\nDETAIL:  Key (email)=(a@b.c)'
    assert servers._first_complaint(said) == 'COPY failed for table "x": ERROR:  duplicate key'
    assert servers._first_complaint("CONTEXT: a@b.c") == "it does not say why."


@pytest.mark.parametrize("name", ["a;id", "$(id)", "-x", "a b'c\"", "ü"])
def test_a_name_is_a_name(tmp_path, name):
    """No shell reads it (CVE-2026-32238)."""
    said = told("backup", str(tmp_path / name))
    assert said["folder"] == str(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_no_secret_is_an_argument_or_more_than_needed_in_an_environment(tmp_path, monkeypatch, world):
    started: list[tuple[list[str], dict[str, str]]] = []
    popen = subprocess.Popen

    def spy(command: list[str], **more: Any) -> Any:
        started.append((command, more["env"]))
        return popen(command, **more)

    monkeypatch.setattr(servers.subprocess, "Popen", spy)
    assert run("backup", str(tmp_path / "one"))[1] == 0
    ((command, environment),) = started
    secrets = [*servers.passwords().values(), Path(world.settings["BACKUP_KEY_FILE"]).read_text().strip()]
    assert not [secret for secret in secrets if any(secret in argument for argument in command)]
    assert environment["PGPASSWORD"] == servers.passwords()["backup"]
    assert set(environment) <= {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PGPASSFILE", "PGPASSWORD"}
    assert "user=backup" in command[1]


def test_an_object_without_a_file_is_told_by_the_exit_code(tmp_path, world):
    with acting_as_system("test"):
        place = StoredObject.objects.values_list("place", flat=True).first()
    path = Path(object_storage().path(place))  # type: ignore[arg-type]
    hidden = path.rename(path.with_name("hidden"))
    try:
        out, code = run("backup", str(tmp_path / "one"))
        assert code == 3
        assert str(place) in out
        out, code = run("verify_backup", str(tmp_path / "one"))
        assert (code, out) == (1, f"the object {place} is not in the backup.")
    finally:
        hidden.rename(path)


def test_an_object_encrypted_anew_meanwhile_is_copied_all_the_same(tmp_path, monkeypatch):
    dump = making._dump
    with acting_as_system("test"):
        key, place = StoredObject.objects.values_list("pk", "place").first()  # type: ignore[misc]

    def meanwhile(*arguments: Any) -> None:
        dump(*arguments)
        reencrypt(key)

    monkeypatch.setattr(making, "_dump", meanwhile)
    assert told("backup", str(tmp_path / "one"))["missing"] == 0
    assert not object_storage().exists(place)
    out, code = run("verify_backup", str(tmp_path / "one"))
    assert code == 0, out


def test_dated_folders_for_a_schedule(tmp_path):
    said = told("backup", str(tmp_path), "--dated")
    assert Path(said["folder"]).parent == tmp_path
    assert Path(said["folder"]).name.endswith("Z")


def test_a_rehearsal_writes_nothing(tmp_path, saved):
    out, code = run("backup", str(tmp_path / "one"), "--dry-run")
    assert code == 0
    assert "and 3 objects of" in out
    assert list(tmp_path.iterdir()) == []
    assert run("backup", str(saved), "--dry-run")[1] == 2
    assert run("backup", str(tmp_path / "no" / "such"), "--dry-run")[1] == 2


def test_passwords_that_cannot_be_read_are_said(tmp_path):
    with override_settings(DATABASE_ROLES_FILE=str(tmp_path / "gone")):
        out, code = run("backup", str(tmp_path / "one"))
    assert (out, code) == ("DATABASE_ROLES_FILE must name a JSON file of passwords by login.", 2)
