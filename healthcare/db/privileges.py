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
    backup: str = READ


def converge_after_migrate(**_: Any) -> None:
    """Only the owner can grant; a flush in a test emits the same signal as another role."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user = 'owner'")
        if cursor.fetchone()[0]:
            install_context_key(connection)
            converge()


def converge() -> None:
    """Revoke everything, then grant what the models declare; tables without a model get nothing. Idempotent."""
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
            "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO backup",
        ]
        for table in sorted(existing & wanted.keys()):
            access = wanted[table]
            for login in ("web", "worker", "backup"):
                privileges = getattr(access, login)
                if privileges:
                    statements.append(f'GRANT {privileges} ON public."{table}" TO {login}')
        cursor.execute("; ".join(statements))


def _declared() -> Iterator[tuple[str, Access]]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            owner = model._meta.auto_created or model
            yield model._meta.db_table, getattr(owner, "database_access", Access())
    for table, access in settings.TABLE_ACCESS.items():
        yield table, Access(**access)
