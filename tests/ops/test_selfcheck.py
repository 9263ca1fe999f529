"""What an operator is told before the doors open."""

import builtins
import contextlib
import ipaddress
import json
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from healthcare.audit.anchors import Anchor
from healthcare.audit.queries import SealingState
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


# == What stands still, and what runs out ==


def note_backup(as_role, hours: float) -> None:
    """As if `backup` had ended that many hours ago; the audit's own rule of the moment is held off."""
    with as_role("owner"), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER of_this_moment")
        cursor.execute(
            "INSERT INTO audit_auditevent"
            " (id, at, action, actor_role, purpose, target_type, outcome, detail, request_id)"
            " SELECT app.floor7(moment), moment, 'ops.backup', '', 'backup', '', 'ok', '{}', ''"
            " FROM (SELECT now() - make_interval(secs => %s)) AS past (moment)",
            [hours * 3600],
        )


def as_worker(as_role, name: str) -> list[tuple[str, str]]:
    with as_role("worker"):
        return told(name)


def test_no_backup_is_a_warning_here_and_a_failure_in_service(as_role, settings):
    assert as_worker(as_role, "backups") == [(WARNING, "none was ever made: manage.py backup")]
    settings.IN_SERVICE = True
    assert as_worker(as_role, "backups")[0][0] == FAILED


def test_a_fresh_backup_is_enough_and_an_old_one_is_not(as_role, settings):
    settings.IN_SERVICE = True
    note_backup(as_role, 30)
    assert as_worker(as_role, "backups") == [(FAILED, "the last is 30 h old, and may be 26 h")]
    note_backup(as_role, 2)
    assert as_worker(as_role, "backups") == [(OK, "the last is 2 h old")]


def test_a_process_that_gives_no_sign_is_named(settings):
    settings.IN_SERVICE = True
    cache.delete_many([f"pulse:{name}" for name in selfcheck.PROCESSES])
    _, text = told("processes")[0]
    assert "relay" in text
    assert "worker:urgent" in text
    cache.set_many({f"pulse:{name}": 1 for name in selfcheck.PROCESSES if name != "sealer"}, 60)
    assert told("processes") == [(FAILED, "no sign of life for a minute: sealer")]
    cache.set("pulse:sealer", 1, 60)
    assert told("processes")[0][0] == OK
    cache.delete_many([f"pulse:{name}" for name in selfcheck.PROCESSES])


def outbox(**figures: float) -> dict[str, float]:
    return {"oldest_seconds": 0.0, "oldest_urgent_seconds": 0.0, "dead": 0.0} | figures


@pytest.mark.parametrize(
    ("figures", "found"),
    [
        ({}, [(OK, "nothing waits for long")]),
        ({"oldest_urgent_seconds": 61}, [(FAILED, "something urgent has waited for 61 s")]),
        ({"oldest_seconds": 901}, [(WARNING, "the oldest thing to deliver has waited for 901 s")]),
        ({"dead": 2}, [(WARNING, "2 given up; see why in the log, then relay --replay-dead")]),
    ],
)
def test_what_waits_too_long_is_told(monkeypatch, figures, found):
    monkeypatch.setattr(selfcheck, "outbox_figures", lambda: outbox(**figures))
    assert told("outbox") == found


def test_the_outbox_of_the_database_is_asked():
    assert told("outbox") == [(OK, "nothing waits for long")]


def anchored(monkeypatch, *, seals: int, waiting: float | None, number: int | None) -> None:
    oldest = timezone.now() - timedelta(seconds=waiting) if waiting is not None else None
    monkeypatch.setattr(selfcheck, "get_sealing_state", lambda: SealingState(seals, 9, 1, None, oldest))
    anchor = Anchor("seal", number, 9, 1, "", "") if number is not None else None
    monkeypatch.setattr(selfcheck, "anchor_book", lambda: SimpleNamespace(last=lambda: anchor))


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ({"seals": 0, "waiting": None, "number": None}, OK),
        ({"seals": 3, "waiting": 5, "number": 3}, OK),
        ({"seals": 3, "waiting": 61, "number": 3}, WARNING),
        ({"seals": 3, "waiting": None, "number": 4}, FAILED),
    ],
)
def test_a_chain_that_stands_still_or_was_cut_is_told(monkeypatch, state, found):
    anchored(monkeypatch, **state)
    assert told("chain")[0][0] == found


@pytest.mark.parametrize(("free", "found"), [(50, OK), (10, WARNING), (4, FAILED)])
def test_a_disk_that_fills_is_told_before_it_is_full(monkeypatch, free, found):
    monkeypatch.setattr(selfcheck.shutil, "disk_usage", lambda _: SimpleNamespace(total=100, free=free))
    assert {state for state, _ in told("disk")} == {found}


def test_a_log_archive_that_fails_is_told(monkeypatch):
    assert told("archive") == [(OK, "no WAL archive: a loss goes back to the last backup")]
    monkeypatch.setattr(selfcheck, "ARCHIVER", "SELECT true, true")
    assert told("archive")[0][0] == FAILED
    monkeypatch.setattr(selfcheck, "ARCHIVER", "SELECT true, false")
    assert told("archive") == [(OK, "WAL is archived")]


def test_a_database_spoken_to_in_clear_is_told(monkeypatch):
    """The embedded PostgreSQL has no TLS; production's has."""
    assert told("encrypted connection")[0][0] == WARNING
    secure = SimpleNamespace(pgconn=SimpleNamespace(ssl_in_use=True))
    monkeypatch.setattr(selfcheck, "connection", SimpleNamespace(connection=secure, ensure_connection=lambda: None))
    assert [finding.state for finding in selfcheck.encrypted_connection()] == [OK]


def test_a_site_without_https_is_told(settings):
    settings.PUBLIC_URL = "http://clinic.example"
    assert told("certificate") == [(WARNING, "PUBLIC_URL is not an https address")]


@pytest.fixture
def site(tmp_path, monkeypatch):
    """`site(days)`: a TLS server on this machine whose certificate ends in so many days; its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server = socket.create_server(("127.0.0.1", 0))

    def start(days: float) -> str:
        certificate, key = own_certificate(tmp_path, days)
        context.load_cert_chain(certificate, key)
        trusting = ssl.create_default_context(cafile=str(certificate))
        monkeypatch.setattr(selfcheck.ssl, "create_default_context", lambda: trusting)
        threading.Thread(target=answer, daemon=True).start()
        return f"https://127.0.0.1:{server.getsockname()[1]}"

    def answer() -> None:
        with contextlib.suppress(OSError):
            plain, _ = server.accept()
            with context.wrap_socket(plain, server_side=True) as secure:
                secure.recv(1)

    yield start
    server.close()


def own_certificate(folder, days: float):
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "clinic")]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    places = folder / "site.pem", folder / "site.key"
    places[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    places[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return places


@pytest.mark.parametrize(("days", "found"), [(60.5, OK), (10.5, WARNING), (3.5, FAILED), (-1, FAILED)])
def test_a_certificate_that_ends_soon_is_told(site, settings, days, found):
    settings.PUBLIC_URL = site(days)
    ((state, text),) = told("certificate")
    assert state == found
    assert ("does not hold" in text) == (days < 0)


def test_a_site_that_does_not_answer_fails(settings):
    settings.PUBLIC_URL = "https://127.0.0.1:1"
    assert told("certificate")[0][0] == FAILED
