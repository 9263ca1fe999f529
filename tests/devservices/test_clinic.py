"""The demo opens, tells where it is, refuses what it must, and leaves no process behind."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from healthcare.devservices import clinic, programs
from healthcare.devservices.addresses import NAMES
from healthcare.devservices.environment import Problem
from healthcare.devservices.folder import BASE_DIR, Folder, read_json
from healthcare.devservices.processes import Supervisor
from healthcare.events.queues import QUEUES
from tests.devservices.conftest import open_for_servers
from tests.devservices.test_processes import eventually

pytestmark = pytest.mark.usefixtures("no_addresses")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    open_for_servers(tmp_path)
    return tmp_path / "data"


@pytest.fixture
def demo(data: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the pretended demo and waits until it is open."""
    with contextlib.ExitStack() as running:

        def start(*flags: str, port: int | None = None) -> subprocess.Popen[str]:
            command = [sys.executable, "-m", "tests.devservices.pretended_demo", str(port or free_port()), *flags]
            output = running.enter_context((data.parent / "output").open("w"))
            process = subprocess.Popen(command, cwd=BASE_DIR, stdout=output, stderr=output, text=True)
            running.callback(process.wait)
            running.callback(process.kill)
            assert eventually(lambda: "Ctrl-C closes" in output_of(data) or process.poll() is not None, 60)
            return process

        yield start


def output_of(data: Path) -> str:
    return (data.parent / "output").read_text()


def processes_of(data: Path) -> list[str]:
    """The command lines of all processes of this folder: its path is in their command line, or in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (entry / "cmdline").read_bytes()
            if line and str(data).encode() in line + (entry / "environ").read_bytes():
                found.append(line.replace(b"\0", b" ").decode())
    return [line for line in found if "pytest" not in line.partition(str(data))[0]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_opens_and_closes_without_a_trace(
    demo: Callable[..., subprocess.Popen[str]], data: Path, number: signal.Signals
) -> None:
    process = demo()
    running = " ".join(processes_of(data))
    assert all(
        name in running for name in ("postgres", "valkey-server", "mail_catcher", "devservices.carriers", "sleep 1000")
    )
    process.send_signal(number)
    started = time.monotonic()
    assert process.wait(15) == 0
    assert time.monotonic() - started < 10
    assert processes_of(data) == []
    assert output_of(data).rstrip().endswith("Closing.")


def test_killed_it_takes_its_children_along_and_starts_again(
    demo: Callable[..., subprocess.Popen[str]], data: Path
) -> None:
    process = demo("--childless")
    process.kill()
    process.wait()
    assert eventually(lambda: processes_of(data) == [], 15)
    assert demo().poll() is None


def test_it_tells_where_everything_is(demo: Callable[..., subprocess.Popen[str]], data: Path) -> None:
    port = free_port()
    demo(port=port)
    told = read_json(data / "demo.json")
    assert (data / "demo.json").stat().st_mode & 0o777 == 0o600
    assert told["base_url"] == f"http://127.0.0.1:{port}"
    assert told["accounts"] == [{"role": "nurse", "email": "n@example.org", "password": "p", "totp_secret": None}]
    assert told["oauth_clients"] == []
    assert set(told["databases"]) == {"web", "worker", "owner"}
    for login, address in told["databases"].items():
        with psycopg.connect(address) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (login,)
    assert told["redis"].startswith("redis://")
    assert told["mail_catcher"].startswith("http://127.0.0.1:")
    assert "n@example.org" in output_of(data)


def test_a_second_demo_on_the_same_data_is_refused(demo: Callable[..., subprocess.Popen[str]], data: Path) -> None:
    first = demo()
    second = demo()
    assert second.wait(5) == 2
    assert f"A demo (process {first.pid}) is running" in output_of(data)
    assert len(output_of(data).splitlines()) == 1


def test_the_data_stays_and_reset_removes_it(demo: Callable[..., subprocess.Popen[str]], data: Path) -> None:
    for flags, expected in (((), True), (("--reset",), False)):
        process = demo()
        (data / "kept").touch()
        process.terminate()
        process.wait(15)
        process = demo(*flags)
        assert (data / "kept").exists() is expected
        process.terminate()
        process.wait(15)


def test_a_taken_port_is_said_before_anything_starts(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Problem, match=rf"Port {port} is taken: .*--port"):
            clinic.run_demo(port=port, reset=False, bundles=[])
    assert not data.exists()


def test_missing_bundles_are_said_before_anything_starts(data: Path, tmp_path: Path) -> None:
    with pytest.raises(Problem, match="There is nothing at"):
        clinic.run_demo(port=free_port(), reset=False, bundles=[tmp_path / "none.json"])
    assert not data.exists()


def test_given_servers_are_used_and_never_reset(
    folder: Folder, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/clinic")
    with pytest.raises(Problem, match="set DATABASE_ROLES_FILE too, or BOOTSTRAP_DATABASE_URL"):
        clinic.start_servers(folder, supervisor)
    with pytest.raises(Problem, match="DATABASE_URL names a server of yours"):
        clinic._reset(folder)
    monkeypatch.setenv("DATABASE_ROLES_FILE", str(folder.secrets / "database-roles.json"))
    monkeypatch.setenv("REDIS_URL", "redis://cache.example/0")
    addresses = clinic.start_servers(folder, supervisor)
    assert supervisor.children == []
    assert addresses["BROKER_URL"] == "redis://cache.example/0"
    assert set(addresses) == set(NAMES)


def test_logins_are_made_on_a_given_server(
    folder: Folder, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[str, str]] = []
    monkeypatch.setattr("healthcare.db.bootstrap.bootstrap", lambda url, name, passwords: made.append((url, name)))
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/clinic")
    monkeypatch.setenv("BOOTSTRAP_DATABASE_URL", "postgresql://root@db.example/postgres")
    monkeypatch.setenv("REDIS_URL", "redis://cache.example/0")
    clinic.start_servers(folder, supervisor)
    assert made == [("postgresql://root@db.example/postgres", "clinic")]


def test_the_servers_run_alone_for_development(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In this process: the watch is what asks to stop."""
    os.environ["DATA_DIR"] = str(data)

    def watch(supervisor: Supervisor) -> None:
        assert [child.name for child in supervisor.children] == ["postgres", "cache", "broker"]
        supervisor.stopping = True
        supervisor.pause(0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Supervisor, "watch", watch)
        assert clinic.run_services(reset=True) == 0
    assert "every command of manage.py finds them" in capsys.readouterr().out


