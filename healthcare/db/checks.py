from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Critical, Error, Tags, register
from django.db import connection

MINIMUM = 18


@register(Tags.database)
def postgresql_is_new_enough(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    if not databases or "default" not in databases:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        version = int(cursor.fetchone()[0]) // 10000
    if version < MINIMUM:
        return [Error(f"PostgreSQL {version} is too old; {MINIMUM} or newer is needed.", id="db.E001")]
    return []


@register(Tags.database)
def login_is_bound_by_row_security(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """A superuser passes through the second wall as if it were not there."""
    if not databases or "default" not in databases:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        login, free = cursor.fetchone()
    if free and login != "backup":
        return [Critical(f"The database login {login} bypasses row security.", id="db.E002")]
    return []
