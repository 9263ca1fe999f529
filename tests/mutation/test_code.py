"""Each condition of what decides access, in Python and past the tables' policies, is taken away: a test then fails."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.mutation.surviving import Tell, unexplained
from tests.mutation.walls import HELD_BY

#: Name of a database of their own → modules, or policies and functions, and the tests that ask what they decide.
PARTS = {
    "accounts": (
        ["healthcare.accounts.access", "healthcare.accounts.guards"],
        [
            f"tests/accounts/test_{subject}.py"
            for subject in ("access", "guards", "people", "second_factor", "sessions")
        ],
    ),
    "patients": (
        ["patients.access"],
        [f"tests/patients/test_{name}.py" for name in ("access", "deny_wins", "grant")],
    ),
    "walls": (list(HELD_BY), sorted({file for files in HELD_BY.values() for file in files})),
}
LONGEST = 60 * 60  # seconds; the walls took 24 minutes beside much other work


@pytest.mark.parametrize("part", PARTS)
def test_each_change_of_what_decides_access_is_noticed(part: str, tmp_path: Path, record_property: Tell) -> None:
    """In a process of its own, which makes a child for each mutant (`forking.py`)."""
    modules, files = PARTS[part]
    report = tmp_path / "report.json"
    plugin = ["-p", "tests.mutation.forking", "-p", "no:randomly", "-n0", "-q", f"--report={report}"]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, *(f"--mutants-of={module}" for module in modules), *files],
        cwd=settings.BASE_DIR,
        env={**os.environ, "HC_TEST_SUFFIX": f"{settings.SUFFIX}{part}_mutants"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert report.exists(), ended.stdout[-5000:]
    found = json.loads(report.read_text())
    left = unexplained(found["left"], found["mutants"], record_property)
    assert not left, f"Nobody notices:\n{left}\nNot asked, since they fail without any mutant: {found['left_out']}"
