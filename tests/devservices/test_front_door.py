"""What manage.py's own commands understand."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from healthcare.devservices import clinic, front_door, verification


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    calls: dict[str, Any] = {}
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)

    def remember(name: str) -> Any:
        def run(**options: Any) -> int:
            calls[name] = options
            return 0

        return run

    monkeypatch.setattr(clinic, "run_demo", remember("demo"))
    monkeypatch.setattr(clinic, "run_services", remember("services"))
    monkeypatch.setattr(verification, "run", remember("verify"))
    return calls


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("demo", {"demo": {"port": 8000, "reset": False, "bundles": []}}),
        ("demo --port 9 --reset", {"demo": {"port": 9, "reset": True, "bundles": []}}),
        ("demo --bundles a b", {"demo": {"port": 8000, "reset": False, "bundles": [Path("a"), Path("b")]}}),
        ("services", {"services": {"reset": False}}),
        ("verify", {"verify": {"full": False, "only": []}}),
        ("verify --full --only lint --only types", {"verify": {"full": True, "only": ["lint", "types"]}}),
    ],
)
def test_commands_reach_their_function(line: str, expected: dict[str, Any], called: dict[str, Any]) -> None:
    assert front_door.open_with(line.split()) == 0
    assert called == expected


@pytest.mark.parametrize("line", ["demo --port 0", "demo --port 70000", "demo --port x", "verify --only nothing"])
def test_nonsense_is_refused(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        front_door.open_with(line.split())
    assert left.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_processes_that_follow_keep_what_they_compile(called: dict[str, Any], tmp_path: Path) -> None:
    front_door.open_with(["services"])
    assert os.environ["PYTHONPYCACHEPREFIX"] == str(Path(sys.prefix) / "bytecode")
    (tmp_path / "once.py").touch()
    kept = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path / "kept")}
    subprocess.run([sys.executable, "-c", "import once"], cwd=tmp_path, env=kept, check=True)
    assert list((tmp_path / "kept").rglob("once*.pyc"))
    assert not (tmp_path / "__pycache__").exists()


def test_where_they_are_to_be_kept_may_be_said(called: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", "/elsewhere")
    front_door.open_with(["services"])
    assert os.environ["PYTHONPYCACHEPREFIX"] == "/elsewhere"


def test_a_python_of_the_machine_is_left_as_it_is(called: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    front_door.open_with(["services"])
    assert os.environ["PYTHONDONTWRITEBYTECODE"] == "1"
    assert "PYTHONPYCACHEPREFIX" not in os.environ
