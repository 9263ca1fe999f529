"""What an operator wants to know before the doors open: are the walls up, and is everything there?"""

import os
import shutil
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection
from django.utils import timezone

from healthcare.audit.models import AuditEvent
from healthcare.audit.queries import get_sealing_state
from healthcare.audit.sealing import anchor_book
from healthcare.db.bootstrap import EXTENSIONS
from healthcare.db.context import acting_as, acting_as_system
from healthcare.db.fields import decrypt, encrypt
from healthcare.db.uuids import uuid7
from healthcare.events.figures import outbox_figures
from healthcare.events.pulse import silent
from healthcare.events.queues import QUEUES
from healthcare.ops import health
from healthcare.ops.backups.making import BACKUP
from healthcare.ops.printing import PANGO, pango_present

OK, WARNING, FAILED = "ok", "warning", "FAILED"
SECONDS = 3.0
DRIFT_SECONDS = 1.0
URGENT_SECONDS, WAITING_SECONDS, UNSEALED_SECONDS = 60, 900, 60
FREE_LEAST, FREE_LITTLE = 0.05, 0.15  # of a disk
CERTIFICATE_LEAST, CERTIFICATE_LITTLE = 7, 21  # days
PROCESSES = ("relay", "sealer", "beat", *(f"worker:{queue}" for queue in QUEUES))
ARCHIVER = """
SELECT current_setting('archive_mode') <> 'off', last_failed_time > coalesce(last_archived_time, '-infinity')
FROM pg_stat_archiver
"""

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


def backups() -> Iterator[Finding]:
    """The last whole one, as the audit knows it."""
    with acting_as_system("selfcheck"):
        last = AuditEvent.objects.filter(action=BACKUP).order_by("-id").first()
    hours = (timezone.now() - last.at).total_seconds() / 3600 if last else 0
    if last is None:
        yield Finding(_absent(), "none was ever made: manage.py backup")
    elif hours > settings.BACKUP_HOURS:
        yield Finding(_absent(), f"the last is {hours:.0f} h old, and may be {settings.BACKUP_HOURS} h")
    else:
        yield Finding(OK, f"the last is {hours:.0f} h old")


def archive() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(ARCHIVER)
        archives, failing = cursor.fetchone()
    if failing:
        yield Finding(FAILED, "the server's last attempt to archive its log (WAL) failed")
    else:
        yield Finding(OK, "WAL is archived" if archives else "no WAL archive: a loss goes back to the last backup")


def processes() -> Iterator[Finding]:
    away = silent(PROCESSES)
    if away:
        yield Finding(_absent(), f"no sign of life for a minute: {', '.join(away)}")
    else:
        yield Finding(OK, "relay, sealer, beat and a worker for every queue are alive")


def outbox() -> Iterator[Finding]:
    figures = outbox_figures()
    oldest, urgent, dead = (int(figures[name]) for name in ("oldest_seconds", "oldest_urgent_seconds", "dead"))
    if urgent > URGENT_SECONDS:
        yield Finding(FAILED, f"something urgent has waited for {urgent} s")
    if oldest > WAITING_SECONDS:
        yield Finding(WARNING, f"the oldest thing to deliver has waited for {oldest} s")
    if dead:
        yield Finding(WARNING, f"{dead} given up; see why in the log, then relay --replay-dead")
    if not dead and urgent <= URGENT_SECONDS and oldest <= WAITING_SECONDS:
        yield Finding(OK, "nothing waits for long")


def chain() -> Iterator[Finding]:
    """Whether the audit is being sealed and anchored; whether it is whole, verify_audit says."""
    state, last = get_sealing_state(), anchor_book().last()
    anchored = last.number if last else 0
    waiting = (timezone.now() - state.oldest_waiting_at).total_seconds() if state.oldest_waiting_at else 0
    if anchored > state.seals:
        yield Finding(FAILED, f"anchored to seal {anchored}, and the database ends with {state.seals}: verify_audit")
    elif waiting > UNSEALED_SECONDS:
        yield Finding(_absent(), f"an event has waited {waiting:.0f} s for its seal: is the sealer running?")
    else:
        yield Finding(OK, f"{state.sealed} events are sealed, the last seal anchored is {anchored}")


def disk() -> Iterator[Finding]:
    for place in {settings.DATA_DIR, settings.AUDIT_ANCHOR_DIR}:
        if place.exists():
            usage = shutil.disk_usage(place)
            free = usage.free / usage.total
            state = FAILED if free < FREE_LEAST else WARNING if free < FREE_LITTLE else OK
            yield Finding(state, f"{free:.0%} free for {place.name}")


def encrypted_connection() -> Iterator[Finding]:
    connection.ensure_connection()
    if connection.connection.pgconn.ssl_in_use:
        yield Finding(OK, "the connection to the database is encrypted")
    else:
        yield Finding(WARNING, "the database is spoken to in clear: ?sslmode=verify-full in DATABASE_URL")


def certificate() -> Iterator[Finding]:
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme != "https" or not parts.hostname:
        yield Finding(_absent(), "PUBLIC_URL is not an https address")
        return
    try:
        with (
            socket.create_connection((parts.hostname, parts.port or 443), timeout=SECONDS) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname) as secure,
        ):
            shown = secure.getpeercert() or {}
    except OSError as problem:
        yield Finding(FAILED, f"the site's certificate does not hold, or nobody answers ({type(problem).__name__})")
        return
    days = (ssl.cert_time_to_seconds(str(shown["notAfter"])) - time.time()) / 86_400
    state = FAILED if days < CERTIFICATE_LEAST else WARNING if days < CERTIFICATE_LITTLE else OK
    yield Finding(state, f"the site's certificate holds for {days:.0f} days")


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
    backups,
    archive,
    processes,
    outbox,
    chain,
    disk,
    encrypted_connection,
    certificate,
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


def _absent() -> str:
    return FAILED if settings.IN_SERVICE else WARNING


def _column(query: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [row[0] for row in cursor.fetchall()]
