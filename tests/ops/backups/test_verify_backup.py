"""A backup that was never tried is a hope: the drill says what is not as it was saved."""

import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.test import override_settings

from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as_system
from healthcare.ops.backups import restoring
from healthcare.ops.backups.encryption import CHUNK, HEADER, TAG, read_keys
from healthcare.ops.backups.manifest import read_manifest
from tests.ops.backups.conftest import changed, new_key, run, told

pytestmark = pytest.mark.usefixtures("clinic_here")
PIECE = CHUNK + TAG


def databases(world: SimpleNamespace) -> set[str]:
    with psycopg.connect(**{**world.place, "dbname": "postgres"}) as connection:
        return {row[0] for row in connection.execute("SELECT datname FROM pg_database WHERE datname ~ '^verify_'")}


def test_a_whole_backup_is_green_and_the_drill_leaves_nothing(world, saved):
    before = databases(world)
    said = told("verify_backup", str(saved))
    assert said["ok"]
    assert (said["objects"], said["missing"]) == (3, 0)
    assert said["rows"] > 100
    assert databases(world) == before


def test_the_sentence_is_for_people(saved):
    out, code = run("verify_backup", str(saved), "--quick")
    assert code == 0
    assert out.startswith("Every file is whole: ")


def test_the_drill_is_kept_in_the_audit(world, saved):
    said = told("verify_backup", str(saved))
    with acting_as_system("test"):
        event = AuditEvent.objects.filter(action="ops.verify_backup").order_by("-id").first()
    assert event is not None
    assert event.detail == {"backup": said["backup"], "seconds": said["seconds"]}


def test_in_a_disaster_there_is_no_audit_to_keep_it(saved, monkeypatch):
    def fail(*_: Any, **__: Any) -> None:
        raise OSError

    monkeypatch.setattr("healthcare.ops.management.commands.verify_backup.note", fail)
    out, code = run("verify_backup", str(saved))
    assert code == 0
    assert "could not be noted" in out


@pytest.mark.parametrize("name", ["manifest", "database", "files"])
def test_a_flipped_byte_is_red_and_named(copy, name):
    """Before any server is touched."""
    with changed(copy / name, at=HEADER + 1000):
        out, code = run("verify_backup", str(copy))
    assert code == 1
    assert f"{name} is damaged: chunk 1" in out


@pytest.mark.parametrize("at", [0, 5, 20])
def test_a_flipped_byte_of_a_header_is_red_and_named(copy, at):
    with changed(copy / "database", at=at):
        out, code = run("verify_backup", str(copy), "--quick")
    assert code == 1
    assert out.startswith("database ")


@pytest.mark.parametrize("name", ["manifest", "database", "files"])
def test_a_missing_file_is_red_and_named(copy, name):
    (copy / name).unlink()
    assert run("verify_backup", str(copy), "--quick") == (f"{name} is missing.", 1)


def test_a_wrong_key_is_red(copy, world, tmp_path):
    new_key(tmp_path / "another")
    with override_settings(BACKUP_KEY_FILE=str(tmp_path / "another")):
        out, code = run("verify_backup", str(copy))
    assert (out, code) == ("manifest was made with another key than those of BACKUP_KEY_FILE.", 1)


@pytest.mark.parametrize("cut", [HEADER + PIECE, HEADER + 2 * PIECE + 5, 10, 0])
def test_a_cut_file_is_red_and_named(copy, cut):
    os.truncate(copy / "database", cut)
    out, code = run("verify_backup", str(copy), "--quick")
    assert code == 1
    assert out.startswith("database is ")


def test_a_swapped_chunk_is_red_and_named(copy):
    data = (copy / "database").read_bytes()
    first, second = data[HEADER : HEADER + PIECE], data[HEADER + PIECE : HEADER + 2 * PIECE]
    (copy / "database").write_bytes(data[:HEADER] + second + first + data[HEADER + 2 * PIECE :])
    out, code = run("verify_backup", str(copy), "--quick")
    assert code == 1
    assert "database is damaged: chunk 1 was altered, cut, or is not in its place" in out


def test_every_bad_file_is_named(copy):
    (copy / "files").unlink()
    with changed(copy / "database", at=HEADER):
        out, _ = run("verify_backup", str(copy), "--quick")
    assert out.splitlines()[0].startswith("database is damaged")
    assert out.splitlines()[1] == "files is missing."


def test_a_file_of_another_backup_does_not_pass(copy, world, tmp_path):
    """Made with the same key, whole in itself, and yet not of this backup."""
    assert run("backup", str(tmp_path / "other"))[1] == 0
    shutil.copy(tmp_path / "other" / "files", copy / "files")
    out, code = run("verify_backup", str(copy), "--quick")
    assert code == 1
    assert "files is damaged" in out


