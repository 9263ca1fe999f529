"""The servers of the test suite: started once, shared, each worker with its own Valkey databases, gone when unused."""

import os
import threading
import time
from pathlib import Path

import psycopg
import pytest

from healthcare.devservices import testing
from healthcare.devservices.addresses import NAMES, all_addresses, embedded_environment, passwords
from healthcare.devservices.environment import Problem
from healthcare.devservices.folder import Folder
from healthcare.devservices.processes import Supervisor


@pytest.fixture
def services(folder: Folder, no_addresses: None, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setattr(testing, "_held", [])
    return folder


def test_a_given_address_is_left_alone(services: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1/elsewhere")
    assert testing.ensure_test_services(services) == {}
    assert not testing.is_ready(services)


def test_servers_start_once_and_serve_every_worker(services: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    first = testing.ensure_test_services(services)
    try:
        assert testing.is_ready(services)
        monkeypatch.setenv("DATABASE_URL", first["DATABASE_URL"])  # as a worker of a test run inherits it
        monkeypatch.setenv(testing.MARK, first[testing.MARK])
        monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw3")
        second = testing.ensure_test_services(services)
        assert second["DATABASE_URL"] == first["DATABASE_URL"]
        databases = [address.rpartition("/")[2] for address in (second["REDIS_URL"], second["BROKER_URL"])]
        assert databases == ["6", "7"]
        with psycopg.connect(first["BOOTSTRAP_DATABASE_URL"]) as connection:
            roles = connection.execute("SELECT rolname FROM pg_roles WHERE rolcanlogin").fetchall()
        assert {"owner", "web", "worker", "backup", "tester"} <= {row[0] for row in roles}
    finally:
        testing.stop(services)
    assert not testing.is_ready(services)


def test_a_failing_start_is_one_line(services: Folder) -> None:
    (services.path / "postgres").mkdir()
    (services.path / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(Problem, match=r"The test servers did not start: .*PostgreSQL 16"):
        testing.ensure_test_services(services)


def test_a_claim_keeps_them_and_idleness_ends_them(services: Folder, supervisor: Supervisor) -> None:
    testing._claim(services)
    claim = testing._held[0]
    thread = threading.Timer(0.6, os.close, [claim])
    started = time.monotonic()
    thread.start()
    testing._wait_until_unused(services, supervisor, idle=0.3)
    assert time.monotonic() - started > 0.8
    thread.join()


def test_they_run_until_idle(services: Folder, supervisor: Supervisor) -> None:
    """In this process, where the others start one of their own."""
    testing.serve(services, idle=0.1)
    assert not testing.is_ready(services)
    assert (services.logs / "postgres.log").exists()


def test_addresses_hold_before_the_servers_run(folder: Folder, no_addresses: None) -> None:
    first = embedded_environment(folder)
    assert first == embedded_environment(folder) == all_addresses(folder)
    assert set(passwords(first)) >= {"owner", "web", "worker", "backup"}


def test_what_a_command_makes_names_the_clinic_that_is_open(
    folder: Folder, no_addresses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    assert "PUBLIC_URL" not in embedded_environment(folder)
    (folder.path / "demo.json").write_text('{"base_url": "http://127.0.0.1:8123"}')
    assert embedded_environment(folder)["PUBLIC_URL"] == "http://127.0.0.1:8123"


def test_only_what_is_missing_is_filled_in(folder: Folder, no_addresses: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://cache.example/0")
    found = embedded_environment(folder)
    assert "REDIS_URL" not in found
    assert found["BROKER_URL"] == "redis://cache.example/0"


def test_nothing_is_made_when_everything_is_given(
    tmp_path: Path, no_addresses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "given")
    assert embedded_environment() == {}
    assert not (tmp_path / "data").exists()
