"""A data folder in a temporary place, and servers' addresses out of sight."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from healthcare.devservices.addresses import NAMES
from healthcare.devservices.folder import Folder
from healthcare.devservices.processes import Supervisor
from healthcare.devservices.testing import MARK


@pytest.fixture
def no_addresses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As on a machine where nothing is configured."""
    for name in (*NAMES, MARK, "BOOTSTRAP_DATABASE_URL", "PYTEST_XDIST_WORKER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "data")
    folder.prepare()
    open_for_servers(tmp_path)
    return folder


def open_for_servers(path: Path) -> None:
    """pytest's temporary folders are for their owner alone; PostgreSQL runs as somebody else when we are root."""
    if os.geteuid() == 0:
        for parent in (path, *path.parents):
            if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o001)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(folder: Folder, said: list[str]) -> Iterator[Supervisor]:
    """A supervisor whose children are gone after the test."""
    supervisor = Supervisor(folder.logs, said.append)
    yield supervisor
    supervisor.stop()
