from collections.abc import Callable

import pytest
from django.test import Client

from tests.accounts.conftest import sign_in
from tests.factories import UserFactory, staff


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """A figure for whoever runs the tests, which fails nothing."""
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    return reporter.write_line if reporter else lambda line: None


@pytest.fixture
def signed_in() -> Callable[[str], Client]:
    """The browser of somebody in this role who has no patient; a failed page is an answer, not an error."""

    def enter(role: str) -> Client:
        user = UserFactory().in_role(role) if role == "patient" else staff(role)
        client = sign_in(user, role=role)
        client.raise_request_exception = False
        return client

    return enter
