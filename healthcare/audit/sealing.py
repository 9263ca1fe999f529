"""Chain committed events, in an order in which none is ever skipped.

An event can be sealed when every transaction that began before its own has ended: `xid < pg_snapshot_xmin(…)`. Then no
row can appear any more below it, so the order `(epoch, xid, id)` is final. A transaction left open holds the sealing
back, visibly (`get_sealing_state`), but never lets a row slip through.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection

from healthcare.audit.anchors import Anchor, AnchorBook, signing_key
from healthcare.audit.chain import GENESIS, NO_ID, PARAMETERS, PLACE, ROW_HASH, VERSION, Position, Seal
from healthcare.audit.models import AuditSeal
from healthcare.db.context import acting_as_system
from healthcare.db.uuids import floor7

log = logging.getLogger("healthcare.audit.sealing")
LOCK = 7_240_002
BATCH = 10_000
#: How far an id may lie before the moment its transaction began: as far as the insert's own trigger lets clocks differ.
TOLERANCE = timedelta(minutes=5)

PICK = f"""
WITH picked AS (
    SELECT e.id, e.epoch, e.xid, {ROW_HASH[VERSION]} AS hash, e.id < %s::uuid AND NOT e.detail ? 'loaded' AS suspect
    FROM audit_auditevent e
    WHERE {PLACE} > {PARAMETERS}
        AND (e.epoch < %s OR (e.epoch = %s AND e.xid < pg_snapshot_xmin(pg_current_snapshot())))
    ORDER BY e.epoch, e.xid, e.id LIMIT %s
)
SELECT array_agg(id ORDER BY epoch, xid, id), string_agg(hash, ''::bytea ORDER BY epoch, xid, id),
    encode(sha256(array_send(array_agg(id ORDER BY epoch, xid, id))), 'hex'),
    coalesce(array_agg(id ORDER BY epoch, xid, id) FILTER (WHERE suspect), '{{}}'),
    max(epoch), (array_agg(xid::text::bigint ORDER BY epoch, xid, id))[count(*)],
    pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
    statement_timestamp()
