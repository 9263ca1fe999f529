from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from healthcare.db.context import acting_as

PDF = b"%PDF-1.7\n" + b"synthetic " * 50


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    """Every test has an empty folder of its own, and no bucket."""
    settings.DATA_DIR, settings.S3_BUCKET, settings.STORAGE_SCANNER = tmp_path, "", ""
    return tmp_path / "objects"


@pytest.fixture
def alice() -> SimpleNamespace:
    return SimpleNamespace(pk=uuid4(), acting_role="nurse")


@pytest.fixture
def as_alice(alice: SimpleNamespace) -> Any:
    with acting_as(alice):
        yield alice


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
