"""The world of `tests/access/matrix.py`, built once for a module."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from healthcare.accounts.models import User
from tests.access import matrix as world
from tests.access.conftest import built
from tests.access.matrix import Matrix
from tests.mutation.surviving import idle

__all__ = ["built"]


@pytest.fixture(scope="module")
def crowd(built: None) -> Iterator[Matrix]:
    yield world.build()
    world.forget()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A reason for what does not survive any more fails too, once everything ran."""
    if is_everything(session.config) and session.exitstatus == pytest.ExitCode.OK and idle(told(session, "survivor")):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many mutants there were, and how many are left with a reason."""
    session, config = terminalreporter._session, terminalreporter.config
    survivors = told(session, "survivor")
    terminalreporter.write_line(f"{sum(told(session, 'mutants'))} mutants, {len(survivors)} survivors.")
    if is_everything(config) and not terminalreporter.stats.get("failed"):
        for line in idle(survivors):
            terminalreporter.write_line(f"survivors.txt: does not survive any more: {line}", red=True)


def is_everything(config: pytest.Config) -> bool:
    """Whether this folder was asked for as a whole: by the controller, which is told of all."""
    asked = [Path(name).resolve() for name in config.args]
    narrowed = config.option.keyword or config.option.collectonly
    return asked == [Path(__file__).parent] and not narrowed and not hasattr(config, "workerinput")


def told(session: pytest.Session, kind: str) -> list[Any]:
    stats = session.config.pluginmanager.get_plugin("terminalreporter").stats
    reports = [report for state in ("passed", "failed") for report in stats.get(state, [])]
    pairs = [pair for report in reports if getattr(report, "when", "") == "call" for pair in report.user_properties]
    return [what for name, what in pairs if name == kind]


@pytest.fixture(scope="module")
def actors(crowd: Matrix) -> list[tuple[str, User]]:
    return list(crowd.every_actor())