def test_a_file_that_the_manifest_knows_otherwise_does_not_pass(saved, world, monkeypatch):
    keys = read_keys(world.settings["BACKUP_KEY_FILE"])
    manifest = read_manifest(saved, keys)
    manifest.files["database"][1] = "0" * 64
    monkeypatch.setattr("healthcare.ops.backups.operating.read_manifest", lambda *_: manifest)
    out, code = run("verify_backup", str(saved), "--quick")
    assert (out, code) == ("database does not have the size and the SHA-256 that the manifest says.", 1)


def test_a_format_of_another_version_is_said(saved, world, monkeypatch):
    monkeypatch.setattr("healthcare.ops.backups.manifest.FORMAT", 2)
    out, code = run("verify_backup", str(saved), "--quick")
    assert (out, code) == ("manifest is of format 1; this version reads 2.", 1)


SPOIL = """
SET session_replication_role = replica;
DELETE FROM patients_patient WHERE id = (SELECT min(id::text)::uuid FROM patients_patient);
UPDATE accounts_user SET full_name = 'Somebody Else';
CREATE TABLE stray (id int);
DROP TABLE messaging_message CASCADE;
UPDATE audit_auditevent SET action = 'nothing.happened' WHERE action = 'patients.open_chart';
"""


def test_what_is_not_as_it_was_is_named(world, saved, monkeypatch):
    """As if it had been lost on the way, or somebody had been at it."""
    load = restoring._load

    def lose(folder: Path, manifest: Any, keys: Any, place: Any) -> None:
        load(folder, manifest, keys, place)
        with psycopg.connect(**place, autocommit=True) as server:
            server.execute(SPOIL)

    monkeypatch.setattr(restoring, "_load", lose)
    before = databases(world)
    out, code = run("verify_backup", str(saved))
    assert code == 1
    for sentence in (
        "public.patients_patient has 19 rows, and had 20.",
        "public.accounts_user has other content than it had.",
        "the table public.stray is not in the backup.",
        "the table public.messaging_message is not there.",
        "public.audit_auditevent has other content than it had.",
        "audit, row_changed: Event",
    ):
        assert sentence in out
    assert databases(world) == before


def test_lost_field_keys_are_noticed_before_they_are_needed(saved):
    """The keys are not in the backup: whoever lost them has backups that nobody can use."""
    with override_settings(FIELD_KEYS={"current": "k1", "keys": {"k1": b"0" * 32}}):
        out, code = run("verify_backup", str(saved))
    assert code == 1
    assert out.count("does not open with FIELD_KEYS_FILE") == 3


def test_a_lost_secret_key_is_noticed_and_a_former_one_is_named(saved):
    from django.conf import settings

    from healthcare.audit.anchors import public_hex, signing_key

    key = public_hex(signing_key(settings.SECRET_KEY).public_key())
    with override_settings(SECRET_KEY="n" * 50):
        out, code = run("verify_backup", str(saved))
        assert code == 1
        assert "audit, anchor_altered" in out
        assert run("verify_backup", str(saved), "--public-key", key)[1] == 0


def test_without_a_server_it_says_which_it_needs(saved):
    with override_settings(BOOTSTRAP_DATABASE_URL=""):
        out, code = run("verify_backup", str(saved))
    assert code == 2
    assert "--to" in out


def test_a_server_that_is_not_there_is_said_without_an_address(saved):
    out, code = run("verify_backup", str(saved), "--to", "postgresql://somebody:secret@127.0.0.1:1/x")
    assert (out, code) == ("The database refused: it cannot be reached.", 2)


def test_what_is_no_address_is_refused(saved):
    out, code = run("verify_backup", str(saved), "--to", "nonsense")
    assert code == 2
    assert "no address" in out


def test_without_a_key_it_says_how_to_make_one(saved):
    with override_settings(BACKUP_KEY_FILE=""):
        out, code = run("verify_backup", str(saved))
    assert code == 2
    assert "openssl rand" in out


def test_it_works_on_a_server_that_never_saw_the_clinic(saved, empty_server, ask):
    assert told("verify_backup", str(saved), "--to", empty_server)["ok"]
    assert ask(empty_server, "SELECT count(*) FROM pg_database WHERE datname ~ '^verify_'") == [(0,)]


def test_the_report_names_all_that_a_log_needs(saved):
    out, _ = run("verify_backup", str(saved), "--quick", "--json")
    said = json.loads(out)
    assert set(said) == {"ok", "backup", "made_at", "tables", "rows", "objects", "missing", "bytes", "seconds"}
