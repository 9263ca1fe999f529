"""What is hashed, and how one seal hangs on the one before."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

#: The canonical text of an event, by version: every column, in an array that cannot be read two ways, hashed where the
#: row is. It stands here and not in a function of the database, which a superuser could replace without a trace. The
#: sign-in, which came later, stands after the array: without one the text is what it always was.
ROW_HASH = {
    1: """pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.json_build_array(
        e.id, (extract(epoch FROM e.at) * 1000000)::bigint, e.action, e.actor_id, e.actor_role, e.purpose, e.patient_id,
        e.target_type, e.target_id, e.outcome, e.detail, e.request_id, e.address::text, e.xid::text, e.epoch
    )::text || coalesce(e.session_id::text, ''), 'UTF8'))"""
}
VERSION = max(ROW_HASH)
HASH_BYTES = 32
NO_ID = UUID(int=0)
GENESIS = bytes(HASH_BYTES)


@dataclass(frozen=True)
class Position:
    """A place in the order of sealing: transactions in the order of their ids, within an epoch."""

    epoch: int = 0
    xid: int = 0
    event_id: UUID = NO_ID

    @property
    def values(self) -> tuple[int, str, UUID]:
        return self.epoch, str(self.xid), self.event_id


#: `(epoch, xid, id)` of an event compared with a Position's three values.
PLACE = "(e.epoch, e.xid, e.id)"
PARAMETERS = "(%s::integer, %s::text::xid8, %s::uuid)"


@dataclass(frozen=True)
class Seal:
    """One batch as it is chained; `ids_digest` is the SHA-256 of the array of its event ids, in hex."""

    number: int
    version: int
    horizon: Position
    ceiling: int
    count: int
    total: int
    ids_digest: str
    row_hashes: bytes
    suspects: Sequence[UUID]
    previous: bytes
    sealed_at: datetime

    def head(self) -> bytes:
        """SHA-256 over the head before, everything this seal says, and the hash of each of its events."""
        said = [
            self.number,
            self.version,
            *map(str, self.horizon.values),
            self.ceiling,
            self.count,
            self.total,
            self.ids_digest,
            [str(suspect) for suspect in self.suspects],
            self.sealed_at.astimezone(UTC).isoformat(),
        ]
        return hashlib.sha256(self.previous + json.dumps(said).encode() + self.row_hashes).digest()
