"""Can this process answer? Each probe says yes or raises; what it touches is rolled back."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.cache import cache
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from healthcare.audit import record
from healthcare.ops.logs import logger

PROBE = "ops.probe"
_migrated = False


class NotReady(Exception):
    """A part that pages need does not do its work."""


@dataclass(frozen=True)
class Probe:
    part: str
    run: Callable[[], None]
    needed: bool = True


def probe_database() -> None:
    """A transaction that writes: a standby, or a database turned read-only, cannot number one."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()")
        transaction.set_rollback(True)


def probe_audit() -> None:
    """No audit row, no patient data: the insert must be possible. Nothing remains of it."""
    with transaction.atomic():
        record(PROBE, by=None)
        transaction.set_rollback(True)


def probe_migrations() -> None:
    """Every migration of this code is applied. Asked until it is so once: it does not become untrue in a process."""
    global _migrated
    if _migrated:
        return
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotReady("There are migrations to apply.")
    _migrated = True


def probe_cache() -> None:
    cache.set("ops-probe", 1, timeout=5)
    if cache.get("ops-probe") != 1:
        raise NotReady("The cache does not keep what it is given.")


PROBES = (
    Probe("database", probe_database),
    Probe("audit", probe_audit),
    Probe("migrations", probe_migrations),
    Probe("cache", probe_cache, needed=False),  # without it pages are slower, and right
)


def examine() -> tuple[bool, dict[str, str]]:
    """Whether every needed part is well, and "ok" or "failed" by part; why stands in the log."""
    found = {probe.part: _state(probe) for probe in PROBES}
    return all(found[probe.part] == "ok" for probe in PROBES if probe.needed), found


def _state(probe: Probe) -> str:
    try:
        probe.run()
    except Exception as problem:  # a probe may fail in any way its server finds
        logger.warning("probe failed", extra={"part": probe.part, "failure": type(problem).__name__})
        return "failed"
    return "ok"
