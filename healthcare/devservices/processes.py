"""Start child processes, keep them running, and leave none behind. Standard library only, one thread."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from healthcare.devservices.environment import Problem, last_line
from healthcare.devservices.folder import BASE_DIR

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TICK = 0.1  # seconds
STEADY = 30.0  # seconds after which an earlier death is forgotten
LONGEST_PAUSE = 30.0  # seconds between two starts of a child that keeps dying
LOG_BYTES = 5 * 1024 * 1024


class Stopped(Exception):
    """Somebody asked us to stop: Ctrl-C, SIGTERM, or the terminal went away."""


@dataclass(frozen=True)
class Program:
    """What to run. `stop` is the signal that asks it to end; `account` the user and group it runs as."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop: signal.Signals = signal.SIGTERM
    account: tuple[int, int] | None = None
    folder: Path = BASE_DIR


class Child:
    """A program that is kept running."""

    def __init__(self, program: Program, log: Path) -> None:
        self.program = program
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.deaths = 0
        self.started_at = 0.0
        self.due_at = 0.0

    @property
    def name(self) -> str:
        return self.program.name

    def start(self) -> None:
        program = self.program
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        user, group = program.account or (None, None)
        with open(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as output:
            self.process = subprocess.Popen(
                program.command,
                cwd=program.folder,
                env={**os.environ, **program.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=user,
                group=group,
                extra_groups=[] if program.account else None,
                start_new_session=True,  # Ctrl-C reaches us alone, and we stop the children in order
                preexec_fn=_die_with_parent(program.stop),
            )
        self.started_at = time.monotonic()

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self.process.poll() if self.process else -signal.SIGKILL

    def is_running(self) -> bool:
        return self.poll() is None

    def ask_to_stop(self) -> None:
        if self.process is not None and self.is_running():
            self.process.send_signal(self.program.stop)

    def finish(self, until: float) -> None:
        """Wait until the monotonic time given, then kill; sweep up what is left of its process group."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, until - time.monotonic()))
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


class Supervisor:
    """Children in the order of their start; they end in the opposite one."""

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        self.logs = logs
        self.say = say
        self.children: list[Child] = []
        self.stopping = False
        self.handlers: dict[signal.Signals, Any] = {}  # those that were there before ours

    def listen(self) -> None:
        """Turn SIGINT, SIGTERM and SIGHUP into Stopped, raised where we wait and nowhere else."""
        for number in ASKING:
            self.handlers[number] = signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def start(self, program: Program) -> Child:
        child = Child(program, self.logs / f"{program.name}.log")
        self.children.append(child)
        child.start()
        return child

    def wait_for(self, condition: Callable[[], bool], child: Child, seconds: float) -> None:
        """Until the condition holds. Raises Stopped, or Problem when the child ends or the time is over."""
        until = time.monotonic() + seconds
        while not condition():
            self.pause(0.02)
            if not child.is_running():
                raise Problem(
                    f"{child.name} did not start; the last line of {child.log}: {last_line(child.log.read_text())}"
                )
            if time.monotonic() > until:
                raise Problem(f"{child.name} did not answer within {seconds:.0f} s; see {child.log}")

    def run_once(self, program: Program) -> None:
        """Run a step to its end. Raises Stopped, or Problem when it fails."""
        log = self.logs / f"{program.name}.log"
        if self.run_to_end(program):
            raise Problem(f"{program.name} failed; the last line of {log}: {last_line(log.read_text())}")

    def run_to_end(self, program: Program) -> int:
        """The exit code of a program that ends by itself. Raises Stopped."""
        child = Child(program, self.logs / f"{program.name}.log")
        self.children.append(child)
        try:
            child.start()
            while (code := child.poll()) is None:
                self.pause(0.02)
            return code
        finally:
            child.ask_to_stop()
            child.finish(time.monotonic() + 3)
            self.children.remove(child)

    def pause(self, seconds: float) -> None:
        if self.stopping:
            raise Stopped
        time.sleep(seconds)

    def watch(self) -> None:
        """Start again whatever ends, until Stopped."""
        while True:
            self.pause(TICK)
            for child in self.children:
                if not child.is_running():
                    self._start_again(child)

    def _start_again(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is not None:
            if now - child.started_at > STEADY:
                child.deaths = 0
            pause = min(LONGEST_PAUSE, 2.0**child.deaths)
            self.say(f"{child.name} ended ({_ending(child.process.returncode)}); it starts again in {pause:.0f} s.")
            child.deaths += 1
            child.due_at = now + pause
            child.finish(now)
        elif now >= child.due_at:
            child.start()

    def stop(self, seconds: float = 8.0) -> None:
        """End every child within about this many seconds: those that use the servers first, then the servers."""
        for number in ASKING:
            handler = signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C does not leave half of them behind
            self.handlers.setdefault(number, handler)
        servers = [child for child in self.children if child.name in SERVERS]
        others = [child for child in self.children if child.name not in SERVERS]
        for group, share in ((others, 0.6), (servers, 0.4)):
            until = time.monotonic() + seconds * share
            for child in group:
                child.ask_to_stop()
            for child in group:
                child.finish(until)
        self.children.clear()
        for number, handler in self.handlers.items():
            signal.signal(number, handler)
        self.handlers.clear()


SERVERS = ("postgres", "cache", "broker")


def _die_with_parent(number: int) -> Callable[[], None] | None:
    """For preexec_fn: the kernel sends this signal when we die, even by SIGKILL. Linux only (prctl(2))."""
    if LIBC is None:
        return None
    parent, prctl = os.getpid(), LIBC.prctl

    def arrange() -> None:
        for asking in ASKING:  # nohup and a shell's background ignore some of them, and that is inherited
            signal.signal(asking, signal.SIG_DFL)
        prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it died between fork and here
            os._exit(1)

    return arrange


def _ending(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
