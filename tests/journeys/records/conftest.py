"""The pages of the chart, and a visit that goes on."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.journeys.accounts.conftest import open_page  # noqa: F401
from tests.records.visits import Visit, visit


@pytest.fixture
def running() -> Visit:
    """It began ten minutes ago."""
    return visit(now=timezone.now() - timedelta(minutes=10))
