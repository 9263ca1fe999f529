"""Bring the database's copy of the context key to the one of the settings."""

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

from healthcare.db.context import context_key

KEPT = 2  # the current key and the one before, for processes that still run with it


def install_context_key(connection: BaseDatabaseWrapper) -> None:
    """Store the pads of the current key; drop all but the newest two. Runs as the owner, after every migrate."""
    key_id, key = context_key(settings.SECRET_KEY)
    block = key.ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO private.context_key (id, inner_pad, outer_pad) VALUES (%s, %s, %s) ON CONFLICT (id)"
            " DO UPDATE SET installed_at = now()",
            [key_id, inner, outer],
        )
        cursor.execute(
            "DELETE FROM private.context_key WHERE id NOT IN"
            " (SELECT id FROM private.context_key ORDER BY installed_at DESC LIMIT %s)",
            [KEPT],
        )
