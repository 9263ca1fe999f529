"""The database to copy and the one to fill: how to reach them, and PostgreSQL's own programs as child processes.

Programs get an argument list and never a shell; a password goes by their environment, never by an argument.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from healthcare.db.bootstrap import LOGINS, bootstrap

Place = dict[str, Any]  # the parts of an address as libpq names them
ALIASES = ("default", "audit")
#: Rows read the same on every server.
READING = "-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=postgres -c extra_float_digits=1 -c bytea_output=hex"
KEY_TABLE = "private.context_key"  # never in a backup: `migrate` installs it from SECRET_KEY_FILE
OWN = """n.nspname !~ '^(pg_|information_schema$)' AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"""
TABLES = f"""SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND {OWN} ORDER BY 1"""  # noqa: S608
FILLED = f"SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OWN})"  # noqa: S608


class BackupFailed(Exception):
    """What stands in the way, in a sentence for the operator."""


def clinic(login: str) -> Place:
    """The clinic's own database, for one of its logins."""
    known = connections["default"].settings_dict
    place = {"host": known["HOST"], "port": known["PORT"], "dbname": known["NAME"], "user": login}
    place |= {name: value for name, value in known["OPTIONS"].items() if name.startswith("ssl")}
    return {name: value for name, value in {**place, "password": passwords().get(login)}.items() if value}


def server(url: str) -> Place:
    """A superuser's address; what the URL leaves out is that of BOOTSTRAP_DATABASE_URL. Raises BackupFailed."""
    try:
        known = conninfo_to_dict(settings.BOOTSTRAP_DATABASE_URL)
        return {"user": "postgres", "port": "5432"} | known | {"dbname": ""} | conninfo_to_dict(url)
    except psycopg.Error as problem:
        raise BackupFailed(
            "That is no address of a PostgreSQL server: postgresql://USER@HOST:PORT/DATABASE."
        ) from problem


def passwords() -> dict[str, str]:
    """Raises BackupFailed."""
    try:
        return dict(json.loads(Path(settings.DATABASE_ROLES_FILE).read_text()))
    except (OSError, ValueError) as problem:
        raise BackupFailed("DATABASE_ROLES_FILE must name a JSON file of passwords by login.") from problem


def connect(place: Place, **more: Any) -> psycopg.Connection:
    return psycopg.connect(**{**place, "options": READING, "application_name": "healthcare-backup", **more})


def make_database(place: Place, *, keep_roles: bool) -> bool:
    """Make logins and database where they are missing; whether the database is new. Raises BackupFailed when it holds
    anything. With `keep_roles` the logins of a server that has all of them are left as they are."""
    admin = {**place, "dbname": "postgres"}
    with connect(admin, autocommit=True) as connection:
        new = not connection.execute("SELECT FROM pg_database WHERE datname = %s", [place["dbname"]]).rowcount
        roles = connection.execute("SELECT FROM pg_roles WHERE rolname = ANY(%s)", [list(LOGINS)]).rowcount
    if not new:
        with connect(place) as connection:
            row = connection.execute(FILLED).fetchone()
        if row and row[0]:
            raise BackupFailed(f"The database {place['dbname']} is not empty, and nothing is ever written over.")
    kept = keep_roles and roles == len(LOGINS)
    bootstrap(make_conninfo(**admin), place["dbname"], passwords(), roles=not kept)
    return new


def drop_database(place: Place) -> None:
    with connect({**place, "dbname": "postgres"}, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(place["dbname"])))


def count(connection: psycopg.Connection, table: str) -> list[Any]:
    """How many rows, and a digest of their content in any order (a sum of 64-bit hashes, as decimal text)."""
    query = f"SELECT count(*), coalesce(sum(hashtextextended(whole_row::text, 0)), 0)::text FROM {table} AS whole_row"  # noqa: S608
    row = connection.execute(query.encode()).fetchone()  # the name comes from the catalogue, quoted by it
    return list(row or ())


@contextmanager
def program(name: str, place: Place, *arguments: str, **streams: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `pg_dump` or `pg_restore` against a place. Raises BackupFailed with its own first complaint.

    It is killed when the block raises, so that a half-read archive is never taken for a whole one.
    """
    path = shutil.which(name, path=settings.POSTGRES_BIN or None)
    if path is None:
        raise BackupFailed(f"{name} was not found: install PostgreSQL 18's client programs, or set POSTGRES_BIN.")
    known = {part: value for part, value in place.items() if part != "password"}
    command = [path, f"--dbname={make_conninfo(**known)}", "--no-password", *arguments]
    secret = {"PGPASSWORD": place["password"]} if place.get("password") else {}
    with tempfile.TemporaryFile() as complaints:
        child = subprocess.Popen(command, env={**settings.CHILD_ENVIRONMENT, **secret}, stderr=complaints, **streams)  # noqa: S603
        try:
            with child:
                try:
                    yield child
                except BrokenPipeError:
                    pass  # it ended early; it has said why
                except BaseException:
                    child.kill()
                    raise
        finally:
            complaints.seek(0)
            said = complaints.read().decode(errors="replace")
        if child.returncode:
            raise BackupFailed(f"{name} ended with {child.returncode}: {_first_complaint(said)}")


def _first_complaint(said: str) -> str:
    """One line of its own. What follows one quotes rows, and rows are patients'."""
    lines = [line for line in said.splitlines() if ": error:" in line]
    return lines[0].partition(": error: ")[2] if lines else "it does not say why."


@contextmanager
def served_by(place: Place, login: str) -> Iterator[None]:
    """Within it, Django's own connections lead to this database, as this login."""
    target = {"HOST": place.get("host", ""), "PORT": place.get("port", ""), "NAME": place["dbname"], "USER": login}
    tls = {name: value for name, value in place.items() if name.startswith("ssl")}
    before = {alias: connections[alias] for alias in ALIASES}
    for alias, wrapper in before.items():
        options = {name: value for name, value in wrapper.settings_dict["OPTIONS"].items() if name in DRIVER}
        known = wrapper.settings_dict | target | {"PASSWORD": passwords()[login], "OPTIONS": options | tls}
        connections[alias] = type(wrapper)(known, alias)
    try:
        yield
    finally:
        for alias, wrapper in before.items():
            connections[alias].close()
            connections[alias] = wrapper


DRIVER = ("server_side_binding", "prepare_threshold")
