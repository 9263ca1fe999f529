"""What an operator is told before the doors open."""

import builtins
import json
import socket
import time
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection

from healthcare.ops import printing, selfcheck
from healthcare.ops.selfcheck import FAILED, OK, WARNING, findings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _everything_is_well(settings, tmp_path, monkeypatch):
    settings.AUDIT_ANCHOR_DIR = tmp_path
    settings.EMAIL_URL = ""
    monkeypatch.setattr(selfcheck, "pango_present", lambda: True)


def told(name: str) -> list[tuple[str, str]]:
    return [(finding.state, finding.text) for check, finding in findings() if check == name]


def run(*arguments: str) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("selfcheck", *arguments, stdout=out)
    except CommandError as problem:
        return out.getvalue(), problem.returncode
    return out.getvalue(), 0


def as_owner(as_role, statement: str) -> None:
    with as_role("owner"), connection.cursor() as cursor:
        cursor.execute(statement)


def test_all_is_well():
    out, code = run()
    assert code == 0, out
    assert FAILED not in out
    assert {line.split()[1] for line in out.splitlines()} >= {"walls", "extensions", "partitions", "anchors"}


def test_as_json_it_is_one_list():
    out, _ = run("--json")
    rows = json.loads(out)
    assert {row["state"] for row in rows} <= {OK, WARNING}
    assert {"check", "state", "text"} == set(rows[0])


def test_a_wall_that_is_down_is_named_and_fails(as_role):
    as_owner(as_role, "ALTER TABLE patients_carerelationship NO FORCE ROW LEVEL SECURITY")
    out, code = run()
    assert code == 1
    assert "patients_carerelationship" in out


def test_a_new_table_with_a_patient_and_no_wall_is_found(as_role):
    as_owner(as_role, "CREATE TABLE stray (id int, patient_id uuid)")
    assert any("stray" in text for _, text in told("walls"))


def test_a_missing_extension_is_named(monkeypatch):
    monkeypatch.setattr(selfcheck, "EXTENSIONS", ("btree_gist", "postgis"))
    assert told("extensions") == [(FAILED, "missing: postgis; run the bootstrap again")]


def test_months_that_are_not_made_ahead_fail(as_role):
    assert told("partitions") == [(OK, "audit_auditevent has its next month")]
    as_owner(as_role, "CREATE TABLE ages (id uuid) PARTITION BY RANGE (id)")
    as_owner(as_role, "CREATE TABLE ages_default PARTITION OF ages DEFAULT")
    assert (FAILED, "ages has no partition for the next month: is a worker running?") in told("partitions")


def test_an_anchor_folder_that_cannot_be_written_fails(settings, tmp_path):
    settings.AUDIT_ANCHOR_DIR = tmp_path / "gone"
    assert told("anchors")[0][0] == FAILED


def test_a_key_that_the_database_does_not_know_fails(settings):
    settings.SECRET_KEY = "another key than the one that was installed"
    assert told("signed context")[0][0] == FAILED


def test_unreadable_field_keys_fail_without_stopping_the_rest(settings):
    settings.FIELD_KEYS = {"current": "x", "keys": {}}
    assert told("field keys") == [(FAILED, "could not be checked (KeyError)")]
    assert told("clock") == [(OK, "this machine and the database agree")]


def test_migrations_to_apply_fail(as_role, monkeypatch):
    monkeypatch.setattr("healthcare.ops.health._migrated", False)
    as_owner(as_role, "DELETE FROM django_migrations WHERE app = 'patients'")
    assert told("migrations") == [(FAILED, "There are migrations to apply.")]


def test_a_clock_that_is_off_fails(monkeypatch):
    now = time.time()
    monkeypatch.setattr(selfcheck.time, "time", lambda: now + 60)
    assert told("clock")[0][0] == FAILED


def test_a_dead_cache_is_a_warning(monkeypatch):
    def fail(key: str) -> None:
        raise ConnectionError

    monkeypatch.setattr(cache, "get", fail)
    assert told("cache server")[0][0] == WARNING
    assert run()[1] == 0


def test_no_mail_server_is_a_warning_and_a_deaf_one_fails(settings):
    assert told("mail")[0][0] == WARNING
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    assert told("mail")[0][0] == FAILED


def test_a_mail_server_that_listens_is_enough(settings):
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{server.getsockname()[1]}"
        assert told("mail") == [(OK, "the mail server accepts connections")]


def test_without_pango_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(selfcheck, "pango_present", lambda: False)
    assert told("printing") == [(WARNING, f"no PDF, only pages: install {printing.PANGO}")]


@pytest.mark.parametrize("problem", [OSError, ImportError])
def test_missing_libraries_are_no_error(monkeypatch, problem):
    load = builtins.__import__

    def refuse(name, *rest, **named):
        if name == "weasyprint":
            raise problem
        return load(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    printing.pango_present.cache_clear()
    assert printing.pango_present() is False
    printing.pango_present.cache_clear()
