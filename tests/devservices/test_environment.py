"""The environment is made, repaired and left alone, with executables that only pretend."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from healthcare.devservices import environment
from healthcare.devservices.environment import Problem, Venv
from healthcare.devservices.folder import BASE_DIR

PIP = """#!/bin/sh
echo "$@" >> {calls}
if [ -e {failing} ]; then echo "ERROR: no such package"; exit 1; fi
echo "Collecting django==5.2.19"
echo "Installing collected packages: django"
"""
PYTHON = """#!/bin/sh
echo "$@" >> {calls}
mkdir -p "$3/bin"
cp {pip} "$3/bin/python"
"""


class Replaced(Exception):
    """Instead of os.execv: this process would be another one now."""


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two locks, on a Python that has no Django and whose venv and pip only pretend."""
    (tmp_path / "requirements").mkdir()
    for name in ("demo.txt", "development.txt"):
        (tmp_path / "requirements" / name).write_text(f"django==5.2.19 # {name}\n")
    paths = {name: tmp_path / name for name in ("calls", "failing", "pip")}
    executable(paths["pip"], PIP.format(**paths))
    executable(tmp_path / "python3", PYTHON.format(**paths))
    monkeypatch.setattr(sys, "_base_executable", str(tmp_path / "python3"))
    monkeypatch.setattr(environment, "django_is_here", lambda: False)

    def replaced(path: Path, arguments: list[str]) -> None:
        raise Replaced(arguments)

    monkeypatch.setattr(os, "execv", replaced)
    return tmp_path


def executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def calls(base: Path) -> list[str]:
    path = base / "calls"
    return path.read_text().splitlines() if path.exists() else []


def enter(base: Path, command: str = "demo") -> None:
    with pytest.raises(Replaced):
        environment.enter(base, command)