FROM picked
"""  # noqa: S608


class SealerBusy(Exception):
    """Another process is sealing; there is nothing to do."""


class AnchorsAhead(Exception):
    """The anchors know of later seals than the database has: it was set back, or its sealed tail was cut."""


@dataclass(frozen=True)
class Sealed:
    """One round: how many events, how many of them suspect, and whether more are waiting."""

    count: int
    suspects: int = 0
    more: bool = False


def anchor_book() -> AnchorBook:
    return AnchorBook(settings.AUDIT_ANCHOR_DIR)


def seal_pending() -> int:
    """Seal and anchor everything that can be sealed now; returns how many events. Raises as `seal_batch`."""
    total = 0
    while True:
        sealed = seal_batch()
        total += sealed.count
        if not sealed.more:
            return total


def seal_batch(limit: int = BATCH) -> Sealed:
    """Seal at most `limit` events in one transaction, then anchor the new head outside the database.

    Raises SealerBusy, AnchorsAhead, and OSError when the anchor cannot be written; the next round writes it then.
    """
    with _the_only_sealer():
        with acting_as_system("seal_audit"):
            last = _last_seal()
            _keep_up(last)
            row = _add_seal(last, limit)
        if row is None:
            return Sealed(count=0)
        _anchor(row, "seal")
    if row.suspects:
        log.error("audit events claim another time", extra={"seal": row.number, "events": len(row.suspects)})
    return Sealed(count=row.count, suspects=len(row.suspects), more=row.count == limit)


def accept_restore() -> int | None:
    """An operator says that the database was set back on purpose: anchor that, so that sealing can go on from here.

    The lost seals stay visible in the anchors for ever. Returns the number now last, or None when nothing was lost.
    """
    with _the_only_sealer(), acting_as_system("seal_audit"):
        last = _last_seal()
        anchored = anchor_book().last()
        if anchored is None or anchored.number <= (last.number if last else 0):
            return None
        _anchor(last, "restore")
        return last.number if last else 0


@contextmanager
def _the_only_sealer() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise SealerBusy("Another process is sealing the audit.")
    try:
        yield
    finally:
        if connection.connection is not None and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _last_seal() -> AuditSeal | None:
    return AuditSeal.objects.order_by("-number").defer("event_ids", "row_hashes").first()


def _keep_up(last: AuditSeal | None) -> None:
    """The process may have died between a seal and its anchor; and anchors may know more than the database does."""
    anchored = anchor_book().last()
    number = last.number if last else 0
    if anchored is not None and anchored.number > number:
        raise AnchorsAhead(
            f"The anchors end with seal {anchored.number}, the database with {number}: run verify_audit, and after a"
            " restore seal_audit --after-restore."
        )
    if last is not None and (anchored is None or anchored.number < number):
        _anchor(last, "seal")


def _add_seal(last: AuditSeal | None, limit: int) -> AuditSeal | None:
    start = Position(last.epoch, last.horizon_xid, last.horizon_id) if last else Position()
    epoch = _current_epoch()
    with connection.cursor() as cursor:
        # The index has the order; a planner that thinks few rows are left would sort all of a long backlog instead.
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(PICK, [_earliest_key(last), *start.values, epoch, epoch, limit])
        ids, hashes, ids_digest, suspects, last_epoch, last_xid, xmin, xmax, now = cursor.fetchone()
    if not ids:
        return None
    full = len(ids) == limit
    seal = Seal(
        number=last.number + 1 if last else 1,
        version=VERSION,
        horizon=Position(last_epoch, last_xid, ids[-1]) if full else Position(epoch, xmin),
        ceiling=xmax,
        count=len(ids),
        total=(last.total if last else 0) + len(ids),
        ids_digest=ids_digest,
        row_hashes=bytes(hashes),
        suspects=suspects,
        previous=bytes(last.head) if last else GENESIS,
        sealed_at=now,
    )
    return _insert(seal, ids)


def _insert(seal: Seal, ids: list[UUID]) -> AuditSeal:
    row = AuditSeal(
        number=seal.number,
        version=seal.version,
        epoch=seal.horizon.epoch,
        horizon_xid=seal.horizon.xid,
        horizon_id=seal.horizon.event_id,
        ceiling_xid=seal.ceiling,
        count=seal.count,
        total=seal.total,
        event_ids=ids,
        row_hashes=seal.row_hashes,
        suspects=list(seal.suspects),
        previous=seal.previous,
        head=seal.head(),
        sealed_at=seal.sealed_at,
    )
    row.save(force_insert=True)
    return row


def _current_epoch() -> int:
    """Opens a new epoch by itself when this cluster's transaction ids have started again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.audit_epoch()")
        return int(cursor.fetchone()[0])


def _earliest_key(last: AuditSeal | None) -> UUID:
    """The smallest honest id of what comes next.

    Every transaction still to be sealed got its id after some seal whose ceiling it lies above was made; an event of it
    with a key from before that moment was put in with a key made up.
    """
    if last is None:
        return NO_ID
    below = AuditSeal.objects.filter(epoch=last.epoch, ceiling_xid__lte=last.horizon_xid).order_by("-number")
    moment = below.values_list("sealed_at", flat=True).first()
    return floor7(moment - TOLERANCE) if moment else NO_ID


def _anchor(row: AuditSeal | None, kind: str) -> None:
    if row is None:
        anchor = Anchor(kind, 0, 0, 0, "", "")
    else:
        anchor = Anchor(
            kind, row.number, row.total, row.epoch, bytes(row.head).hex(), row.sealed_at.astimezone(UTC).isoformat()
        )
    anchor_book().append(anchor, signing_key(settings.SECRET_KEY), datetime.now(UTC))
