"""What `verify` checks, one row a stage, and what a machine may lack for it."""

import ctypes.util
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from healthcare.devservices.folder import BASE_DIR

BIN = Path(sys.executable).parent
PYTEST = [sys.executable, "-m", "pytest"]
SPREAD = ["--dist=worksteal", "--durations=40"]  # who is ready takes over from who has the long ones, which are named
#: The shell is the same engine without a desktop browser around it: pages for half of the processor time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PANGO = ("pango-1.0", "pangoft2-1.0", "harfbuzz-subset")
PRODUCTION_SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "healthcare.settings.production",
    "ALLOWED_HOSTS": "clinic.example",
    "EMAIL_URL": "smtp://127.0.0.1:25",
    "PUBLIC_URL": "https://clinic.example",
}
TEMPLATE = [sys.executable, "-m", "tests.databases"]  # makes the database that every worker of the tests copies
APART = ("journeys", "chaos", "mutation")  # stages of their own
#: Every door and table, by everybody: the same lines a thousand times, and half as slow again under the tracer.
MATRICES = ("abuse", "access", "architecture", "sensitive")
VERBS = "*/actions.py,*/actions/*,*/access.py,*/rules.py,*/events.py"  # the rooms that are covered whole


@dataclass(frozen=True)
class Need:
    """Something a machine may lack: the pytest mark of the tests that want it, and how to get it."""

    name: str
    mark: str
    is_here: Callable[[], bool]
    remedy: str


NEEDS = (
    Need("journeys", "journey", lambda: any(shutil.which(name) for name in BROWSERS), "apt install chromium"),
    Need(
        "printed documents",
        "pango",
        lambda: all(ctypes.util.find_library(name) for name in PANGO),
        "apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
    ),
    Need("sample data", "shared_data", (BASE_DIR.parent / "shared" / "data").is_dir, "put the data at ../shared/data"),
)


@dataclass(frozen=True)
class Stage:
    """`folder` holds its tests: without any, the stage is left out. `full`: only `verify --full` runs it.

    Settings are those of the tests unless `environment` says otherwise.
    """

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "."
    full: bool = False

    @property
    def is_pytest(self) -> bool:
        return self.command[: len(PYTEST)] == PYTEST


def stages() -> list[Stage]:
    return [
        Stage("lint", tool("ruff", "check", ".")),
        Stage("format", tool("ruff", "format", "--check", ".")),
        Stage("templates", tool("djade", "--check", *templates())),
        Stage("contracts", tool("lint-imports")),
        Stage("types", tool("mypy")),
        Stage("migrations", manage("makemigrations", "--check", "--dry-run")),
        Stage("deployment", manage("check", "--deploy", "--tag=security", "--fail-level=WARNING"), PRODUCTION_SETTINGS),
        Stage(
            "tests",
            [
                *PYTEST,
                *SPREAD,
                "-n3",
                "--cov",
                "--cov-report=",
                *(f"--ignore=tests/{each}" for each in APART + MATRICES),
            ],
        ),
        Stage(
            "coverage of verbs", tool("coverage", "report", "--skip-covered", "--fail-under=100", f"--include={VERBS}")
        ),
        Stage(
            "coverage of the rest", tool("coverage", "report", "--skip-covered", "--fail-under=95", f"--omit={VERBS}")
        ),
        Stage("matrices", [*PYTEST, *SPREAD, "-n3", *(f"tests/{name}" for name in MATRICES)]),
        Stage("journeys", [*PYTEST, *SPREAD, "-n2", "tests/journeys"], folder="tests/journeys"),
        Stage("chaos", [*PYTEST, "tests/chaos"], folder="tests/chaos", full=True),
        Stage("mutation", [*PYTEST, *SPREAD, "-n2", "tests/mutation"], folder="tests/mutation", full=True),
    ]


def names() -> list[str]:
    return [stage.name for stage in stages()]


def chosen(*, full: bool, only: list[str]) -> list[Stage]:
    """The stages to run: those named, else all that exist, and with `full` the long ones too."""
    if only:
        return [stage for stage in stages() if stage.name in only]
    return [stage for stage in stages() if (full or not stage.full) and has_tests(stage.folder)]


def has_tests(folder: str) -> bool:
    return folder == "." or any((BASE_DIR / folder).glob("**/test_*.py"))


def lacking(chosen: list[Stage]) -> list[Need]:
    """What this machine lacks and some test of these stages wants."""
    if not any(stage.is_pytest for stage in chosen):
        return []
    return [need for need in NEEDS if not need.is_here() and is_wanted(need)]


def is_wanted(need: Need) -> bool:
    if need.mark == "journey":
        return has_tests("tests/journeys")
    return any(f"mark.{need.mark}" in path.read_text() for path in (BASE_DIR / "tests").rglob("test_*.py"))


def tool(name: str, *arguments: str) -> list[str]:
    return [str(BIN / name), *arguments]


def manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def templates() -> list[str]:
    return sorted(str(path.relative_to(BASE_DIR)) for path in (BASE_DIR / "templates").rglob("*.html"))
