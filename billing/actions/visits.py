"""Which card counts for a visit: copied when the patient comes, and again when a card is corrected before the bill."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from psycopg.types.range import DateRange

from billing import queries
from billing.actions.eligibility import ask_eligibility
from billing.models import Coverage, Invoice, UnbilledVisit, VisitCoverage
from healthcare.accounts.models import User
from healthcare.audit import record
from records.models import Encounter
from scheduling.models import Appointment

CARD = ("priority", "relationship", "member_id", "group_number", "subscriber_name", "subscriber_birth_date")
PLAN = ("payer_name", "payer_number", "plan_name", "service_date")


@transaction.atomic
def copy_coverage(
    *,
    by: User | None,
    now: datetime,
    appointment_id: UUID | None = None,
    encounter_id: UUID | None = None,
    asks: bool = True,
) -> list[VisitCoverage]:
    """Copy the cards that count on the day of this visit, or that none is known; with `asks`, ask about each.

    For the system, in a worker. The same again, where nothing differs: nothing happens. What was billed stays as it
    was. [] for a visit that is unknown.
    """
    visit = _visit(appointment_id, encounter_id)
    if visit is None:
        return []
    of: dict[str, Any] = {"appointment": visit} if isinstance(visit, Appointment) else {"encounter": visit}
    standing = list(VisitCoverage.objects.standing().filter(**of).order_by("priority"))
    if standing and Invoice.objects.filter(**of).exclude(status="void").exists():
        return standing
    day = queries.service_day(visit)
    cards = queries.counting_on(visit.patient_id, day)
    rows = [VisitCoverage(patient_id=visit.patient_id, taken_at=now, **of, **_copy_of(card, day)) for card in cards]
    rows = rows or [VisitCoverage(patient_id=visit.patient_id, taken_at=now, **of, **_none_known(day))]
    if _said(standing) == _said(rows):
        return standing
    for row in standing:
        row.replaced_at = now
        row.save(update_fields=["replaced_at", "updated_at"])
    for row in rows:
        row.save(force_insert=True)
    record("billing.copy_coverage", by=by, patient_id=visit.patient_id, target=visit, detail={"cards": len(cards)})
    booking = visit if isinstance(visit, Appointment) else None
    for card in cards if asks else []:
        ask_eligibility(by=by, coverage=card, service_date=day, appointment=booking, now=now)
    return rows


@transaction.atomic
def copy_again(*, by: User | None, patient_id: UUID, now: datetime) -> int:
    """Bring the copies of this patient's visits that have no bill to what the cards say now; how many visits."""
    found = queries.unbilled_copies(patient_id)
    for row in found:
        copy_coverage(by=by, now=now, appointment_id=row.appointment_id, encounter_id=row.encounter_id)
    return len(found)


@transaction.atomic
def note_unbilled(*, by: User | None, appointment_id: UUID, now: datetime) -> UnbilledVisit | None:
    """Write down that a finished visit has no bill yet; None where it has one, or is not finished.

    For the system. The visit's encounters are locked first, as `issue_invoice` does: whichever of the two comes second
    sees what the other did.
    """
    list(Encounter.objects.filter(appointment=appointment_id).select_for_update(of=("self",)).order_by("id"))
    visit = Appointment.objects.filter(pk=appointment_id, status=Appointment.Status.CHECKED_OUT).first()
    if visit is None or Invoice.objects.filter(appointment=visit).exists():
        return None
    known = UnbilledVisit.objects.filter(appointment=visit).first()
    if known is not None:
        return known
    row = UnbilledVisit(patient_id=visit.patient_id, appointment=visit, finished_at=visit.finished_at or now)
    row.save(force_insert=True)
    record("billing.note_unbilled", by=by, target=row)
    return row


# == Parts of the verbs ==
def _visit(appointment_id: UUID | None, encounter_id: UUID | None) -> Appointment | Encounter | None:
    """Not locked: of two workers who copy at once a constraint lets one through, and the other is delivered again."""
    if appointment_id is not None:
        return Appointment.objects.filter(pk=appointment_id).first()
    return Encounter.objects.filter(pk=encounter_id).first() if encounter_id else None


def _copy_of(card: Coverage, day: date) -> dict[str, Any]:
    own = {name: getattr(card, name) for name in (*CARD, "validity")}
    plan = card.plan
    names = {"payer_name": plan.payer.name, "payer_number": plan.payer.number, "plan_name": plan.name}
    return own | names | {"coverage": card, "service_date": day}


def _none_known(day: date) -> dict[str, Any]:
    return {"priority": 1, "validity": DateRange(None, None), "service_date": day}


def _said(rows: list[VisitCoverage]) -> list[tuple[Any, ...]]:
    """What the copies say; the version of the card they are of does not count."""
    return [tuple(getattr(row, name) for name in (*CARD, "validity", *PLAN)) for row in rows]
