"""Take orders that other systems tell of: what was asked there, by whom, and where it stands."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from healthcare.accounts.models import User
from healthcare.audit import About, record_many
from healthcare.audit.changes import bulk_verb
from records.actions.imports import AT_ONCE, retire_kept
from records.models import ServiceRequest
from records.models.orders import ORDER_MOVES

#: What a row says of an order, once.
SAID = (
    *("patient_id", "encounter_id", "source", "category", "code", "code_system", "display", "priority", "reason"),
    *("note", "ordered_at", "expected_by"),
)


@dataclass(frozen=True)
class ToldOrder:
    """An order placed elsewhere. `before` is its row of an earlier import; `kept` the entry that held it until now.

    `over` says in a word of its source why it is revoked, "" for any other.
    """

    patient_id: UUID
    source: str
    display: str
    status: str
    category: str
    code: str = ""
    code_system: str = ""
    priority: str = "routine"
    reason: str = ""
    note: str = ""
    over: str = ""
    ordered_at: datetime | None = None
    expected_by: date | None = None
    encounter_id: UUID | None = None
    told: Mapping[str, Any] = field(default_factory=dict)
    before: UUID | None = None
    kept: UUID | None = None


@transaction.atomic
def take_orders(*, by: User | None, orders: Sequence[ToldOrder], now: datetime) -> list[ServiceRequest]:
    """Write orders that were placed elsewhere, or say where they stand now by their source; in their order.

    Nobody here ordered them, so nobody here waits for their answers, and nothing is announced. One revoked stays so.
    """
    ids = [one.before for one in orders if one.before]
    found = ServiceRequest.objects.filter(pk__in=ids).exclude(source="").select_for_update(of=("self",)).order_by("id")
    known = {row.pk: row for row in found} if ids else {}
    rows = [_row(one, known.get(one.before) if one.before else None, now) for one in orders]
    with bulk_verb():
        ServiceRequest.objects.bulk_create([row for row in rows if row.pk not in known], batch_size=AT_ONCE)
        changed = ["status", "ended_at", "end_reason", "told", "updated_at"]
        ServiceRequest.objects.bulk_update([row for row in rows if row.pk in known], changed, batch_size=AT_ONCE)
    kept = [one.kept for one in orders if one.kept]
    if kept:
        retire_kept(by=by, patient_ids={one.patient_id for one in orders}, entry_ids=kept, now=now)
    counts = Counter(row.patient_id for row in rows)
    about = [About(patient_id=patient_id, detail={"rows": number}) for patient_id, number in counts.items()]
    record_many("records.take_orders", by=by, about=about)
    return rows


def _row(one: ToldOrder, row: ServiceRequest | None, now: datetime) -> ServiceRequest:
    if row is None:
        row = ServiceRequest(**{name: getattr(one, name) for name in SAID}, status=one.status)
        ends = one.status == "revoked"
    else:
        moves = one.status in ORDER_MOVES[row.status]
        row.status = one.status if moves else row.status
        ends = moves and one.status == "revoked"
    if ends:
        row.ended_at, row.end_reason = now, one.over
    row.told, row.updated_at = dict(one.told), now
    return row
