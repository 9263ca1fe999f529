"""Create the logins and the database. The superuser's address is used here and nowhere else."""

from collections.abc import Mapping

import psycopg
from psycopg import sql

LOGINS = ("owner", "web", "worker", "backup")
EXTENSIONS = ("btree_gin", "btree_gist", "fuzzystrmatch", "pg_trgm", "unaccent")
LOCK = 7_240_001  # roles belong to the whole cluster: two bootstraps take turns


def bootstrap(
    admin_url: str, database: str, passwords: Mapping[str, str], *, testing: bool = False, roles: bool = True
) -> None:
    """Make the roles and the database of this name, or bring them up to date. Idempotent.

    `passwords` is keyed by login. With `testing`, adds `tester`, who may take the other roles but inherits none, and
    lets the owner make test databases. Without `roles`, those of the server are left as they are. Raises psycopg.Error
    when the server refuses.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        if roles:
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
                _make_roles(connection, passwords, testing)
        _make_database(connection, database)
    target = psycopg.conninfo.make_conninfo(admin_url, dbname=database)
    with psycopg.connect(target, autocommit=True) as connection:
        for extension in EXTENSIONS:
            connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        connection.execute("GRANT ALL ON SCHEMA public TO owner")


def _make_roles(connection: psycopg.Connection, passwords: Mapping[str, str], testing: bool) -> None:
    existing = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
    logins = (*LOGINS, "tester") if testing else LOGINS
    if "system_actor" not in existing:
        connection.execute("CREATE ROLE system_actor NOLOGIN")
    for login in logins:
        verb = "ALTER" if login in existing else "CREATE"
        rights = {
            "owner": "CREATEDB" if testing else "NOCREATEDB",
            "backup": "BYPASSRLS",
            "tester": "NOINHERIT",
        }.get(login, "NOBYPASSRLS")
        connection.execute(
            sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEROLE {} PASSWORD {}").format(
                sql.SQL(verb), sql.Identifier(login), sql.SQL(rights), sql.Literal(passwords[login])
            )
        )
    connection.execute("GRANT system_actor TO worker")
    if testing:
        connection.execute("GRANT owner, web, worker, backup TO tester")


def _make_database(connection: psycopg.Connection, database: str) -> None:
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER owner ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0").format(
                sql.Identifier(database)
            )
        )
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
    connection.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO owner, web, worker, backup").format(sql.Identifier(database))
    )
