"""Insurance cards that other systems tell of, in bulk. Announces nothing but that cards changed; nobody is asked."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from psycopg.types.range import DateRange

from billing import rules
from billing.actions.payers import set_payer, set_plan
from billing.events import CoverageChanged
from billing.models import Coverage, Payer, Plan
from healthcare.accounts.models import User
from healthcare.audit import About, record_many
from healthcare.events import publish
from records.actions.imports import retire_kept


@dataclass(frozen=True)
class ToldCard:
    """One card as another system tells of it. `before` is its earlier version here, `kept` the entry that held it.

    `stands` is False where its source has taken it back.
    """

    patient_id: UUID
    source: str
    stands: bool
    payer: str
    plan: str
    priority: int | None
    member_id: str
    group_number: str
    relationship: str
    subscriber_name: str
    first_day: date | None
    last_day: date | None
    told: str
    before: UUID | None = None
    kept: UUID | None = None


@transaction.atomic
def take_coverages(*, by: User | None, told: Sequence[ToldCard], now: datetime) -> list[Coverage | None]:
    """Write these cards, or their next versions, in their order; None for one that finds no place on its days.

    What somebody here has changed or withdrawn since, stays: their card is the answer. For the system.
    """
    rows = [_take(one, now) for one in told]
    kept = [one.kept for one, row in zip(told, rows, strict=True) if one.kept and row]
    if kept:
        retire_kept(by=by, patient_ids={one.patient_id for one in told}, entry_ids=kept, now=now)
    written = [row for row in rows if row is not None]
    counts = Counter(row.patient_id for row in written)
    about = [About(patient_id=patient_id, detail={"rows": number}) for patient_id, number in counts.items()]
    record_many("billing.take_coverages", by=by, about=about)
    last = {row.patient_id: row.pk for row in written}
    if last:
        publish(*(CoverageChanged(coverage_id=key, patient_id=patient_id) for patient_id, key in last.items()))
    return rows


def _take(one: ToldCard, now: datetime) -> Coverage | None:
    before = Coverage.objects.filter(pk=one.before).select_for_update(of=("self",)).first() if one.before else None
    if before is not None and before.status != Coverage.Status.ACTIVE:
        return before
    if before is not None:
        before.status = Coverage.Status.REPLACED if one.stands else Coverage.Status.WRONG
        before.ended_at = now
        before.save(update_fields=["status", "ended_at", "updated_at"])
        if not one.stands:
            return before
    days = DateRange(one.first_day, rules.coverage.first_after(one.last_day))
    held = Coverage.objects.standing().filter(patient_id=one.patient_id, validity__overlap=days)
    place = rules.coverage.free_priority(held.values_list("priority", flat=True), one.priority)
    if place is None:
        return None
    coverage = Coverage(
        patient_id=one.patient_id,
        plan=_plan(one),
        priority=place,
        member_id=one.member_id,
        group_number=one.group_number,
        relationship=one.relationship,
        subscriber_name=one.subscriber_name,
        validity=days,
        supersedes=before,
        source=one.source,
        told=one.told,
    )
    coverage.save(force_insert=True)
    return coverage


def _plan(one: ToldCard) -> Plan:
    """The plan of this name of the payer of this name, whatever the case of their letters; else a new one."""
    payer = Payer.objects.filter(name__iexact=one.payer).first() or set_payer(by=None, name=one.payer, kind="other")
    found = Plan.objects.filter(payer=payer, name__iexact=one.plan).first()
    return found or set_plan(by=None, payer=payer, name=one.plan)
