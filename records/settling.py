"""Move what other systems told before there was a home for it: what was kept is read again, as if it came now.

The version that was kept stays behind it, and the memory of imports learns where it lives, so that a later change at
its source finds it. What somebody here changed meanwhile is left, and so is what has no home now either.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from django.db import transaction

from healthcare.accounts.models import Site
from healthcare.audit import record
from healthcare.db.context import acting_as_system
from healthcare.db.uuids import uuid7
from healthcare.fhir.resources import Home, Incoming, Ledger, resources
from patients.importing.run import PURPOSE, references
from patients.importing.sources import look_up, remember, told_again
from patients.models import ImportedSource
from records.models import Entry
from records.queries.imports import with_a_home_now

AT_ONCE = 500
ENTRY = Entry._meta.label_lower
KEPT = "imported"


def settle(*, now: datetime, dry_run: bool = False) -> Counter[str]:
    """Every such entry, a batch a transaction; how many were moved, by type of resource."""
    moved: Counter[str] = Counter()
    after = None
    while True:
        with acting_as_system(PURPOSE), transaction.atomic():
            rows = with_a_home_now(after, AT_ONCE)
            moved.update(_settle(rows, now))
            if dry_run:
                transaction.set_rollback(True)
        if len(rows) < AT_ONCE:
            return moved
        after = rows[-1].pk


def _settle(rows: list[Entry], now: datetime) -> Counter[str]:
    if not rows:
        return Counter()
    site = Site.objects.order_by("created_at")[:1].get()  # no patient is registered here; the ledger wants one
    ledger = Ledger(run=uuid7(), site=site, now=now)
    items = list(_incoming(rows))
    look_up(ledger, items, (key for item in items for key in references(item)))
    kinds = {row.pk: row.kind for row in rows}
    items = [one for one in items if one.before and _taken_for(one, ledger) not in (KEPT, kinds[one.before.id])]
    moved: Counter[str] = Counter()
    for kind, group in groupby(sorted(items, key=lambda item: item.type), key=lambda item: item.type):
        batch = list(group)
        outcomes = resources()[kind].take(batch, ledger, None)
        taken = [(one, outcome) for one, outcome in zip(batch, outcomes, strict=True) if outcome.state == "imported"]
        remember(ledger, taken)
        moved[kind] += len(taken)
    record("fhir.settle", by=None, target=("fhir.import", ledger.run), detail=dict(moved))
    return moved


def _taken_for(item: Incoming, ledger: Ledger) -> str:
    """The kind that it would become now."""
    kind: str = resources()[item.type].taken_for(item, ledger)  # type: ignore[attr-defined]
    return kind


def _incoming(rows: Iterable[Entry]) -> Iterable[Incoming]:
    """As its source told it; without a word where the memory of imports does not know it."""
    by_id = {row.pk: row for row in rows}
    patients = {row.patient_id for row in by_id.values()}
    sources = ImportedSource.objects.filter(patient_id__in=patients, row_id__in=by_id, model=ENTRY)
    for source in sources.order_by("pk"):
        row = by_id[source.row_id]
        before = Home(ENTRY, row.pk, row.patient_id)
        yield told_again(source, row.data["resource"], patient_id=row.patient_id, before=before)
