"""Empty the database after a test that committed: only the tables that hold something, and only what they hold.

TRUNCATE of all tables, Django's way, makes some two thousand files anew and grants everything again: a second of
processor time after each such test. What comes of it is the same, so its first answer in a process is kept and
compared: where kinds of content, permissions, privileges or the key are no longer as migrating leaves them, or where
much was written, Django's own way is taken again.
"""

from typing import Any

import psycopg
from django.conf import settings
from django.db import connections

MUCH = 16 * 1024 * 1024  # bytes; deleted rows stay in their pages until a TRUNCATE
WAIT = "5s"  # for pages that are on their way, and for locks of our own connection, which TRUNCATE does not wait for
KEPT = ("django_content_type", "auth_permission")  # what `post_migrate` fills

AS_MIGRATED = """
SELECT md5(concat(
    (SELECT string_agg(t::text, ',' ORDER BY t.id) FROM django_content_type t),
    (SELECT string_agg(p::text, ',' ORDER BY p.id) FROM auth_permission p),
    (SELECT string_agg(k::text, ',' ORDER BY k::text) FROM private.context_key k),
    (SELECT string_agg(c.oid::text || c.relacl::text, ',' ORDER BY c.oid) FROM pg_class c
        WHERE c.relnamespace IN ('public'::regnamespace, 'private'::regnamespace)),
    (SELECT string_agg(n.oid::text || n.nspacl::text, ',' ORDER BY n.oid) FROM pg_namespace n),
    (SELECT string_agg(d::text, ',' ORDER BY d.oid) FROM pg_default_acl d)
))
"""
# A partitioned table holds its rows in tables of other names.
HOLDING = """
SELECT c.oid::regclass::text, pg_relation_size(c.oid) FROM pg_class c
WHERE c.relkind = 'r' AND pg_relation_size(c.oid) > 0 AND c.oid IN (
    SELECT t.oid FROM pg_class t WHERE t.relnamespace = 'public'::regnamespace AND t.relname = ANY(%(tables)s)
    UNION ALL SELECT p.relid FROM pg_class t, pg_partition_tree(t.oid) p
        WHERE t.relnamespace = 'public'::regnamespace AND t.relname = ANY(%(tables)s) AND t.relkind = 'p'
)
"""
_left_by_migrating: dict[str, str] = {}  # by the name of the database, in this process


def remember() -> None:
    """After Django's own way: this is what migrating leaves."""
    with _past_the_walls() as server:
        _left_by_migrating[_name()] = _fingerprint(server)


def emptied() -> bool:
    """Whether all is empty now; if not, nothing was done."""
    if _name() not in _left_by_migrating:
        return False
    try:
        with _past_the_walls() as server, server.transaction():
            return _fingerprint(server) == _left_by_migrating[_name()] and _deleted(server)
    except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
        return False


def _deleted(server: psycopg.Connection) -> bool:
    """Locked first, as TRUNCATE does: who still writes has then ended, and may have written elsewhere meanwhile."""
    locked: set[str] = set()
    while True:
        holding = dict(server.execute(HOLDING, {"tables": _tables()}).fetchall())
        if sum(holding.values()) > MUCH:
            return False
        if not (new := holding.keys() - locked):
            break
        server.execute(f"LOCK TABLE {', '.join(sorted(new))} IN ACCESS EXCLUSIVE MODE".encode())
        locked |= new
    server.execute("SET LOCAL session_replication_role = replica")  # no triggers: neither keys nor append-only tables
    server.execute("; ".join(f"DELETE FROM {name}" for name in sorted(locked)).encode())
    return True


def _tables() -> list[str]:
    """Those that TRUNCATE would name."""
    names = connections["default"].introspection.django_table_names(only_existing=False, include_views=False)
    return sorted(set(names) - set(KEPT))


def _fingerprint(server: psycopg.Connection) -> str:
    row = server.execute(AS_MIGRATED).fetchone()
    assert row
    return str(row[0])


def _name() -> str:
    return str(connections["default"].settings_dict["NAME"])


def _past_the_walls() -> Any:
    options = f"-c lock_timeout={WAIT} -c timezone=UTC"
    return psycopg.connect(settings.TEST_BOOTSTRAP_URL, dbname=_name(), autocommit=True, options=options)
