"""Imports run leftwards along the patient's journey, and nobody else walks in through an app's doors."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import JOURNEY, ROOT, module, name, parsed, pyproject, sources

BEHIND_DOORS = ("views", "portal", "forms", "tasks", "subscribers", "api", "fhir", "demo", "panels", "admin")
# The right to read os.environ: settings, and the programs that start others before settings exist.
READS_ENVIRONMENT = {
    "healthcare/settings/environment.py": "the one reader",
    "healthcare/wsgi.py": "says HC_PROCESS before settings are read",
    "healthcare/celery.py": "says HC_PROCESS before settings are read",
    "manage.py": "says HC_PROCESS before settings are read",
}
SPAWNS = "healthcare/devservices/"  # starts the servers, and so writes the environment of other processes


def test_the_import_contracts_are_kept():
    tool = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert tool, "import-linter is not installed; install the development packages."
    done = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"An import breaks a contract of pyproject.toml; turn it round:\n{done.stdout[-3000:]}"


@pytest.mark.parametrize("app", [*JOURNEY, *(f"healthcare.{part}" for part in ("accounts", "messaging", "storage"))])
def test_every_door_of_an_app_is_protected(app):
    contracts = pyproject()["tool"]["importlinter"]["contracts"]
    listed = {
        protected
        for contract in contracts
        if contract["type"] == "protected" and contract["allowed_importers"] == [app]
        for protected in contract["protected_modules"]
    }
    folder = ROOT / app.replace(".", "/")
    doors = {
        f"{app}.{door}"
        for door in BEHIND_DOORS
        if (folder / f"{door}.py").exists() or (folder / door / "__init__.py").exists()
    }
    assert doors <= listed, f"List in the protected contract of {app} in pyproject.toml: {sorted(doors - listed)}"
    assert listed <= doors, f"Take out of the protected contract of {app}, they do not exist: {sorted(listed - doors)}"


def test_settings_alone_read_the_environment():
    readers = {
        name(path)
        for path in [*sources(), ROOT / "manage.py"]
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
    }
    others = {reader for reader in readers if reader not in READS_ENVIRONMENT and not reader.startswith(SPAWNS)}
    assert not others, f"Read the environment in healthcare/settings and a setting here: {sorted(others)}"


def test_guardian_is_storage_alone():
    """Its shortcuts, backend and checker ignore validity and favour superusers."""
    banned = ("guardian.shortcuts", "guardian.core", "guardian.backends", "guardian.decorators", "guardian.mixins")
    for path in [*sources(migrations=True), *sources("tests")]:
        for node in ast.walk(parsed(path)):
            imported = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            imported += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not [found for found in imported if found.startswith(banned)], (
                f"{name(path)} imports guardian's own checks: read by visible_to, write by sync_access."
            )


def test_the_ground_floor_imports_no_app():
    for path in sources("healthcare"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                assert (node.module or "").split(".")[0] not in JOURNEY, f"{module(path)} imports {node.module}."
