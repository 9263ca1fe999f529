"""Say once, per table, what each database login may do; bring the database to that after every migrate."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection

from healthcare.db.keys import install_context_key

ALL = "SELECT, INSERT, UPDATE, DELETE"
READ = "SELECT"
ADD = "INSERT"
NONE = ""


@dataclass(frozen=True)
class Access:
    """SQL privileges on one table by login, such as `Access(web="SELECT, INSERT")`; row security narrows them."""

    web: str = ALL
    worker: str = ALL


#: pg_dump reads every table and locks it, partitions by their own names, also those that a worker makes next month.
#: The key of the context it may lock and not read (PostgreSQL 17: MAINTAIN is enough for a lock).
FOR_THE_DUMP = (
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO backup",
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO backup",
    "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO backup",
    "GRANT USAGE ON SCHEMA private TO backup",
    "GRANT SELECT ON ALL TABLES IN SCHEMA private TO backup",
    "REVOKE ALL ON private.context_key FROM backup",
    "GRANT MAINTAIN ON private.context_key TO backup",
)


def converge_after_migrate(**_: Any) -> None:
    """Only the owner can grant; a flush in a test emits the same signal as another role."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = 'owner'")
        if cursor.fetchone()[0]:
            install_context_key(connection)
            converge()


def converge() -> None:
    """Revoke everything, then grant what the models declare; tables without a model get nothing. Idempotent.

    The `backup` login reads every table, with a model or without.
    """
    wanted = dict(_declared())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p', 'v', 'm')"
        )
        existing = {row[0].strip('"') for row in cursor.fetchall()}
        statements = [
            "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, web, worker, backup",
            "GRANT USAGE ON SCHEMA public, app TO web, worker, backup",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO web, worker",
            *FOR_THE_DUMP,
        ]
        for table in sorted(existing & wanted.keys()):
            access = wanted[table]
            for login in ("web", "worker"):
                privileges = getattr(access, login)
                if privileges:
                    statements.append(f'GRANT {privileges} ON public."{table}" TO {login}')
        cursor.execute("; ".join(statements))


def _declared() -> Iterator[tuple[str, Access]]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            owner = model._meta.auto_created or model
            access = getattr(owner, "database_access", Access())
            yield model._meta.db_table, getattr(owner, "links_access", access) if owner is not model else access
    for table, access in settings.TABLE_ACCESS.items():
        yield table, Access(**access)
