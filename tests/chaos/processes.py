"""Real second processes, killed by their own ids and never by a name."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from healthcare.devservices.valkey import binary

PATIENCE = 120.0  # seconds; a loaded machine starts Python slowly


def wait_for(what: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Poll an effect, never a log; returns what was true in the end."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"It did not happen within {patience:.0f} s.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A child in a session of its own; its output goes to a file, since a full pipe would block it."""

    def __init__(self, command: list[str], log: Path, environment: dict[str, str]) -> None:
        with log.open("ab") as output:
            self.child = subprocess.Popen(
                command,
                cwd=settings.BASE_DIR,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()

    def ends(self) -> int:
        return self.child.wait(PATIENCE)


class Valkey:
    """A broker that may be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process: Process | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = [
            str(binary()),
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]
        self.process = Process(command, self.folder / "valkey.log", dict(os.environ))
        wait_for(self.answers)

    def answers(self) -> bool:
        return self.say("PING").startswith("+PONG")

    def say(self, command: str) -> str:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                line.sendall(f"{command}\r\n".encode())
                return line.recv(256).decode()
        except OSError:
            return ""

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()


class House:
    """The clinic's processes over the test's database: start some, kill some."""

    def __init__(self, folder: Path, valkey: Valkey, email_url: str) -> None:
        self.folder, self.valkey = folder, valkey
        at = connection.settings_dict
        self.environment = os.environ | {
            "DATABASE_URL": f"postgresql://{at['HOST']}:{at['PORT']}/{at['NAME']}",
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            "REDIS_URL": valkey.url,
            "BROKER_URL": valkey.url,
            "EMAIL_URL": email_url,
            "PYTHONPATH": str(settings.BASE_DIR),
        }
        self.children: list[Process] = []

    def relay(self, **environment: str) -> Process:
        return self._start("relay", ["manage.py", "relay"], "worker", environment)

    def worker(self, **environment: str) -> Process:
        command = ["-m", "celery", "--app=healthcare.celery", "worker", "--pool=solo", "--without-gossip"]
        command += ["--without-mingle", "--queues=urgent,default,bulk,sync,maintenance"]
        return self._start("worker", command, "worker", environment)

    def beat(self) -> Process:
        command = ["-m", "celery", "--app=healthcare.celery", "beat", "--pidfile="]
        return self._start("beat", [*command, f"--schedule={self.folder / 'schedule'}"], "worker", {})

    def web(self, code: str) -> Process:
        """A page's process that runs this and ends, or is ended."""
        return self._start("web", ["-c", f"import django; django.setup()\n{code}"], "web", {})

    def _start(self, name: str, arguments: list[str], login: str, more: dict[str, str]) -> Process:
        environment = self.environment | more | {"HC_PROCESS": login}
        process = Process([sys.executable, *arguments], self.folder / f"{name}.log", environment)
        self.children.append(process)
        return process

    def logs(self) -> str:
        return "\n".join(f"== {path.name}\n{path.read_text()[-4000:]}" for path in sorted(self.folder.glob("*.log")))

    def close(self) -> None:
        for child in self.children:
            child.kill()
        self.valkey.kill()
