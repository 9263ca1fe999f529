"""Results that arrive for nobody sure: kept until somebody says whose one is, or why it is nobody's."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import Provider, User
from healthcare.accounts.permissions import Permission
from healthcare.audit import About, record, record_many, record_now
from patients.models import Patient
from records.actions.entries import void_entry
from records.actions.results import take_result
from records.actions.writing import Content, NotCurrent, NotRecorded
from records.models import Entry, ServiceRequest, UnmatchedResult
from records.queries.unmatched import Waiting, earlier_version, unmatched_result, unmatched_results
from records.rules.unmatched import Told, as_text, headline_of, measured_of

TARGET = UnmatchedResult._meta.label_lower
Source = tuple[str, str, str]  # system, resource type, id


@dataclass(frozen=True)
class Unplaced:
    """A result as the import read it; `why` is a word of `UnmatchedResult.Why`."""

    told: Told
    why: str
    system: str
    resource_type: str
    source_id: str
    digest: str

    @property
    def source(self) -> Source:
        return self.system, self.resource_type, self.source_id


# == As they arrive ==
@transaction.atomic
def receive_unmatched(*, by: User | None, results: Sequence[Unplaced], run: UUID) -> list[UnmatchedResult | None]:
    """Put these on the list, in their order. A later version takes the place of one that still waits; None for what
    was told in the same words before, whatever became of it. For the system.
    """
    known = {(row.source, row.digest) for row in _of_sources([one.source for one in results])}
    rows = [None if (one.source, one.digest) in known else _received(one, run) for one in results]
    about = [About(target=row) for row in rows if row]
    record_many("records.receive_unmatched", by=by, about=about)
    return rows


@transaction.atomic
def retire_unmatched(*, by: User | None, sources: Collection[Source], now: datetime) -> int:
    """These were told again, and of somebody known: they wait no longer. Returns how many did. For the system."""
    rows = [row for row in _of_sources(sources) if row.state == UnmatchedResult.State.OPEN]
    for row in rows:
        row.state, row.settled_at = UnmatchedResult.State.ARRIVED, now
        row.save(update_fields=["state", "settled_at", "updated_at"])
    record_many("records.retire_unmatched", by=by, about=[About(target=row) for row in rows])
    return len(rows)


def _of_sources(sources: Collection[Source]) -> list[UnmatchedResult]:
    systems, ids = {one[0] for one in sources}, {one[2] for one in sources}
    rows = UnmatchedResult.objects.filter(system__in=systems, source_id__in=ids)
    return [row for row in rows.order_by("id").select_for_update(of=("self",)) if row.source in set(sources)]


def _received(one: Unplaced, run: UUID) -> UnmatchedResult:
    waits = UnmatchedResult.objects.filter(
        system=one.system, source_id=one.source_id, resource_type=one.resource_type, state="open"
    ).first()
    row = waits or UnmatchedResult(system=one.system, source_id=one.source_id, resource_type=one.resource_type)
    row.why, row.digest, row.run = one.why, one.digest, run
    row.headline, row.content = headline_of(one.told), as_text(one.told)
    row.save()
    return row


# == By who enters results ==
def list_unmatched(*, by: User, aside: bool = False) -> list[Waiting]:
    """What waits, or what was set aside, the oldest first. Raises NotAllowed, AuditUnavailable and TooManyLists."""
    check_can(by, Permission.ENTER_RESULT)
    record_now("records.list_unmatched", by=by)
    return unmatched_results("aside" if aside else "open")


def open_unmatched(*, by: User, key: UUID) -> Waiting | None:
    """One with all that was told; None where there is none. Raises as `list_unmatched`."""
    check_can(by, Permission.ENTER_RESULT)
    record_now("records.open_unmatched", by=by, target=(TARGET, key))
    return unmatched_result(key)


@transaction.atomic
def match_result(
    *,
    by: User,
    found: Waiting,
    patient: Patient,
    now: datetime,
    request: ServiceRequest | None = None,
    provider: Provider | None = None,
) -> Entry:
    """It is this patient's: it goes into the chart as any result does, with range, flag, alert and order; a later
    version of what is there follows it, and one that its source calls wrong voids it.

    Raises NotCurrent where a colleague was quicker; NotRecorded; NotAllowed and NotInScope.
    """
    told = found.told
    if told is None:
        raise ValueError("Open it first.")
    before = earlier_version(by, patient, found)
    if told.record_status == "entered_in_error":
        if before is None:
            raise NotRecorded(_("Its source calls this result wrong. Set it aside."))
        void_entry(by=by, entry=before, reason=_("Its source calls it wrong"), now=now)
        entry = before
    else:
        entry = take_result(
            by=by,
            patient=patient,
            content=_content(told, provider),
            measured=measured_of(told),
            effective_at=told.moment,
            now=now,
            request=request,
            replaces=before,
            record_status=told.record_status,
            private=told.private,
        )
    _settle(found, "matched", whose=patient.pk, made=entry.pk)
    record("records.match_result", by=by, patient_id=patient.pk, target=entry, detail={"why": found.why})
    return entry


@transaction.atomic
def set_aside_result(*, by: User, found: Waiting, reason: str) -> None:
    """It is nobody's here. It stays, with the reason, and can be put back. Raises NotRecorded without a reason,
    NotCurrent where a colleague was quicker, and NotAllowed.
    """
    check_can(by, Permission.ENTER_RESULT)
    if not reason.strip():
        raise NotRecorded(_("Write why it is set aside."))
    _settle(found, "aside", because=reason.strip())
    record("records.set_aside_result", by=by, target=(TARGET, found.id))


@transaction.atomic
def put_back_result(*, by: User, found: Waiting) -> None:
    """It waits again. Raises NotCurrent, also where a later version of it waits; and NotAllowed."""
    check_can(by, Permission.ENTER_RESULT)
    _settle(found, "open", before="aside")
    record("records.put_back_result", by=by, target=(TARGET, found.id))


def _settle(
    found: Waiting,
    after: str,
    *,
    before: str = "open",
    because: str = "",
    whose: UUID | None = None,
    made: UUID | None = None,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT app.settle_unmatched_result(%s, %s, %s, %s, %s, %s)",
            [found.id, before, after, because, whose, made],
        )
        if not cursor.fetchone()[0]:
            raise NotCurrent(_("A colleague was quicker with this one. Look at the list again."))


def _content(told: Told, provider: Provider | None) -> Content:
    return Content(
        kind=told.kind,
        code=told.code,
        code_system=told.code_system,
        display=told.display,
        value=told.number,
        unit=told.unit,
        data=dict(told.data),
        provider=provider,
        sensitivity=told.sensitivity,
    )
