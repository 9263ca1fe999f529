"""A clinic of its own with a few rows, files and seals; an empty server beside it; a backup made once and copied."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from healthcare.audit import record_now
from healthcare.audit.sealing import seal_pending
from healthcare.db.bootstrap import bootstrap
from healthcare.db.context import acting_as, acting_as_system
from healthcare.devservices.folder import Folder
from healthcare.devservices.postgres import Cluster, binary
from healthcare.devservices.processes import Supervisor
from healthcare.ops.backups.servers import passwords, served_by
from healthcare.storage.objects import put
from tests.databases import name_of_template
from tests.devservices.conftest import open_for_servers
from tests.factories import PatientFactory, UserFactory

PDF = b"%PDF-1.7\n" + b"synthetic " * 20_000
OBJECTS = 3


def new_key(path: Path, *older: str) -> str:
    key = base64.b64encode(os.urandom(32)).decode()
    path.write_text("\n".join([key, *older]) + "\n")
    return key


@pytest.fixture(scope="package")
def new_server() -> Iterator[Callable[[], str]]:
    """`new_server()`: a PostgreSQL that has never heard of the clinic; its superuser's address.

    Those of other tests would do as well, but their open transactions hold the sealing of the audit back.
    """
    with ExitStack() as stack:

        def start() -> str:
            # Not among pytest's folders: another run beside this one closes the way to them for the server's account.
            path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clinic-server-")))
            folder = Folder(path / "data")
            folder.prepare()
            open_for_servers(path)
            supervisor = Supervisor(folder.logs, lambda _: None)
            stack.callback(supervisor.stop)
            cluster = Cluster(folder, folder.ports()["postgres"], throwaway=True)
            cluster.start(supervisor, lambda _: None)()
            return cluster.superuser_url

        yield start


@pytest.fixture(scope="package")
def empty_server(new_server: Callable[[], str]) -> str:
    return new_server()


@pytest.fixture(scope="package")
def world(
    tmp_path_factory: pytest.TempPathFactory, new_server: Callable[[], str], django_db_blocker: Any
) -> Iterator[SimpleNamespace]:
    """The clinic's database, migrated and filled; its folders and keys are those of the settings meanwhile."""
    folder, url = tmp_path_factory.mktemp("clinic"), new_server()
    place = {**conninfo_to_dict(url), "dbname": "clinic"}
    here = {
        "DATA_DIR": folder / "data",
        "AUDIT_ANCHOR_DIR": folder / "anchors",
        "BACKUP_KEY_FILE": str(folder / "backup-key"),
        "POSTGRES_BIN": str(binary("pg_dump").parent),
        "BOOTSTRAP_DATABASE_URL": url,
        "S3_BUCKET": "",
    }
    new_key(folder / "backup-key")
    with django_db_blocker.unblock(), override_settings(**here):
        bootstrap(url, place["dbname"], passwords(), testing=True)
        copy_schema(url, place)
        fill(place)
        yield SimpleNamespace(place=place, folder=folder, backup=folder / "backup", settings=here)


def copy_schema(url: str, place: dict[str, Any]) -> None:
    """What migrating made on the server of the tests, without doing it once more; the audit begins anew."""
    source, target = make_conninfo(settings.TEST_BOOTSTRAP_URL, dbname=name_of_template()), make_conninfo(**place)
    without = [f"--exclude-table-data={table}" for table in ("private.audit_epoch", "audit_auditevent*")]
    dump = [binary("pg_dump"), "--format=custom", *without, f"--dbname={source}"]
    load = [binary("pg_restore"), "--exit-on-error", "--clean", "--if-exists", f"--dbname={target}"]
    subprocess.run(load, check=True, capture_output=True, input=subprocess.check_output(dump))
    with psycopg.connect(target) as superuser:
        superuser.execute("INSERT INTO private.audit_epoch SELECT 1, system_identifier FROM pg_control_system()")


def fill(place: dict[str, Any]) -> None:
    with psycopg.connect(**place, autocommit=True) as superuser:
        superuser.execute(f"GRANT CONNECT ON DATABASE {place['dbname']} TO tester")
    with served_by(place, "tester"):  # who may take every role, as the factories do
        user = UserFactory()
        for _ in range(20):
            PatientFactory()
    with served_by(place, "worker"):
        with acting_as(user, "nurse"):
            for number in range(OBJECTS):
                put(PDF + str(number).encode(), content_type="application/pdf", name=f"letter-{number}.pdf")
        for _ in range(3):
            with acting_as_system("test"):
                record_now("patients.open_chart", by=None, patient_id=uuid.uuid4())
            seal_pending()


@pytest.fixture
def clinic_here(world: SimpleNamespace, django_db_blocker: Any) -> Iterator[SimpleNamespace]:
    """The settings' database is the clinic's for the length of the test."""
    with django_db_blocker.unblock(), override_settings(**world.settings), served_by(world.place, "worker"):
        yield world


@pytest.fixture(scope="package")
def saved(world: SimpleNamespace, django_db_blocker: Any) -> Path:
    """One whole backup, made by the command."""
    with django_db_blocker.unblock(), override_settings(**world.settings), served_by(world.place, "worker"):
        out, code = run("backup", str(world.backup))
    assert code == 0, out
    return world.backup


@pytest.fixture
def copy(saved: Path, tmp_path: Path) -> Path:
    """The backup, to be spoilt."""
    return shutil.copytree(saved, tmp_path / "copy")


def run(*arguments: str) -> tuple[str, int]:
    """What the command said, and its exit code."""
    out = StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=out)
    except CommandError as problem:
        return f"{out.getvalue()}{problem}", problem.returncode
    return out.getvalue(), 0


def told(*arguments: str) -> dict[str, Any]:
    out, code = run(*arguments, "--json")
    assert code == 0, out
    return dict(json.loads(out.splitlines()[0]))


@pytest.fixture
def ask() -> Callable[..., list[Any]]:
    """`ask(url, query)` past every wall."""

    def answer(url: str, query: str, *values: Any, **more: Any) -> list[Any]:
        with psycopg.connect(url, autocommit=True, **more) as connection:
            return connection.execute(query, values).fetchall()

    return answer


@contextmanager
def changed(path: Path, at: int, by: int = 1) -> Iterator[None]:
    content = bytearray(path.read_bytes())
    content[at] ^= by
    path.write_bytes(content)
    yield
