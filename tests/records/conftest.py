"""A browser in which somebody is signed in."""

from collections.abc import Callable

import pytest
from django.test import Client

from healthcare.accounts.models import User
from tests.patients.conftest import audited, sign_in
from tests.records.visits import Visit, visit

__all__ = ["audited"]


@pytest.fixture
def browser() -> Callable[[User], Client]:
    return sign_in


@pytest.fixture
def running() -> Visit:
    """A visit that has begun, with nothing written yet."""
    return visit()