def test_the_demo_in_this_process(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.devservices.pretended_demo import pretend

    surroundings = dict(os.environ)
    for name in ("prepare", "web", "live", "others"):
        monkeypatch.setattr(clinic, name, getattr(clinic, name))  # put back what pretend() replaces

    def watch(supervisor: Supervisor) -> None:
        supervisor.stopping = True
        supervisor.pause(0)

    monkeypatch.setattr(Supervisor, "watch", watch)
    port = free_port()
    pretend()
    try:
        assert clinic.run_demo(port=port, reset=False, bundles=[]) == 0
    finally:
        os.environ.clear()
        os.environ.update(surroundings)
    assert f"The clinic is open at http://127.0.0.1:{port}" in capsys.readouterr().out
    assert not clinic.answers(port)


def test_every_process_has_its_login_and_no_secret_on_its_command_line(folder: Folder) -> None:
    table = [programs.web(8000), programs.live(folder.ports()), *programs.others(folder, folder.ports())]
    logins = {program.name: program.environment["HC_PROCESS"] for program in table}
    assert (logins.pop("web"), logins.pop("live")) == ("web", "web")
    assert set(logins.values()) == {"worker"}
    assert {"worker-urgent", "worker-default", "worker-bulk", "relay", "sealer", "beat"} <= set(logins)
    secrets = [path.read_text() for path in folder.secrets.iterdir()]
    assert not any(secret in " ".join(program.command) for program in table for secret in secrets)


def test_every_queue_has_exactly_one_worker() -> None:
    queues = [queue for group in programs.WORKERS for queue in group.split(",")]
    assert sorted(queues) == sorted(QUEUES)


def test_links_lead_to_the_demo_and_nothing_leaves_the_machine(folder: Folder) -> None:
    told = clinic.surroundings(folder, 8123, folder.ports())
    assert told["PUBLIC_URL"] == "http://127.0.0.1:8123"
    assert told.pop("LIVE_URL") == f":{folder.ports()['live']}/live/stream"
    assert {urlsplit(told[name]).hostname for name in told if name.endswith("_URL")} == {"127.0.0.1"}
    assert told["TWILIO_AUTH_TOKEN"] == folder.secret("twilio")


def test_the_key_of_web_push_is_made_once(folder: Folder) -> None:
    path = clinic.push_key(folder)
    key = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.curve.name == "secp256r1"
    assert path.stat().st_mode & 0o777 == 0o600
    assert clinic.push_key(folder).read_bytes() == path.read_bytes()


def test_bundles_are_handed_on(folder: Folder, tmp_path: Path) -> None:
    assert programs.prepare(folder, [tmp_path]).command[-2:] == ["--bundles", str(tmp_path)]
    assert "--bundles" not in programs.prepare(folder, []).command


def test_the_address_carries_a_login_and_its_password(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    roles = folder.path / "roles.json"
    roles.write_text(json.dumps({"web": "p@ss/word"}))
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@db.example:5433/clinic")
    monkeypatch.setenv("DATABASE_ROLES_FILE", str(roles))
    assert clinic.database_url("web") == "postgresql://web:p%40ss%2Fword@db.example:5433/clinic"
