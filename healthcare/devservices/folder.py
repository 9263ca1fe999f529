"""The data folder (`.data`, or DATA_DIR): its stamp, its lock, its secrets, its ports. Standard library only."""

import base64
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from healthcare.devservices.environment import Problem

BASE_DIR = Path(__file__).resolve().parent.parent.parent
FORMAT = {"format": 1, "postgresql": 18}
LOGINS = ("owner", "web", "worker", "backup", "tester")
PORTS = ("postgres", "cache", "broker", "smtp", "mail", "carriers", "live")


def chosen() -> Path:
    """DATA_DIR, or `.data` beside manage.py. Read here as well as in settings: servers start before settings exist."""
    return Path(os.environ.get("DATA_DIR") or BASE_DIR / ".data").resolve()


class Folder:
    """One data folder. Two demos on one folder are impossible; two folders live side by side."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.secrets = path / "secrets"
        self.logs = path / "logs"

    def prepare(self) -> None:
        """Make what is missing. Idempotent. Raises Problem when the folder is of another version, or not ours."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._check_stamp()
            # Other people may pass through (PostgreSQL runs as another user when we are root), but not look round.
            self.path.chmod(0o711)
            self.secrets.mkdir(mode=0o700, exist_ok=True)
            self.logs.mkdir(mode=0o700, exist_ok=True)
            self._make_secrets()
        except OSError as problem:
            reason = problem.strerror or problem
            raise Problem(f"{self.path} cannot be written ({reason}): set DATA_DIR to a folder of yours.") from problem

    def _check_stamp(self) -> None:
        stamp = self.path / "format.json"
        if not stamp.exists():
            if set(os.listdir(self.path)) - {"lock", "test", "verify"}:
                raise Problem(f"{self.path} holds files that are not the clinic's: set DATA_DIR to another folder.")
            write_privately(stamp, json.dumps(FORMAT))
        found = read_json(stamp)
        if found != FORMAT:
            raise Problem(
                f"{self.path} was made by another version ({_words(found)}; this is {_words(FORMAT)}): move it away, or"
                " start afresh with: python3 manage.py demo --reset"
            )

    def _make_secrets(self) -> None:
        self._make_secret("secret-key", secrets.token_urlsafe(48))
        self._make_secret("superuser", secrets.token_urlsafe(24))
        self._make_secret("valkey", secrets.token_urlsafe(24))
        self._make_secret("twilio", secrets.token_hex(16))
        self._make_secret("database-roles.json", json.dumps({name: secrets.token_urlsafe(24) for name in LOGINS}))
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        self._make_secret("backup-key", base64.b64encode(secrets.token_bytes(32)).decode())
        self._make_secret("field-keys.json", json.dumps({"current": "k1", "keys": {"k1": key}}))

    def _make_secret(self, name: str, value: str) -> None:
        if not (self.secrets / name).exists():
            write_privately(self.secrets / name, value)

    def secret(self, name: str) -> str:
        return (self.secrets / name).read_text()

    def ports(self) -> dict[str, int]:
        """A port of the loopback for each service, chosen once and kept, so that addresses survive a restart."""
        kept = read_json(self.path / "ports.json")
        if set(kept) != set(PORTS):
            kept = self.choose_ports()
        return kept

    def choose_ports(self) -> dict[str, int]:
        """Free ports for all services, kept in ports.json; those that are kept already and are free stay."""
        kept = read_json(self.path / "ports.json")
        with contextlib.ExitStack() as held:
            ports = {name: held.enter_context(_held_port(kept.get(name, 0))) for name in PORTS}
        write_privately(self.path / "ports.json", json.dumps(ports))
        return ports

    @contextlib.contextmanager
    def locked(self, by: str) -> Iterator[None]:
        """Hold the folder; the lock goes when the process goes, however it goes. Raises Problem naming the holder."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            file = (self.path / "lock").open("a+")
        except OSError as problem:
            raise Problem(f"{self.path} cannot be written ({problem.strerror}): set DATA_DIR to another.") from problem
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as problem:
                file.seek(0)
                holder = file.read().strip() or "another process"
                raise Problem(
                    f"{holder} is running on {self.path}: stop it first, or set DATA_DIR to another folder."
                ) from problem
            file.truncate(0)
            file.write(f"{by} (process {os.getpid()})")
            file.flush()
            yield

    def reset(self) -> None:
        """Remove all data. Refuses a folder that does not carry the stamp. Call it with the lock held."""
        if not (self.path / "format.json").exists():
            return
        for entry in self.path.iterdir():
            if entry.name == "lock":
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()


def write_privately(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError):
        return {}


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@contextlib.contextmanager
def _held_port(wanted: int) -> Iterator[int]:
    """The port if it is free, else any other; held until all are chosen, so that no two are the same."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", wanted if wanted and port_is_free(wanted) else 0))
        yield probe.getsockname()[1]


def _words(stamp: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in stamp.items()) or "unreadable"
