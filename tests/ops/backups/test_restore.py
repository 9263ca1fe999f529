"""A backup comes back into an empty server, and the clinic goes on from there."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.test import override_settings
from psycopg.conninfo import conninfo_to_dict

from healthcare.audit import record_now
from healthcare.audit.anchors import AnchorBook
from healthcare.audit.models import AuditEvent
from healthcare.audit.sealing import AnchorsAhead, anchor_book, seal_pending
from healthcare.audit.verifying import own_keys, verify
from healthcare.db.context import acting_as_system
from healthcare.ops.backups import restoring
from healthcare.ops.backups.encryption import HEADER, read_keys
from healthcare.ops.backups.manifest import read_manifest
from healthcare.ops.backups.servers import passwords, served_by
from healthcare.storage.backends import object_storage
from healthcare.storage.models import StoredObject
from healthcare.storage.objects import open_object
from tests.ops.backups.conftest import PDF, changed, run, told

pytestmark = pytest.mark.usefixtures("clinic_here")
DATABASE = "clinic_again"
LOGINS = "SELECT rolname FROM pg_roles ORDER BY 1"


@pytest.fixture
def target(empty_server: str) -> Iterator[str]:
    """Where to restore to; gone afterwards, with the logins."""
    yield f"{empty_server.removesuffix('postgres')}{DATABASE}"
    with psycopg.connect(empty_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        for login in ("owner", "web", "worker", "backup", "system_actor"):
            connection.execute(f"DROP ROLE IF EXISTS {login}")


@pytest.fixture
def elsewhere(clinic_here: SimpleNamespace, target: str, tmp_path: Path) -> Iterator[Path]:
    """A machine that has nothing but the secrets: no objects, no anchors; its DATABASE_URL is where to restore to."""
    with (
        override_settings(DATA_DIR=tmp_path / "data", AUDIT_ANCHOR_DIR=tmp_path / "anchors"),
        served_by(dict(conninfo_to_dict(target)), "backup"),
    ):
        yield tmp_path


def as_worker(url: str) -> Any:
    return served_by(dict(conninfo_to_dict(url)), "worker")


def databases(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {row[0] for row in connection.execute("SELECT datname FROM pg_database WHERE NOT datistemplate")}


def test_an_empty_server_becomes_the_clinic(saved, elsewhere, target, ask):
    said = told("restore", str(saved), "--to", target)
    assert (said["objects"], said["set_back_to_seal"]) == (3, None)
    # Every row, behind the same walls, for the same logins
    for login in ("owner", "web", "worker", "backup"):
        assert ask(target, "SELECT 1", user=login, password=passwords()[login]) == [(1,)]
    assert ask(target, "SELECT count(*) FROM patients_patient") == [(20,)]
    assert ask(target, "SELECT count(*) FROM patients_patient", user="web", password=passwords()["web"]) == [(0,)]
    # Every object, which opens
    with as_worker(target):
        with acting_as_system("test"):
            rows = list(StoredObject.objects.all())
            assert sorted(open_object(row.pk).content for row in rows) == [PDF + str(n).encode() for n in range(3)]
        # The audit: whole, and it goes on in an epoch of its own
        with acting_as_system("test"):
            record_now("patients.search", by=None)
            assert AuditEvent.objects.filter(action="ops.restore").count() == 1
        assert seal_pending() >= 1
        report = verify(anchor_book(), own_keys(), datetime.now(UTC))
    assert report.ok, report.problems
    assert report.sealed > 4
    assert ask(target, "SELECT number FROM private.audit_epoch ORDER BY 1") == [(1,), (2,)]


def test_the_restored_clinic_can_be_backed_up_and_verified(saved, elsewhere, target, tmp_path):
    assert run("restore", str(saved), "--to", target)[1] == 0
    with as_worker(target):
        assert run("backup", str(tmp_path / "second"))[1] == 0
        out, code = run("verify_backup", str(tmp_path / "second"), "--to", target)
    assert code == 0, out


def test_privileges_and_walls_come_back(saved, elsewhere, target, world, ask):
    assert run("restore", str(saved), "--to", target)[1] == 0
    there = "host={host} port={port} user={user} password={password} dbname={dbname}".format(**world.place)
    for query in (
        # Their words are left out: PostgreSQL writes a cast otherwise when it has read its own.
        "SELECT polname, polrelid::regclass::text, polcmd, polpermissive, polroles::regrole[]::text"
        " FROM pg_policy ORDER BY 1, 2",
        "SELECT oid::regclass::text, relrowsecurity, relforcerowsecurity, relacl::text, pg_get_userbyid(relowner)"
        " FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'private'::regnamespace) ORDER BY 1",
        "SELECT oid::regprocedure::text, prosecdef, proacl::text, pg_get_userbyid(proowner) FROM pg_proc"
        " WHERE pronamespace = 'app'::regnamespace ORDER BY 1",
        "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
        "SELECT conrelid::regclass::text, conname, contype, convalidated FROM pg_constraint ORDER BY 1, 2",
        "SELECT replace(datacl::text, ',tester=c/owner', '') FROM pg_database WHERE datname = current_database()",
    ):
        assert ask(target, query) == ask(there, query), query


def test_a_database_that_holds_anything_is_refused_and_untouched(saved, elsewhere, target, ask):
    server = target.replace(DATABASE, "postgres")
    ask(server, "SELECT 1")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
    with psycopg.connect(target, autocommit=True) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 1 AS id")
    logins = ask(server, LOGINS)
    out, code = run("restore", str(saved), "--to", target)
    assert code == 2
    assert out == f"The database {DATABASE} is not empty, and nothing is ever written over."
    assert ask(target, "SELECT id FROM mine") == [(1,)]
    assert ask(server, LOGINS) == logins


def test_an_empty_database_is_filled(saved, elsewhere, target):
    with psycopg.connect(target.replace(DATABASE, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
    assert run("restore", str(saved), "--to", target)[1] == 0


def test_a_rehearsal_touches_no_server(saved, elsewhere, target):
    before = databases(target.replace(DATABASE, "postgres"))
    out, code = run("restore", str(saved), "--to", target, "--dry-run")
    assert code == 0
    assert out.startswith("It would restore ")
    assert databases(target.replace(DATABASE, "postgres")) == before
    assert not (elsewhere / "data").exists()


def test_a_damaged_backup_touches_nothing(copy, elsewhere, target):
    before = databases(target.replace(DATABASE, "postgres"))
    with changed(copy / "files", at=HEADER + 5):
        out, code = run("restore", str(copy), "--to", target)
    assert code == 1
    assert out.startswith("files is damaged")
    assert databases(target.replace(DATABASE, "postgres")) == before


def test_damage_on_the_way_leaves_no_half_database(copy, elsewhere, target, monkeypatch):
    """The disk may begin to fail after the files were checked."""
    with changed(copy / "database", at=HEADER + 5 * 65_552):
        monkeypatch.setattr("healthcare.ops.backups.operating.damage", lambda *_: iter(()))
        out, code = run("restore", str(copy), "--to", target)
    assert code == 1
    assert out.startswith("database is damaged: chunk 6")
    assert DATABASE not in databases(target.replace(DATABASE, "postgres"))


def test_what_does_not_come_back_as_it_was_is_refused(saved, elsewhere, target, monkeypatch):
    monkeypatch.setattr(restoring, "count", lambda *_: [1, "0"])
    out, code = run("restore", str(saved), "--to", target)
    assert code == 2
    assert out.startswith("What was restored is not what was saved: ")
    assert DATABASE not in databases(target.replace(DATABASE, "postgres"))


def test_objects_that_outlived_the_database_are_kept(saved, elsewhere, target, world):
    """The bucket is there still; only the database is lost."""
    with override_settings(DATA_DIR=world.settings["DATA_DIR"]):
        assert run("restore", str(saved), "--to", target)[1] == 0


def test_another_object_in_the_place_of_one_is_refused(saved, elsewhere, target, world):
    manifest = read_manifest(saved, read_keys(world.settings["BACKUP_KEY_FILE"]))
    place = Path(object_storage().path(next(iter(manifest.objects))))
    place.parent.mkdir(parents=True)
    place.write_bytes(b"another's")
    out, code = run("restore", str(saved), "--to", target)
    assert code == 2
    assert "The storage holds another object at" in out
    assert place.read_bytes() == b"another's"
    assert DATABASE not in databases(target.replace(DATABASE, "postgres"))


def test_a_storage_that_keeps_things_under_other_names_is_noticed(saved, elsewhere, target, monkeypatch):
    monkeypatch.setattr("django.core.files.storage.FileSystemStorage.save", lambda *_: "other")
    out, code = run("restore", str(saved), "--to", target)
    assert code == 2
    assert "did not keep" in out


def test_anchors_that_outlived_the_database_say_that_it_was_set_back(saved, elsewhere, target, world):
    """The clinic went on after the backup; what it sealed since is lost, and stays visible for ever."""
    with override_settings(**world.settings), served_by(world.place, "worker"):
        with acting_as_system("test"):
            record_now("patients.search", by=None)
        seal_pending()
    kept = AnchorBook(elsewhere / "anchors")
    kept.folder.mkdir(exist_ok=True)
    for path in AnchorBook(world.settings["AUDIT_ANCHOR_DIR"]).files():
        (kept.folder / path.name).write_bytes(path.read_bytes())
    last = kept.last()
    seal = read_manifest(saved, read_keys(world.settings["BACKUP_KEY_FILE"])).seal
    said = told("restore", str(saved), "--to", target)
    assert last is not None
    assert last.number > seal == said["set_back_to_seal"]
    with as_worker(target):
        report = verify(kept, own_keys(), datetime.now(UTC))
    assert report.ok, report.problems
    assert f"an operator set the database back to seal {seal}" in report.notices[0]
    with pytest.raises(AnchorsAhead):  # without the word of an operator it would have stopped here
        _set_back(kept, target)


def _set_back(book: AnchorBook, target: str) -> None:
    lines = book.files()[-1].read_bytes().splitlines(keepends=True)
    book.files()[-1].write_bytes(b"".join(line for line in lines if b'"kind":"restore"' not in line))
    with psycopg.connect(target, autocommit=True) as server:
        server.execute("SET session_replication_role = replica")
        server.execute("DELETE FROM audit_auditseal WHERE number > 3")
    with as_worker(target):
        seal_pending()


def test_beside_a_living_clinic_its_anchors_are_left_alone(saved, target, world):
    """A copy to look at must not tell the clinic's own anchors that it was set back."""
    before = {path: path.read_bytes() for path in anchor_book().files()}
    out, code = run("restore", str(saved), "--to", target)
    assert code == 0
    assert {path: path.read_bytes() for path in anchor_book().files()} == before
    beside = world.folder / f"anchors-{DATABASE}"
    assert f"AUDIT_ANCHOR_DIR={beside}" in out
    with as_worker(target):
        assert verify(AnchorBook(beside), own_keys(), datetime.now(UTC)).ok
    shutil.rmtree(beside)


