"""The machine under test: what it is, and how much processor time the processes behind a port have used (Linux)."""

import os
import platform
import socket
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

PROC = Path("/proc")
TICK = os.sysconf("SC_CLK_TCK")
LISTENING = "0A"


def describe(base: Path) -> dict[str, str | int]:
    """Cores that this process may use, the processor's own name, and the commit of the code."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": processor(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "python": platform.python_version(),
        "commit": commit(base),
    }


def processor() -> str:
    for line in (PROC / "cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def commit(base: Path) -> str:
    """The short hash, with `+` where files differ from it; "unknown" without git."""
    try:
        asked = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
            cwd=base,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return asked.stdout.strip()


# == Who listens ==
def is_here(host: str) -> bool:
    """Whether the host is this machine, so that its processes can be seen."""
    try:
        address = socket.gethostbyname(host)
    except OSError:
        return False
    return address.startswith("127.") or host in {"::1", ""}


def listeners(port: int) -> set[int]:
    """The processes that hold a listening socket on this port; those of other users only as root."""
    inodes = {f"socket:[{inode}]" for inode in _listening(port)}
    return {pid for pid in _pids() if inodes & _sockets(pid)} if inodes else set()


def _listening(port: int) -> set[str]:
    found = set()
    for table in ("tcp", "tcp6"):
        path = PROC / "net" / table
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            columns = line.split()
            if columns[3] == LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
                found.add(columns[9])
    return found


def _sockets(pid: int) -> set[str]:
    folder = f"{PROC}/{pid}/fd"
    try:
        entries = os.listdir(folder)
    except OSError:
        return set()
    found = set()
    for entry in entries:
        with suppress(OSError):  # closed meanwhile
            found.add(os.readlink(f"{folder}/{entry}"))
    return found


def _pids() -> list[int]:
    return [int(name) for name in os.listdir(PROC) if name.isdigit()]


# == Clocks ==
@dataclass(frozen=True)
class Times:
    """One process; seconds of processor time, its own and of the children it has buried."""

    parent: int
    own: float
    buried: float


def times_of(pid: int) -> Times | None:
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    columns = text.rpartition(")")[2].split()  # the name in brackets may hold anything; field 3 comes first here
    user, system, buried_user, buried_system = (int(column) for column in columns[11:15])
    return Times(int(columns[1]), (user + system) / TICK, (buried_user + buried_system) / TICK)


def used_by(roots: Iterable[int]) -> float:
    """Seconds used by these processes and all below them. A child that ends is kept in its parent's account."""
    table = {pid: times for pid in _pids() if (times := times_of(pid))}
    children: dict[int, list[int]] = {}
    for pid, times in table.items():
        children.setdefault(times.parent, []).append(pid)
    seen: set[int] = set()
    waiting = [pid for pid in roots if pid in table]
    while waiting:
        pid = waiting.pop()
        if pid not in seen:
            seen.add(pid)
            waiting += children.get(pid, [])
    return sum(table[pid].own + table[pid].buried for pid in seen)


def used_by_all() -> float:
    """Seconds that all cores together were not idle: `/proc/stat`, without waiting for disks."""
    columns = [int(column) for column in (PROC / "stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = columns[3] + columns[4]
    return (sum(columns) - idle) / TICK


@dataclass
class Clock:
    """Reads processor time by part of the system; a part whose processes are not to be seen here is left out."""

    parts: dict[str, set[int]]

    @classmethod
    def of(cls, addresses: dict[str, str]) -> "Clock":
        """`addresses` are URLs by part, such as `{"web": "http://127.0.0.1:8000"}`."""
        found = {}
        for part, address in addresses.items():
            url = urlsplit(address)
            if url.port and is_here(url.hostname or "") and (pids := listeners(url.port)):
                found[part] = pids
        return cls(found)

    def read(self) -> dict[str, float]:
        used = {part: used_by(pids) for part, pids in self.parts.items()}
        return used | {"generator": time.process_time(), "machine": used_by_all()}