def test_makes_an_environment_once(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    enter(base)
    assert len(calls(base)) == 2  # venv, pip
    assert "--require-hashes" in calls(base)[1]
    assert calls(base)[1].endswith("requirements/demo.txt")
    assert "Installing 1 packages" in capsys.readouterr().out
    enter(base)
    assert len(calls(base)) == 2


def test_starts_the_same_command_again_inside(base: Path) -> None:
    with pytest.raises(Replaced) as replaced:
        environment.enter(base, "demo")
    assert replaced.value.args[0] == [str(base / ".venv/bin/python"), *sys.argv]


def test_verify_adds_what_the_demo_lacks(base: Path) -> None:
    enter(base)
    enter(base, "verify")
    assert calls(base)[-1].endswith("requirements/development.txt")
    assert not any("-m venv" in call for call in calls(base)[1:])


def test_the_demo_is_content_with_the_larger_environment(base: Path) -> None:
    enter(base, "verify")
    before = calls(base)
    enter(base)
    assert calls(base) == before


def test_a_changed_lock_is_installed_on_top(base: Path) -> None:
    enter(base)
    (base / "requirements/demo.txt").write_text("django==5.2.20\n")
    enter(base)
    assert [call.partition(" ")[2][:4] for call in calls(base)] == ["venv", "pip ", "pip "]


def test_an_interrupted_installation_is_repaired_from_nothing(base: Path) -> None:
    (base / "failing").touch()
    with pytest.raises(Problem, match="ERROR: no such package"):
        environment.enter(base, "demo")
    assert json.loads((base / ".venv" / environment.STAMP).read_text()) == {"lock": "installing"}
    (base / "failing").unlink()
    enter(base)
    assert [call.partition(" ")[2][:4] for call in calls(base)] == ["venv", "pip ", "venv", "pip "]


def test_another_python_makes_it_anew(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(base)
    monkeypatch.setattr(environment, "_python", lambda: "3.99")
    enter(base)
    assert sum("-m venv" in call for call in calls(base)) == 2


def test_a_lost_interpreter_makes_it_anew(base: Path) -> None:
    enter(base)
    (base / ".venv/bin/python").unlink()
    enter(base)
    assert sum("-m venv" in call for call in calls(base)) == 2


def test_a_python_with_django_is_used_as_it_is(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "django_is_here", lambda: True)
    environment.enter(base, "demo")
    assert calls(base) == []


def test_an_environment_of_somebody_else_is_used_as_it_is(base: Path) -> None:
    package = base / ".venv/lib/python3.11/site-packages/django"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (base / ".venv/bin").mkdir()
    executable(base / ".venv/bin/python", "#!/bin/sh\n")
    enter(base)
    assert calls(base) == []


def test_inside_a_sound_environment_nothing_happens(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(base)
    monkeypatch.setattr(sys, "prefix", str(base / ".venv"))
    environment.enter(base, "demo")
    assert len(calls(base)) == 2


def test_inside_an_outdated_environment_it_is_brought_up_to_date(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(base)
    monkeypatch.setattr(sys, "prefix", str(base / ".venv"))
    enter(base, "verify")
    assert calls(base)[-1].endswith("requirements/development.txt")


def test_inside_a_foreign_environment_without_django_says_so(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (base / ".venv").mkdir()
    monkeypatch.setattr(sys, "prefix", str(base / ".venv"))
    with pytest.raises(Problem, match=r"has no Django 5\.2: remove it"):
        environment.enter(base, "demo")


def test_a_missing_venv_module_names_the_package(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Problem, match="Install python3-venv: apt install python3-venv"):
        environment.enter(base, "demo")


def test_a_folder_that_cannot_be_written_says_so(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(Problem, match="cannot be written: copy the project"):
        environment.enter(base, "demo")


def test_an_error_while_writing_is_one_line(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(venv: Venv) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Venv, "_make", refuse)
    with pytest.raises(Problem, match=r"cannot be written \(Read-only file system\)"):
        environment.enter(base, "demo")


def test_a_full_disk_is_seen_before_a_minute_is_spent(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "NEEDED_BYTES", 2**60)
    with pytest.raises(Problem, match="make room"):
        environment.enter(base, "demo")


def test_a_failing_venv_is_one_line(base: Path) -> None:
    executable(base / "python3", "#!/bin/sh\necho 'something is wrong'; exit 1\n")
    with pytest.raises(Problem, match="python3 -m venv failed: something is wrong"):
        environment.enter(base, "demo")


def test_sigterm_ends_an_installation(base: Path) -> None:
    executable(base / "pip", "#!/bin/sh\nsleep 0.3\nkill -TERM $PPID\nsleep 60\n")
    with pytest.raises(Problem, match="the next start repairs it"):
        environment.enter(base, "demo")


def test_progress_is_told_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    log = io.StringIO()
    environment._follow(io.StringIO("Collecting a==1\nCollecting b==2\n"), log, 7, every=-1)
    assert capsys.readouterr().out.splitlines() == ["  1 of 7 fetched", "  2 of 7 fetched"]
    assert log.getvalue() == "Collecting a==1\nCollecting b==2\n"


@pytest.mark.parametrize(("version", "suitable"), [("5.2.19", True), ("6.1", True), ("3.2.19", False)])
def test_a_django_too_old_does_not_count(version: str, suitable: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda name: version)
    assert environment.django_is_here() is suitable


def test_a_python_without_django(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert environment.django_is_here() is False


def test_manage_py_is_plain_enough_for_any_python_3() -> None:
    """An old Python must read it to the end before it can say that it is too old."""
    import ast

    ast.parse((BASE_DIR / "manage.py").read_text(), feature_version=(3, 5))


def test_the_environment_module_needs_nothing_installed() -> None:
    """-S hides site-packages, -I the rest of the surroundings."""
    code = f"import sys; sys.path.insert(0, {str(BASE_DIR)!r}); import healthcare.devservices.environment"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


def test_a_problem_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    done = subprocess.run(
        [sys.executable, BASE_DIR / "manage.py", "services"],
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "set DATA_DIR" in done.stderr
