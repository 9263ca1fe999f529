"""A browser in which somebody is signed in, and the people of most pages."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.test import Client

from healthcare.accounts.models import User
from patients.models import Patient
from tests.factories import PatientFactory, staff
from tests.patients.conftest import audited, no_audit, sign_in
from tests.records.visits import Visit, visit
from tests.records.writing import Talk, talk
from tests.storage.clamd import Clamd, clamd

__all__ = ["audited", "no_audit"]


@pytest.fixture
def browser() -> Callable[[User], Client]:
    return sign_in


@pytest.fixture
def running() -> Visit:
    """A visit that has begun, with nothing written yet."""
    return visit()


@pytest.fixture
def rosa() -> Patient:
    return PatientFactory(birth_date=date(1968, 3, 12), family_name="Delgado", given_name="Rosa")


@pytest.fixture
def doctor(rosa) -> User:
    return staff("doctor", rosa.site)


@pytest.fixture
def nurse(rosa) -> User:
    return staff("nurse", rosa.site)


@pytest.fixture
def folder(settings: Any, tmp_path: Any) -> Any:
    """Where files lie, by no scanner."""
    settings.DATA_DIR, settings.S3_BUCKET, settings.STORAGE_SCANNER = tmp_path, "", ""
    return tmp_path / "objects"


@pytest.fixture
def told() -> Talk:
    return talk()


@pytest.fixture
def scanner(settings: Any) -> Iterator[Clamd]:
    with clamd() as served:
        settings.STORAGE_SCANNER, settings.CLAMAV_ADDRESS = "healthcare.storage.clamav.scan", served.address
        yield served
