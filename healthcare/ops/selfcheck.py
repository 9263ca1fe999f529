"""What an operator wants to know before the doors open: are the walls up, and is everything there?"""

import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection

from healthcare.db.bootstrap import EXTENSIONS
from healthcare.db.context import acting_as
from healthcare.db.fields import decrypt, encrypt
from healthcare.db.uuids import uuid7
from healthcare.ops import health
from healthcare.ops.printing import PANGO, pango_present

OK, WARNING, FAILED = "ok", "warning", "FAILED"
SECONDS = 3.0
DRIFT_SECONDS = 1.0

NAKED_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'patient_id'
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY 1
"""
# Forcing binds the owner; partitions are not granted to anybody, so only their parent is asked.
FREE_LOGINS = """
SELECT rolname FROM pg_roles
WHERE rolname IN ('owner', 'web', 'worker') AND (rolsuper OR rolbypassrls OR rolcreaterole)
   OR rolname = 'web' AND pg_has_role('web', 'system_actor', 'MEMBER') ORDER BY 1
"""
LAST_PARTITIONS = """
SELECT p.relname, max((regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \\(''([0-9a-f-]{36})''\\)'))[1])
FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_class c ON c.oid = i.inhrelid
JOIN pg_partitioned_table t ON t.partrelid = p.oid AND t.partstrat = 'r' -- by month; the chart's, by patient, never end
WHERE p.relnamespace = 'public'::regnamespace GROUP BY 1
"""


@dataclass(frozen=True)
class Finding:
    state: str
    text: str


Check = Callable[[], Iterator[Finding]]


def walls() -> Iterator[Finding]:
    naked, free = _column(NAKED_TABLES), _column(FREE_LOGINS)
    if naked:
        yield Finding(FAILED, f"no forced row security on {', '.join(naked)}: apply the migrations")
    if free:
        yield Finding(FAILED, f"logins that pass the walls: {', '.join(free)}; run the bootstrap again")
    if not naked and not free:
        yield Finding(OK, "row security is forced on every table with a patient; no login passes it")


def signed_context() -> Iterator[Finding]:
    """Forged, or signed with a key that the database does not have, it raises."""
    try:
        with acting_as(SimpleNamespace(pk=uuid7()), role="nobody"), connection.cursor() as cursor:
            cursor.execute("SELECT app.user_id()")
        yield Finding(OK, "the database knows the key that signs the context")
    except Error:
        yield Finding(FAILED, "the database does not know the key of SECRET_KEY_FILE: run migrate")


def extensions() -> Iterator[Finding]:
    missing = set(EXTENSIONS) - set(_column("SELECT extname FROM pg_extension"))
    if missing:
        yield Finding(FAILED, f"missing: {', '.join(sorted(missing))}; run the bootstrap again")
    else:
        yield Finding(OK, ", ".join(EXTENSIONS))


def partitions() -> Iterator[Finding]:
    """Months are made ahead; rows of a month that is not there would fall into the default partition."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_PARTITIONS)
        ends = cursor.fetchall()
        cursor.execute("SELECT app.floor7(now() + interval '35 days')::text")
        needed = cursor.fetchone()[0]
    for table, end in ends:
        if end is None or end < needed:
            yield Finding(FAILED, f"{table} has no partition for the next month: is a worker running?")
        else:
            yield Finding(OK, f"{table} has its next month")


def anchors() -> Iterator[Finding]:
    folder = settings.AUDIT_ANCHOR_DIR
    if folder.is_dir() and os.access(folder, os.W_OK):
        yield Finding(OK, "the folder of the audit anchors can be written")
    else:
        yield Finding(FAILED, "AUDIT_ANCHOR_DIR is no folder that this process can write")


def field_keys() -> Iterator[Finding]:
    kept = len(settings.FIELD_KEYS["keys"])
    if decrypt(encrypt("selfcheck", "selfcheck"), "selfcheck") == "selfcheck":
        yield Finding(OK, f"{kept} field key(s) readable, {settings.FIELD_KEYS['current']} is current")


def migrations() -> Iterator[Finding]:
    try:
        health.probe_migrations()
        yield Finding(OK, "all are applied")
    except health.NotReady as problem:
        yield Finding(FAILED, str(problem))


def audit() -> Iterator[Finding]:
    health.probe_audit()
    yield Finding(OK, "an event can be inserted")


def clock() -> Iterator[Finding]:
    """The database's clock rules; signatures and one-time codes are made with this machine's."""
    with connection.cursor() as cursor:
        before = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        drift = abs(float(cursor.fetchone()[0]) - (before + time.time()) / 2)
    if drift > DRIFT_SECONDS:
        yield Finding(FAILED, f"this machine and the database differ by {drift:.1f} s")
    else:
        yield Finding(OK, "this machine and the database agree")


def cache_server() -> Iterator[Finding]:
    try:
        cache.get("selfcheck")
        yield Finding(OK, "the cache answers")
    except Exception as problem:  # whatever the client library raises
        yield Finding(WARNING, f"the cache is away ({type(problem).__name__}): slower, and right")


def mail() -> Iterator[Finding]:
    parts = urlsplit(settings.EMAIL_URL)
    if not parts.hostname:
        yield Finding(WARNING, "EMAIL_URL names no server: no mail will leave")
        return
    try:
        with socket.create_connection((parts.hostname, parts.port or 25), timeout=SECONDS):
            yield Finding(OK, "the mail server accepts connections")
    except OSError as problem:
        yield Finding(FAILED, f"the mail server cannot be reached ({type(problem).__name__})")


def printing() -> Iterator[Finding]:
    if pango_present():
        yield Finding(OK, "documents can be printed as PDF")
    else:
        yield Finding(WARNING, f"no PDF, only pages: install {PANGO}")


CHECKS: tuple[Check, ...] = (
    walls,
    signed_context,
    extensions,
    migrations,
    audit,
    partitions,
    anchors,
    field_keys,
    clock,
    cache_server,
    mail,
    printing,
)


def findings() -> Iterator[tuple[str, Finding]]:
    """Every check's name and what it found; one that breaks off is a failure and does not stop the rest."""
    for check in CHECKS:
        name = check.__name__.replace("_", " ")
        try:
            for finding in check():
                yield name, finding
        except Exception as problem:  # a check that cannot run has found something
            yield name, Finding(FAILED, f"could not be checked ({type(problem).__name__})")


def _column(query: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [row[0] for row in cursor.fetchall()]