def test_anchors_of_another_clinic_are_refused(saved, elsewhere, target, world):
    (elsewhere / "anchors").mkdir()
    for path in AnchorBook(world.settings["AUDIT_ANCHOR_DIR"]).files():
        (elsewhere / "anchors" / path.name).write_text('{"of": "another clinic"}\n')
    out, code = run("restore", str(saved), "--to", target)
    assert code == 2
    assert "AUDIT_ANCHOR_DIR holds other anchors than the backup" in out
    assert DATABASE not in databases(target.replace(DATABASE, "postgres"))


def test_what_no_backup_holds_is_not_unpacked(saved, elsewhere, target, monkeypatch):
    monkeypatch.setattr(restoring, "KINDS", ("objects",))
    assert run("restore", str(saved), "--to", target) == ("files holds something that no backup holds.", 1)


def test_the_address_may_leave_out_what_the_bootstrap_says(saved, elsewhere, target, empty_server):
    """No password on the command line, where every user of the machine can read it."""
    with override_settings(BOOTSTRAP_DATABASE_URL=empty_server):
        port = conninfo_to_dict(empty_server)["port"]
        assert run("restore", str(saved), "--to", f"postgresql://127.0.0.1:{port}/{DATABASE}")[1] == 0
    assert DATABASE in databases(empty_server)


