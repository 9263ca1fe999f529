"""Children are restarted when they die, end when asked, and never outlive us."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from healthcare.devservices import processes
from healthcare.devservices.environment import Problem
from healthcare.devservices.folder import BASE_DIR, Folder
from healthcare.devservices.postgres import is_alive
from healthcare.devservices.processes import Child, Program, Stopped, Supervisor

STUBBORN = "trap '' TERM; touch {file}; while :; do sleep 1; done"
GRANDPARENT = "sleep 1000 & echo $! > {file}; wait"
PARENT = """
import sys, time
from pathlib import Path
from healthcare.devservices.processes import Program, Supervisor
supervisor = Supervisor(Path(sys.argv[1]), print)
child = supervisor.start(Program("orphan", ["sleep", "1000"]))
print(child.process.pid, flush=True)
time.sleep(1000)
"""


def shell(script: str, name: str = "child", stop: signal.Signals = signal.SIGTERM) -> Program:
    return Program(name, ["/bin/sh", "-c", script], stop=stop)


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def watch_until(supervisor: Supervisor, condition: Callable[[], bool]) -> None:
    """watch() until the condition holds, which asks it to stop."""
    ask = supervisor.pause
    until = time.monotonic() + 10

    def pause(seconds: float) -> None:
        supervisor.stopping = condition() or time.monotonic() > until
        ask(0.02)

    supervisor.pause = pause
    with pytest.raises(Stopped):
        supervisor.watch()
    assert condition()


def pid_of(child: Child) -> int:
    assert child.process is not None
    return child.process.pid


def test_a_killed_child_is_started_again(supervisor: Supervisor, said: list[str]) -> None:
    child = supervisor.start(shell("sleep 1000"))
    first = pid_of(child)
    os.kill(first, signal.SIGKILL)
    watch_until(supervisor, lambda: child.is_running() and pid_of(child) != first)
    assert said == ["child ended (killed by SIGKILL); it starts again in 1 s."]


def test_the_pause_between_starts_grows(supervisor: Supervisor, said: list[str]) -> None:
    child = supervisor.start(shell("exit 3"))
    watch_until(supervisor, lambda: child.deaths == 2)
    assert said[0] == "child ended (exit code 3); it starts again in 1 s."
    assert said[1] == "child ended (exit code 3); it starts again in 2 s."


def test_a_steady_child_begins_its_pauses_anew(
    supervisor: Supervisor, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "STEADY", -1.0)
    child = supervisor.start(shell("exit 3"))
    child.deaths = 7
    watch_until(supervisor, lambda: bool(said))
    assert said == ["child ended (exit code 3); it starts again in 1 s."]


def test_grandchildren_end_too(supervisor: Supervisor, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    supervisor.start(shell(GRANDPARENT.format(file=file)))
    assert eventually(lambda: file.exists() and file.read_text().endswith("\n"))
    grandchild = int(file.read_text())
    assert is_alive(grandchild)
    supervisor.stop()
    assert eventually(lambda: not is_alive(grandchild))


def test_a_stubborn_child_is_killed_in_time(supervisor: Supervisor, tmp_path: Path) -> None:
    child = supervisor.start(shell(STUBBORN.format(file=tmp_path / "ready")))
    pid = pid_of(child)
    assert eventually((tmp_path / "ready").exists)
    started = time.monotonic()
    supervisor.stop(seconds=1.0)
    assert time.monotonic() - started < 5  # 0.6 s of patience, on a machine that may be busy
    assert not is_alive(pid)


def test_servers_end_after_those_that_use_them(supervisor: Supervisor, tmp_path: Path) -> None:
    order = tmp_path / "order"
    script = "trap 'echo {name} >> {order}; exit' INT TERM; touch {order}.{name}; while :; do sleep 0.05; done"
    for name in ("postgres", "web"):
        supervisor.start(shell(script.format(name=name, order=order), name))
        assert eventually(Path(f"{order}.{name}").exists)
    supervisor.stop()
    assert order.read_text().split() == ["web", "postgres"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_ask_us_to_stop(supervisor: Supervisor, number: signal.Signals) -> None:
    supervisor.listen()
    os.kill(os.getpid(), number)
    with pytest.raises(Stopped):
        supervisor.watch()


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_children_end_with_a_parent_that_was_killed(folder: Folder) -> None:
    command = [sys.executable, "-c", PARENT, str(folder.logs)]
    with subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        orphan = int(parent.stdout.readline())
        assert is_alive(orphan)
        parent.kill()
        parent.wait()
        assert eventually(lambda: not is_alive(orphan))


def test_what_the_shell_told_us_to_ignore_our_children_do_not(supervisor: Supervisor) -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        child = supervisor.start(shell("exec sleep 1000"))
        child.ask_to_stop()
        assert eventually(lambda: child.poll() == -signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_afterwards_signals_do_what_they_did_before(supervisor: Supervisor) -> None:
    before = [signal.getsignal(number) for number in processes.ASKING]
    supervisor.listen()
    supervisor.stop()
    assert [signal.getsignal(number) for number in processes.ASKING] == before


def test_without_prctl_children_start_all_the_same(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LIBC", None)
    assert supervisor.run_to_end(shell("exit 0")) == 0


def test_a_step_that_fails_names_its_log_and_last_line(supervisor: Supervisor) -> None:
    with pytest.raises(Problem, match=r"migrate failed; the last line of .*migrate.log: no such table"):
        supervisor.run_once(shell("echo one; echo no such table; exit 1", "migrate"))
    assert supervisor.children == []


def test_a_step_that_succeeds_says_nothing(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.run_once(shell("echo done"))
    assert said == []


def test_a_step_is_ended_when_we_are_asked_to_stop(supervisor: Supervisor) -> None:
    supervisor.stopping = True
    with pytest.raises(Stopped):
        supervisor.run_once(shell("sleep 1000"))
    assert supervisor.children == []


def test_waiting_ends_with_the_child(supervisor: Supervisor) -> None:
    child = supervisor.start(shell("echo cannot bind; exit 1"))
    with pytest.raises(Problem, match=r"child did not start; the last line of .*: cannot bind"):
        supervisor.wait_for(lambda: False, child, 10)


def test_waiting_ends_in_time(supervisor: Supervisor) -> None:
    child = supervisor.start(shell("sleep 1000"))
    with pytest.raises(Problem, match="did not answer within 0 s"):
        supervisor.wait_for(lambda: False, child, 0.05)


def test_a_long_log_is_put_aside(supervisor: Supervisor, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG_BYTES", 3)
    supervisor.run_to_end(shell("echo first"))
    supervisor.run_to_end(shell("echo second"))
    assert (folder.logs / "child.log").read_text() == "second\n"
    assert (folder.logs / "child.log.1").read_text() == "first\n"


def test_logs_are_private(supervisor: Supervisor, folder: Folder) -> None:
    supervisor.run_to_end(shell("echo anything"))
    assert (folder.logs / "child.log").stat().st_mode & 0o777 == 0o600


def test_stopping_what_never_started_is_harmless(folder: Folder) -> None:
    child = Child(shell("exit 0"), folder.logs / "child.log")
    child.ask_to_stop()
    child.finish(0)
    assert not child.is_running()
