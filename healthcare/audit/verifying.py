"""Recompute everything, and name the first bad row of each kind."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models.expressions import RawSQL

from healthcare.audit.anchorcheck import AnchoredHeads, read_anchors
from healthcare.audit.anchors import Anchor, AnchorBook, public_hex, signing_key
from healthcare.audit.chain import GENESIS, HASH_BYTES, PARAMETERS, PLACE, ROW_HASH, Position, Seal
from healthcare.audit.models import AuditSeal
from healthcare.db.context import acting_as_system
from healthcare.db.uuids import moment_of

SEALS_AT_ONCE = 2_000
EVENTS_AT_ONCE = 50_000
GRACE = timedelta(minutes=1)  # between a seal and its anchor a process may have died; the next round writes it
KEPT = 5  # problems kept in full, of each kind


@dataclass
class Report:
    """What was found. `problems` are sentences by kind; the first of each is the first bad row of that kind."""

    seals: int = 0
    sealed: int = 0
    unsealed: int = 0
    loaded: int = 0
    last_anchor: Anchor | None = None
    problems: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.counts

    def add(self, kind: str, sentence: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.counts[kind] <= KEPT:
            self.problems.setdefault(kind, []).append(sentence)


def own_keys() -> set[str]:
    """The public keys, in hex, of the secret keys of the settings."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return {public_hex(signing_key(str(secret)).public_key()) for secret in secrets}


def verify(
    book: AnchorBook, trusted: set[str], now: datetime, progress: Callable[[int], None] = lambda _: None
) -> Report:
    """Check every sealed event against its seal, every seal against the chain, the chain against the anchors.

    `trusted` are public keys in hex; `progress` is told how many events are done. Runs as the system, on the worker
    login, within one transaction, and changes nothing.
    """
    report = Report()
    heads = read_anchors(book, trusted, report.add, report.notices.append)
    report.last_anchor = heads.last
    with acting_as_system("verify_audit"):
        last = _verify_seals(report, heads, now, progress)
        _verify_tail(report, last)
    if len(heads) > report.seals:
        report.add(
            "tail_cut",
            f"Seals {report.seals + 1} to {len(heads)} are anchored and not in the database: its sealed tail was cut.",
        )
    return report


def _verify_seals(report: Report, heads: AnchoredHeads, now: datetime, progress: Callable[[int], None]) -> Position:
    start, previous = Position(), GENESIS
    for group in _groups():
        for seal, head in group:
            _verify_link(report, seal, head, previous)
            _verify_anchor(report, seal, head, heads, now)
            previous = head
        _verify_events(report, start, [seal for seal, _head in group])
        start = group[-1][0].horizon
        progress(report.sealed)
    return start


def _groups() -> Iterator[list[tuple[Seal, bytes]]]:
    """Neighbouring seals of the same form with at most EVENTS_AT_ONCE events, so that one query checks them all."""
    digest = RawSQL("encode(sha256(array_send(event_ids)), 'hex')", [])
    rows = AuditSeal.objects.order_by("number").defer("event_ids").annotate(ids_digest=digest)
    group: list[tuple[Seal, bytes]] = []
    events = 0
    for row in rows.iterator(chunk_size=100):
        seal = _seal_of(row)
        full = len(group) == SEALS_AT_ONCE or events + seal.count > EVENTS_AT_ONCE
        if group and (full or seal.version != group[0][0].version):
            yield group
            group, events = [], 0
        group.append((seal, bytes(row.head)))
        events += seal.count
    if group:
        yield group


def _seal_of(row: AuditSeal) -> Seal:
    return Seal(
        number=row.number,
        version=row.version,
        horizon=Position(row.epoch, row.horizon_xid, row.horizon_id),
        ceiling=row.ceiling_xid,
        count=row.count,
        total=row.total,
        ids_digest=row.ids_digest,  # type: ignore[attr-defined]
        row_hashes=bytes(row.row_hashes),
        suspects=row.suspects,
        previous=bytes(row.previous),
        sealed_at=row.sealed_at,
    )


