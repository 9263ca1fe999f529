"""Tokens for tests of this package."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.api.tokens import TokenClaims, mint


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def token_for(user: User, role: str, *scopes: str, **more: Any) -> tuple[str, TokenClaims]:
    """A token of a quarter of an hour, as OAuth hands it out."""
    wanted = {"scopes": frozenset(scopes or ("read",)), "lifetime": timedelta(minutes=15), "now": timezone.now()}
    return mint(user=user, role=role, **(wanted | more))
