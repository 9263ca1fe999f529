"""Servers for the test suite: one throw-away PostgreSQL and Valkey, started on demand and shared by all test runs.

They end ten minutes after the last process that used them, or when asked to.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from healthcare.devservices.addresses import all_addresses, passwords
from healthcare.devservices.environment import Problem, last_line
from healthcare.devservices.folder import BASE_DIR, Folder, chosen, read_json, write_privately
from healthcare.devservices.postgres import DATABASE, Cluster, end_process, runs
from healthcare.devservices.processes import TICK, Program, Stopped, Supervisor
from healthcare.devservices.valkey import BROKER, Valkey

MARK = "HC_TEST_SERVICES"  # tells the workers of a test run that their DATABASE_URL is ours, not somebody's own
IDLE = 600.0  # seconds
PATIENCE = 60.0  # seconds for the servers to come up
_held: list[int] = []  # the claim of this process: a descriptor, closed when it ends


def ensure_test_services(folder: Folder | None = None) -> dict[str, str]:
    """The environment of a test process; starts the servers when they do not run. Empty with a DATABASE_URL given.

    Each worker of pytest-xdist gets its own two databases of the one Valkey. Raises Problem.
    """
    if os.environ.get("DATABASE_URL") and not os.environ.get(MARK):
        return {}
    folder = folder or Folder(chosen() / "test")
    folder.prepare()
    _claim(folder)
    with (folder.path / "starting").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not is_ready(folder):
            _start_detached(folder)
    server = all_addresses(folder)["REDIS_URL"].removesuffix("/0")
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return all_addresses(folder) | {
        "REDIS_URL": f"{server}/{2 * worker}",
        "BROKER_URL": f"{server}/{2 * worker + 1}",
        # Tests that tamper stand past the walls; no other process of ours is ever told this address.
        "BOOTSTRAP_DATABASE_URL": Cluster(folder, folder.ports()["postgres"], throwaway=True).superuser_url,
        MARK: str(folder.path),
    }


def is_ready(folder: Folder) -> bool:
    pid = read_json(folder.path / "ready.json").get("pid", 0)
    return bool(pid) and runs(pid, str(folder.path))


def program(folder: Folder) -> Program:
    """The servers as a child of somebody who will stop them."""
    return Program("test-services", [sys.executable, "-m", "healthcare.devservices.testing", str(folder.path)])


def stop(folder: Folder) -> None:
    pid = read_json(folder.path / "ready.json").get("pid", 0)
    if pid and runs(pid, str(folder.path)):
        end_process(pid, signal.SIGTERM, 12)


def _claim(folder: Folder) -> None:
    if not _held:
        file = os.open(folder.path / "users", os.O_WRONLY | os.O_CREAT, 0o600)
        fcntl.flock(file, fcntl.LOCK_SH)
        _held.append(file)


def _start_detached(folder: Folder) -> None:
    log = folder.logs / "test-services.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            program(folder).command,
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until = time.monotonic() + PATIENCE
    while not is_ready(folder):
        if process.poll() is not None or time.monotonic() > until:
            raise Problem(f"The test servers did not start: {last_line(log.read_text())}")
        time.sleep(0.02)
    process.returncode = 0  # it outlives us on purpose; Popen would warn of that


def serve(folder: Folder, idle: float = IDLE) -> None:
    """Run the servers until stopped, or until nobody has used them for `idle` seconds. Raises Problem."""
    from healthcare.db.bootstrap import bootstrap

    supervisor = Supervisor(folder.logs, print)
    supervisor.listen()
    ready = folder.path / "ready.json"
    with folder.locked("A test server"), contextlib.suppress(Stopped):
        ready.unlink(missing_ok=True)
        folder.prepare()
        ports = folder.choose_ports()
        cluster = Cluster(folder, ports["postgres"], throwaway=True)
        valkey = Valkey(folder, "cache", ports["cache"], BROKER | {"appendonly": "no"})
        try:
            for wait in (cluster.start(supervisor, print), valkey.start(supervisor)):
                wait()
            bootstrap(cluster.superuser_url, DATABASE, passwords(all_addresses(folder)), testing=True)
            write_privately(ready, f'{{"pid": {os.getpid()}}}')
            _wait_until_unused(folder, supervisor, idle)
        finally:
            ready.unlink(missing_ok=True)
            supervisor.stop()


def _wait_until_unused(folder: Folder, supervisor: Supervisor, idle: float) -> None:
    used_at = time.monotonic()
    while time.monotonic() - used_at < idle:
        supervisor.pause(TICK)
        with (folder.path / "users").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                used_at = time.monotonic()


if __name__ == "__main__":
    try:
        serve(Folder(Path(sys.argv[1])))
    except Problem as problem:
        sys.exit(str(problem))