def _verify_link(report: Report, seal: Seal, head: bytes, previous: bytes) -> None:
    if seal.number != report.seals + 1:
        report.add("seal_missing", f"Seal {report.seals + 1} is missing: after {report.seals} comes {seal.number}.")
    elif seal.previous != previous:
        report.add("seal_changed", f"Seal {seal.number} does not follow from the seal before it.")
    if seal.head() != head or len(seal.row_hashes) != HASH_BYTES * seal.count:
        report.add("seal_changed", f"Seal {seal.number} was changed: its head is not that of what it says.")
    report.seals = seal.number
    report.sealed += seal.count
    for suspect in seal.suspects:
        report.add(
            "row_inserted",
            f"Event {suspect}, sealed in seal {seal.number} at {seal.sealed_at:%Y-%m-%d %H:%M:%S} UTC, was inserted"
            f" after the fact: it claims {moment_of(suspect):%Y-%m-%d %H:%M:%S} UTC, but its transaction began later.",
        )


def _verify_anchor(report: Report, seal: Seal, head: bytes, heads: AnchoredHeads, now: datetime) -> None:
    anchored = heads.head(seal.number)
    if anchored is not None and anchored != head:
        report.add("seal_changed", f"Seal {seal.number} is not the one that was anchored.")
    if seal.number > len(heads) and now - seal.sealed_at > GRACE:
        report.add("anchor_missing", f"Seal {seal.number} has no anchor, and none after it.")


GROUP = f"""
SELECT string_agg(hash, ''::bytea ORDER BY epoch, xid, id), count(*) FILTER (WHERE loaded) FROM (
    SELECT e.epoch, e.xid, e.id, {{row_hash}} AS hash, e.detail ? 'loaded' AS loaded
    FROM audit_auditevent e WHERE {PLACE} > {PARAMETERS} AND {PLACE} <= {PARAMETERS}
) AS covered
"""  # noqa: S608
EACH = f"""
SELECT e.id, {{row_hash}} FROM audit_auditevent e
WHERE {PLACE} > {PARAMETERS} AND {PLACE} <= {PARAMETERS} ORDER BY e.epoch, e.xid, e.id
"""  # noqa: S608


def _verify_events(report: Report, start: Position, seals: list[Seal]) -> None:
    with connection.cursor() as cursor:
        query = GROUP.format(row_hash=ROW_HASH[seals[0].version])
        cursor.execute(query, [*start.values, *seals[-1].horizon.values])
        hashes, loaded = cursor.fetchone()
    report.loaded += loaded
    if bytes(hashes or b"") == b"".join(seal.row_hashes for seal in seals):
        return
    for seal in seals:
        _name_bad_rows(report, start, seal)
        start = seal.horizon


def _name_bad_rows(report: Report, start: Position, seal: Seal) -> None:
    ids = AuditSeal.objects.values_list("event_ids", flat=True).get(number=seal.number)
    hashes = [bytes(piece) for piece in _pieces(seal.row_hashes)]
    sealed: dict[UUID, bytes] = dict(zip(ids, hashes, strict=False))
    with connection.cursor() as cursor:
        query = EACH.format(row_hash=ROW_HASH[seal.version])
        cursor.execute(query, [*start.values, *seal.horizon.values])
        found = {event: bytes(row_hash) for event, row_hash in cursor.fetchall()}
    for event, row_hash in sealed.items():
        if event not in found:
            report.add("row_deleted", f"Event {event}, of seal {seal.number}, was deleted or moved.")
        elif found[event] != row_hash:
            report.add("row_changed", f"Event {event}, of seal {seal.number}, was changed after it was sealed.")
    for event in found.keys() - sealed.keys():
        report.add(
            "row_inserted",
            f"Event {event} was inserted after the fact; seal {seal.number} covers its place and does not name it.",
        )


def _pieces(hashes: bytes) -> Iterator[bytes]:
    return (hashes[place : place + HASH_BYTES] for place in range(0, len(hashes), HASH_BYTES))


TAIL = f"""
SELECT count(*),
    (array_agg(e.id ORDER BY e.id) FILTER (WHERE e.epoch > %s
        OR (e.epoch = %s AND e.xid >= pg_snapshot_xmax(pg_current_snapshot()))))[1]
FROM audit_auditevent e WHERE {PLACE} > {PARAMETERS}
"""  # noqa: S608


def _verify_tail(report: Report, last: Position) -> None:
    with connection.cursor() as cursor:
        # On a server that it was restored to, this opens a new epoch, and cannot while the table is read.
        cursor.execute("SELECT app.audit_epoch()")
        epoch = cursor.fetchone()[0]
        cursor.execute(TAIL, [epoch, epoch, *last.values])
        report.unsealed, unborn = cursor.fetchone()
    if unborn:
        report.add("row_inserted", f"Event {unborn} names a transaction that has not been yet: inserted by hand.")
