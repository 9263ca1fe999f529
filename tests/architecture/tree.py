"""The tree as these tests read it."""

import ast
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
JOURNEY = ("patients", "scheduling", "records", "prescriptions", "billing", "alerts", "analytics")
PACKAGES = ("healthcare", *JOURNEY)
GROUND = ("db", "events", "audit", "storage", "messaging", "accounts", "api", "ui", "fhir", "ops", "devservices")
DOORS = ("views", "portal", "api", "fhir")
ENDINGS = "py html txt toml md css js yml yaml json svg sh conf po"
TEXT = {"", *(f".{ending}" for ending in ENDINGS.split())}


@cache
def kept() -> tuple[Path, ...]:
    """What belongs to the repository: what git knows or would add; in an unpacked archive, everything but hidden."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        ).stdout.split("\0")
        return tuple(sorted({ROOT / found for found in listed if found and (ROOT / found).is_file()}))
    found = (path for path in ROOT.rglob("*") if path.is_file() and not path.name.startswith(".coverage"))
    return tuple(sorted(p for p in found if not any(part[0] in "._" for part in p.relative_to(ROOT).parts[:-1])))


def files(*folders: str, suffix: str = "") -> Iterator[Path]:
    """Files of these folders (all: none given) that belong to the repository."""
    places = [ROOT / folder for folder in folders] or [ROOT]
    return (p for p in kept() if p.name.endswith(suffix) and any(p.is_relative_to(place) for place in places))


def sources(*folders: str, migrations: bool = False) -> Iterator[Path]:
    for path in files(*(folders or PACKAGES), suffix=".py"):
        if migrations or "migrations" not in path.parts:
            yield path


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room(path: Path) -> str:
    """The room a file stands in: `views` for patients/views.py and for patients/views/chart.py."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    inside = parts[2:] if parts[0] == "healthcare" else parts[1:]
    return inside[0] if inside else ""


def rooms(*wanted: str) -> Iterator[Path]:
    return (path for path in sources() if room(path) in wanted)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@cache
def calls(node: ast.AST) -> frozenset[str]:
    """Dotted names of what is called inside, as written."""
    return frozenset(ast.unparse(call.func) for call in ast.walk(node) if isinstance(call, ast.Call))


@cache
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())