def test_without_a_database_in_the_address_it_is_that_of_the_settings(saved, elsewhere, empty_server, monkeypatch):
    asked: list[Any] = []

    def ask(*given: Any) -> tuple[None, Path]:
        asked.append(given[-1])
        return None, Path()

    monkeypatch.setattr("healthcare.ops.management.commands.restore.restore", ask)
    assert run("restore", str(saved), "--to", empty_server.removesuffix("/postgres"))[1] == 0
    from django.db import connection

    assert asked[0]["dbname"] == connection.settings_dict["NAME"]


def test_into_a_bucket(saved, elsewhere, target, monkeypatch):
    """Objects go to the configured storage, whichever it is."""
    boto3, server = pytest.importorskip("boto3"), pytest.importorskip("moto.server")
    moto = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    try:
        endpoint = "http://{}:{}".format(*moto.get_host_and_port())
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test-secret", "region_name": "us-east-1"}
        bucket = boto3.resource("s3", endpoint_url=endpoint, **keys).Bucket("restored")
        bucket.create()
        names = {"S3_BUCKET": "restored", "S3_ENDPOINT_URL": endpoint, "S3_REGION": "us-east-1"}
        with override_settings(**names, S3_ACCESS_KEY_ID="test", S3_SECRET_ACCESS_KEY="test-secret"):
            assert run("restore", str(saved), "--to", target)[1] == 0
            assert len(list(bucket.objects.all())) == 3
            with as_worker(target):
                assert told("backup", str(elsewhere / "from-bucket"))["objects"] == 3
    finally:
        moto.stop()


def test_one_who_is_no_superuser_is_told(saved, elsewhere, target, world: SimpleNamespace):
    place = world.place
    url = f"postgresql://web:{passwords()['web']}@{place['host']}:{place['port']}/nowhere"
    out, code = run("restore", str(saved), "--to", url)
    assert code == 2
    assert out.startswith("The database refused: ")
