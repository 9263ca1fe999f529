"""Make `.venv` from a hashed lock and start the command again inside. Nothing but the standard library here."""

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import IO

DEMO, DEVELOPMENT = "demo.txt", "development.txt"
LOCKS = {"verify": DEVELOPMENT}  # every other command is content with the demo's packages
DJANGO = (5, 2)
NEEDED_BYTES = 700 * 1024 * 1024
STAMP = ".healthcare.json"
INSTALLING = "installing"


class Problem(Exception):
    """What stands in the way, in one line that says what to do. manage.py prints it and exits with 2."""


def enter(base: str | Path, command: str) -> None:
    """Return when this Python can run the command; else make `.venv`, and replace this process by one inside it.

    An environment made by somebody else is used as it is. Raises Problem.
    """
    base = Path(base).resolve()
    venv = Venv(base)
    if venv.is_running_us():
        if not venv.is_ours():
            return _check_importable()
    elif django_is_here():
        return None
    elif venv.is_foreign():
        return venv.replace_this_process()
    wanted = venv.lock_for(command)
    if venv.holds(wanted):
        if venv.is_running_us():
            return None
    else:
        with _terminating(), _one_at_a_time(base):
            if not venv.holds(wanted):
                venv.install(wanted)
    return venv.replace_this_process()


def django_is_here() -> bool:
    """Whether this Python has a Django new enough, not the one some distribution put there."""
    if importlib.util.find_spec("django") is None or importlib.util.find_spec("psycopg") is None:
        return False
    version = importlib.metadata.version("django").split(".")
    return tuple(int(part) for part in version[:2]) >= DJANGO


def _check_importable() -> None:
    if not django_is_here():
        raise Problem(f"{sys.prefix} has no Django {'.'.join(map(str, DJANGO))}: remove it, and it is made anew.")


class Venv:
    """The folder `.venv` beside manage.py, and the stamp in it that says which lock it was made from."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.path = base / ".venv"
        self.python = self.path / "bin" / "python"
        self.stamp = self.path / STAMP

    def is_running_us(self) -> bool:
        return Path(sys.prefix).resolve() == self.path.resolve()

    def is_ours(self) -> bool:
        return self.stamp.exists()

    def is_foreign(self) -> bool:
        """A `.venv` that works and that we did not make (with uv, say)."""
        packages = self.path.glob("lib/python3.*/site-packages/django/__init__.py")
        return not self.is_ours() and self.python.exists() and any(packages)

    def lock_for(self, command: str) -> str:
        """The development lock holds the demo's packages as well, so an environment is never made smaller."""
        return DEVELOPMENT if self._read().get("lock") == DEVELOPMENT else LOCKS.get(command, DEMO)

    def holds(self, lock: str) -> bool:
        return self.python.exists() and self._read() == self._stamp_of(lock)

    def install(self, lock: str) -> None:
        """Install the lock, from nothing when there is no sound environment. Raises Problem."""
        known = self._read()
        fresh = known.get("lock") in (None, INSTALLING) or known.get("python") != _python() or not self.python.exists()
        started = time.monotonic()
        os.umask(0o022)  # another account may have to run PostgreSQL from here
        try:
            if fresh:
                self._make()
            self._write({"lock": INSTALLING})
        except OSError as problem:
            raise Problem(
                f"{self.base} cannot be written ({problem.strerror}): copy the project elsewhere."
            ) from problem
        install_packages(self.python, self.base / "requirements" / lock, self.path / "pip.log")
        self._write(self._stamp_of(lock))
        print(f"The environment is ready ({time.monotonic() - started:.0f} s).", flush=True)

    def replace_this_process(self) -> None:
        os.execv(self.python, [str(self.python), *sys.argv])  # noqa: S606  (no shell, our own interpreter)

    def _make(self) -> None:
        check_machine(self.base)
        print("Making the environment .venv; this happens once and takes about a minute.", flush=True)
        if self.path.exists():
            shutil.rmtree(self.path)
        self.path.mkdir()
        self._write({"lock": INSTALLING})
        outside = getattr(sys, "_base_executable", sys.executable)  # never the environment that is being replaced
        made = subprocess.run([outside, "-m", "venv", self.path], capture_output=True, text=True)
        if made.returncode:
            raise Problem(f"python3 -m venv failed: {last_line(made.stdout + made.stderr)}")

    def _read(self) -> dict[str, str]:
        try:
            return dict(json.loads(self.stamp.read_text()))
        except (OSError, ValueError):
            return {}

    def _write(self, content: dict[str, str]) -> None:
        self.stamp.write_text(json.dumps(content))

    def _stamp_of(self, lock: str) -> dict[str, str]:
        digest = hashlib.sha256((self.base / "requirements" / lock).read_bytes()).hexdigest()
        return {"lock": lock, "sha256": digest, "python": _python()}


def check_machine(base: Path) -> None:
    """Raise Problem for what can be seen before a minute is spent."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Problem("Python's venv module is missing. Install python3-venv: apt install python3-venv")
    if not os.access(base, os.W_OK):
        raise Problem(f"{base} cannot be written: copy the project to a folder of your own, or change its owner.")
    free = shutil.disk_usage(base).free
    if free < NEEDED_BYTES:
        needed = NEEDED_BYTES // 1024**2
        raise Problem(f"{base} has {free // 1024**2} MB free; {needed} MB are needed: make room, then start again.")


def install_packages(python: Path, lock: Path, log: Path) -> None:
    """Run pip over a hashed lock, telling now and then how far it is. Raises Problem naming pip's log."""
    total = lock.read_text().count("==")
    print(f"Installing {total} packages from requirements/{lock.name}:", flush=True)
    command = [
        str(python),
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--no-deps",
        "--no-compile",
        "--progress-bar=off",
    ]
    command += ["--disable-pip-version-check", "--no-input", "-r", str(lock)]
    with log.open("w") as record, _started(command) as pip:
        _follow(pip.stdout or io.StringIO(), record, total)
    if pip.returncode:
        text = log.read_text()
        errors = [line for line in text.splitlines() if line.startswith("ERROR:")] or [last_line(text)]
        raise Problem(f"The packages could not be installed; see {log}. pip says: {errors[-1]}")


def _follow(lines: IO[str], record: IO[str], total: int, every: float = 5.0) -> None:
    """Copy pip's lines to the log; every few seconds say how many packages it has reached."""
    seen, told = 0, time.monotonic()
    for line in lines:
        record.write(line)
        seen += line.startswith("Collecting ")
        if line.startswith("Installing collected"):
            print("  all fetched, unpacking", flush=True)
        elif time.monotonic() - told > every:
            print(f"  {seen} of {total} fetched", flush=True)
            told = time.monotonic()


@contextlib.contextmanager
def _started(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        except BaseException:
            process.terminate()
            raise


@contextlib.contextmanager
def _one_at_a_time(base: Path) -> Iterator[None]:
    """Two first starts take turns; the lock goes with the process that holds it."""
    folder = os.open(base, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


@contextlib.contextmanager
def _terminating() -> Iterator[None]:
    """Let SIGTERM end an installation as Ctrl-C does, with pip."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise Problem("Stopped while the environment was being made; the next start repairs it.")

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _python() -> str:
    return "{}.{}".format(*sys.version_info)


def last_line(text: str) -> str:
    """The last line with something on it."""
    return (text.strip().splitlines() or ["(no output)"])[-1]
