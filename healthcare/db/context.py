"""The signed context: who acts on this connection, known to both walls.

The application knows the actor by a context variable; PostgreSQL by `app.context`, a transaction-local setting that
carries the claims, an expiry and an HMAC (RFC 2104), checked by `app.claims()`. Absent, it shows no row at all; forged,
altered or expired, it raises. Not even SQL injected through a page can take another's place.
"""

import hashlib
import hmac
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class Actor:
    """Plain values: a person in one role, or the system for one named purpose."""

    user_id: uuid.UUID | None = None
    role: str = ""
    purpose: str = ""


NOBODY = Actor()
EXCHANGE = "SELECT current_setting('app.context', true), set_config('app.context', %s, true)"
# A page's statements are the same each time but for their values, and planning them under row security costs more than
# running them: the plan that fits all values is taken at once, for this transaction (docs/decisions/0035).
EXCHANGE_READ_ONLY = f"""{EXCHANGE}, set_config('transaction_read_only', 'on', true),
set_config('plan_cache_mode', 'force_generic_plan', true)"""
_actor: ContextVar[Actor] = ContextVar("actor", default=NOBODY)


def current_actor() -> Actor:
    return _actor.get()


@contextmanager
def acting_as(
    user: Any, role: str | None = None, *, read_only: bool = False, using: str = "default"
) -> Iterator[Actor]:
    """Run the block, in one transaction, as this user in this role; `user=None` sees nothing.

    Raises ValueError for a user without a role: a context that names no role would be a wildcard.
    """
    if user is None:
        actor = NOBODY
    else:
        role = role or getattr(user, "acting_role", None)
        if not role:
            raise ValueError("acting_as needs a role: pass one, or a user whose acting_role is set.")
        actor = Actor(user_id=user.pk, role=role)
    with _entered(actor, read_only, using):
        yield actor


@contextmanager
def acting_as_system(purpose: str, *, using: str = "default") -> Iterator[Actor]:
    """Run the block, in one transaction, as the system for a named purpose. The web login is refused every row."""
    if not purpose.replace("_", "").isalnum():
        raise ValueError("A purpose is one word of letters, digits and underscores.")
    actor = Actor(purpose=purpose)
    with _entered(actor, False, using):
        yield actor


@contextmanager
def _entered(actor: Actor, read_only: bool, using: str) -> Iterator[None]:
    connection = transaction.get_connection(using)
    nested = connection.in_atomic_block
    with transaction.atomic(using=using):
        outer = _exchange(connection, sign(actor), read_only=read_only)
        token = _actor.set(actor)
        try:
            yield
        finally:
            _actor.reset(token)
        # After an error the rollback to the savepoint restores the setting, and a transaction that ends forgets it.
        if nested and not connection.needs_rollback:
            _exchange(connection, outer)


def replace_actor(user: Any, role: str | None) -> None:
    """Name the actor anew in the running transaction: sign-in and sign-out change who acts in mid-request."""
    actor = Actor(user_id=user.pk, role=role or "") if user is not None else NOBODY
    _actor.set(actor)
    _exchange(transaction.get_connection(), sign(actor))


def sign(actor: Actor, *, seconds: int | None = None) -> str:
    """`claims|expiry|key id|hex HMAC-SHA-256`; expiry in Unix seconds. Empty for nobody."""
    if actor == NOBODY:
        return ""
    claims = f"s:{actor.purpose}" if actor.purpose else f"u:{actor.user_id}:{actor.role}"
    expiry = int(time.time()) + (settings.CONTEXT_SECONDS if seconds is None else seconds)
    key_id, key = context_key(settings.SECRET_KEY)
    message = f"{claims}|{expiry}|{key_id}"
    return f"{message}|{hmac.new(key, message.encode(), hashlib.sha256).hexdigest()}"


@lru_cache(maxsize=4)
def context_key(secret: str) -> tuple[str, bytes]:
    """The signing key derived from a secret, and its public id."""
    key = hmac.new(secret.encode(), b"row security context", hashlib.sha256).digest()
    return hashlib.sha256(key).hexdigest()[:8], key


def _exchange(connection: BaseDatabaseWrapper, token: str, *, read_only: bool = False) -> str:
    """Set the context and return the one before, in one round trip."""
    with connection.cursor() as cursor:
        cursor.execute(EXCHANGE_READ_ONLY if read_only else EXCHANGE, [token])
        return str(cursor.fetchone()[0] or "")
