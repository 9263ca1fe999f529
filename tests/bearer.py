"""Programs that come with a token, as a pytest plugin: `api(user)` speaks /v1 for this person, in their acting role."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from healthcare.accounts.models import User
from healthcare.api.tokens import mint


class Program(Client):
    """A client without cookies. `path` begins behind /v1; bodies go out as JSON, `.json()` reads what came back."""

    def __init__(self, token: str) -> None:
        super().__init__(raise_request_exception=False, headers={"Authorization": f"Bearer {token}"} if token else {})
        self.token = token

    def read(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> HttpResponse:
        return self.get(f"/v1{path}", query or {}, headers=_spelled(headers))

    def write(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.post(f"/v1{path}", body or {}, content_type="application/json", headers=_spelled(headers))


def _spelled(headers: dict[str, str]) -> dict[str, str]:
    """`Idempotency_Key="x"` as `Idempotency-Key: x`."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


def token_for(user: User, scopes: str = "read write", *, minutes: int = 30, fresh: bool = True) -> str:
    """An access token of this person in the role they act in; `fresh`: they have just signed in."""
    now = timezone.now()
    token, _claims = mint(
        user=user,
        role=str(user.acting_role),
        scopes=frozenset(scopes.split()),
        lifetime=timedelta(minutes=minutes),
        now=now,
        signed_in_at=now if fresh else None,
    )
    return token


@pytest.fixture
def api() -> Callable[..., Program]:
    """`api(user)`, `api(user, "identity.read")`; `api(None)` for somebody without a token."""

    def program(user: User | None, scopes: str = "read write", **more: Any) -> Program:
        return Program(token_for(user, scopes, **more) if user else "")

    return program
