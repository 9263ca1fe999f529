"""The demo as anybody starts it, and what a test may ask of it besides its pages."""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from healthcare.devservices.addresses import NAMES
from healthcare.devservices.folder import BASE_DIR
from healthcare.devservices.testing import MARK

PATIENCE = 900  # seconds; two of them are prepared at once, on two cores
T = TypeVar("T")
STEP = 30  # seconds a code is shown; RFC 6238


@dataclass(frozen=True)
class Account:
    role: str
    email: str
    password: str
    totp_secret: str = ""


@dataclass
class Clinic:
    """Where everything is, who can sign in, and what was sent."""

    base_url: str
    accounts: list[Account]
    mail_catcher: str
    databases: dict[str, str]
    programs: list[dict[str, Any]] = field(default_factory=list)
    spent: dict[str, int] = field(default_factory=dict)

    def account(self, name: str) -> Account:
        """The first account of this role, or the one whose e-mail begins so."""
        return next(one for one in self.accounts if name == one.role or one.email.startswith(f"{name}@"))

    def code(self, secret: str) -> str:
        """What the authenticator shows; no code twice, as each is taken once. Waits when two were used in one step."""
        now = int(time.time()) // STEP
        step = max(now, self.spent.get(secret, 0) + 1)
        while step > int(time.time()) // STEP + 1:
            time.sleep(0.5)
        self.spent[secret] = step
        return totp(secret, step)

    def mails_to(self, address: str) -> list[dict[str, str]]:
        """Newest first."""
        with urllib.request.urlopen(f"{self.mail_catcher}messages.json", timeout=5) as answer:
            return [mail for mail in json.load(answer) if mail["to"] == address]

    def link_mailed_to(self, address: str, subject: str) -> str:
        """The link in the newest mail of this subject; waits for the worker."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            for mail in self.mails_to(address):
                if subject in mail["subject"]:
                    found = re.search(r"https?://\S+", mail["text"])
                    assert found, mail["text"]
                    return found[0]
            time.sleep(0.2)
        raise AssertionError(f"No mail about {subject!r} came for {address}.")

    def mail_about(self, address: str, words: str) -> dict[str, str] | None:
        """The newest mail to this address whose text has these words."""
        return next((mail for mail in self.mails_to(address) if words in mail["text"]), None)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds, past every wall: for what no page shows."""
        with psycopg.connect(self.databases["owner"], autocommit=True) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def let_pass(self, email: str, minutes: int, column: str) -> None:
        """As if the sessions of this person had last done so, or proven it, so many minutes earlier."""
        assert column in {"last_action_at", "stepped_up_at"}
        with psycopg.connect(self.databases["owner"], autocommit=True) as connection:
            connection.execute(
                f"UPDATE accounts_session SET {column} = {column} - make_interval(mins => %s)"
                " WHERE user_id = (SELECT id FROM accounts_user WHERE email = %s)",
                (minutes, email),
            )


def eventually(found: Callable[[], T | None], *, seconds: int = 120) -> T:
    """What a worker makes, as soon as it is there."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (seen := found()) is not None:
            return seen
        time.sleep(0.3)
    raise AssertionError(f"It did not come within {seconds} s.")


def totp(secret: str, step: int) -> str:
    """The code of this step: RFC 6238 over RFC 4226, written anew so that the product does not check itself."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Clinic]:
    """Start the demo, wait until it is open, and at the end see to it that nothing of it is left."""
    port = free_port()
    command = [sys.executable, "manage.py", "demo", "--port", str(port)]
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=BASE_DIR,
            env=surroundings(folder / "data"),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield described(await_description(folder, process))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    left = processes_of(folder / "data")
    assert not left, f"The demo left behind: {left}"


def surroundings(data: Path) -> dict[str, str]:
    """As on a machine where nothing is configured, whatever this test run was told."""
    ours = {*NAMES, MARK, "BOOTSTRAP_DATABASE_URL", "DJANGO_SETTINGS_MODULE", "HC_PROCESS", "COVERAGE_FILE"}
    return {name: value for name, value in os.environ.items() if name not in ours} | {"DATA_DIR": str(data)}


def await_description(folder: Path, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if "Ctrl-C closes" in (folder / "output").read_text():
            return dict(json.loads((folder / "data" / "demo.json").read_text()))
        time.sleep(0.1)
    process.kill()
    raise AssertionError(f"The demo did not open:\n{(folder / 'output').read_text()[-3000:]}")


def described(told: dict[str, Any]) -> Clinic:
    return Clinic(
        base_url=told["base_url"],
        accounts=[Account(**account) for account in told["accounts"]],
        mail_catcher=told["mail_catcher"],
        databases=told["databases"],
        programs=told["oauth_clients"],
    )


def processes_of(data: Path) -> list[str]:
    """The command lines of running processes that work in this data folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                about = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                if str(data).encode() in about:
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
