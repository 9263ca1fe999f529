"""Somebody is to come again by a day: planned, due, and over when they were here, or when it is not needed any more."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.events import publish
from patients.models import Patient
from records.access.recalls import check_can_call, check_can_end_recall
from records.actions.entries import record_said
from records.actions.writing import NotCurrent, NotRecorded
from records.events import RecallDue, RecallEnded, RecallReopened
from records.kinds import Said
from records.models import Encounter, Entry, Recall, RecallCall
from records.models.recalls import RECALL_MOVES
from records.queries.recalls import recalls_to_call
from scheduling.models import VisitType

PLAN = "plan_item"
MORNING = time(6)  # on the clock of the site: before the front desk opens
LATEST = timedelta(days=10 * 366)


@transaction.atomic
def plan_recall(
    *,
    by: User,
    patient: Patient,
    reason: str,
    due_on: date,
    visit_type: VisitType,
    today: date,
    now: datetime,
    encounter: Encounter | None = None,
    sensitivity: str = "",
) -> Recall:
    """Plan that the patient comes again by this day. The reason is a plan item of the chart; the recall says none.

    Raises NotRecorded for a day that is past or more than ten years away, and for no reason; NotAllowed, NotInScope.
    """
    if not reason.strip():
        raise NotRecorded(_("Say why."))
    if not today < due_on <= today + LATEST:
        raise NotRecorded(_("Choose a day after today, at most ten years away."))
    said = Said(display=reason.strip(), clinical_status="active", data={"due": due_on.isoformat()})
    entry = record_said(
        by=by, patient=patient, kind=PLAN, said=said, now=now, encounter=encounter, sensitivity=sensitivity
    )
    recall = Recall(
        patient=patient,
        entry=entry,
        visit_type=visit_type,
        due_on=due_on,
        planned_by=by,
        next_at=_morning_of(due_on, patient),
    )
    recall.save(force_insert=True)
    record("records.plan_recall", by=by, patient_id=patient.pk, target=recall)
    return recall


@transaction.atomic
def end_recall(*, by: User, recall: Recall, done: bool, now: datetime) -> None:
    """Say by hand that the patient was here, or that nobody need call. What is planned in the chart stays to be ended
    there. Raises NotAllowed, NotInScope, and NotCurrent for one that is over.
    """
    check_can_end_recall(by, recall)
    row = Recall.objects.select_for_update(of=("self",)).get(pk=recall.pk, patient_id=recall.patient_id)
    _end(row, "done" if done else "cancelled", "by_hand", now, by=by)
    record("records.end_recall", by=by, patient_id=row.patient_id, target=row, detail={"state": row.state})


def list_recalls(*, by: User, now: datetime) -> list[Recall]:
    """Whom to call where one works, said before it is shown. Raises NotAllowed and AuditUnavailable."""
    check_can(by, Permission.BOOK_APPOINTMENT)
    record_now("records.list_recalls", by=by)
    return recalls_to_call(by, now)


@transaction.atomic
def note_recall_call(*, by: User, recall: Recall, outcome: str, now: datetime) -> RecallCall:
    """Somebody called about it, and how that went. Raises NotCurrent for a recall that is over; NotAllowed, NotInScope.

    Reached or not, it stays on the list until a visit of its kind is booked, or nobody need call any more.
    """
    check_can_call(by, recall)
    row = Recall.objects.filter(pk=recall.pk, patient_id=recall.patient_id).select_for_update(of=("self",)).get()
    if row.ended_at is not None:
        raise NotCurrent(_("This recall is over already."))
    call = RecallCall(recall=row, patient_id=row.patient_id, called_at=now, called_by=by)
    call.outcome = RecallCall.Outcome(outcome)
    call.save(force_insert=True)
    record("records.note_recall_call", by=by, patient_id=row.patient_id, target=call, detail={"outcome": call.outcome})
    return call


@transaction.atomic
def call_in(*, by: User | None, recall_id: UUID, now: datetime) -> None:
    """Announce that a recall is due, if it is and stands; else nothing. Once in effect: the row is locked and moved."""
    rows = Recall.objects.select_for_update(of=("self",))
    row = rows.filter(pk=recall_id, state="planned", next_at__lte=now).first()
    if row is None:
        return
    row.state, row.next_at, row.handed_until = "due", None, None
    row.save(update_fields=["state", "next_at", "handed_until", "updated_at"])
    record("records.call_in", by=by, patient_id=row.patient_id, target=row)
    publish(RecallDue(recall_id=row.pk, patient_id=row.patient_id, due_on=row.due_on))


@transaction.atomic
def fulfil_recalls(*, by: User | None, encounter_id: UUID, patient_id: UUID, now: datetime) -> int:
    """A visit ended: recalls for this kind of visit that were planned before it began are done. Returns how many.

    The visit is locked: whoever marks it as wrong in the same moment comes before this, or finds what it ended.
    """
    visits = Encounter.objects.select_related("appointment").filter(pk=encounter_id, patient_id=patient_id)
    standing = visits.exclude(status="entered_in_error").select_for_update(of=("self",), no_key=True)
    visit = standing.first()
    if visit is None or visit.appointment is None or visit.started_at is None:
        return 0
    kind = visit.appointment.visit_type_id
    rows = Recall.objects.standing().filter(patient_id=patient_id, visit_type_id=kind, created_at__lt=visit.started_at)
    found = list(rows.select_for_update(of=("self",)).order_by("pk"))
    for row in found:
        _end(row, "done", "visit", now, encounter=visit)
        record("records.fulfil_recall", by=by, patient_id=patient_id, target=row)
    return len(found)


@transaction.atomic
def reopen_recalls(*, by: User | None, encounter_id: UUID, patient_id: UUID, now: datetime) -> int:
    """The visit that ended them was entered in error: they stand again, for the day that was planned, and are due at
    once where that is past. What another visit of the kind, the end of the plan or a death has settled meanwhile is
    over again by that. Returns how many opened.
    """
    wrong = Recall.objects.filter(patient_id=patient_id, encounter_id=encounter_id, ended_because="visit")
    rows = wrong.filter(encounter__status="entered_in_error").select_related("patient__site")
    found = list(rows.select_for_update(of=("self",)).order_by("pk"))
    for row in found:
        _reopen(row, now)
        record(
            "records.reopen_recall",
            by=by,
            patient_id=patient_id,
            target=row,
            detail={"encounter_id": str(encounter_id)},
        )
        settle_recall(by=by, entry_id=_standing_version(row.entry_id, patient_id), patient_id=patient_id, now=now)
    kinds = {row.visit_type_id for row in found}
    others = Encounter.objects.filter(patient_id=patient_id, appointment__visit_type__in=kinds, status="finished")
    for key in others.order_by("started_at", "pk").values_list("pk", flat=True):
        fulfil_recalls(by=by, encounter_id=key, patient_id=patient_id, now=now)
    cancel_recalls_of_the_dead(by=by, patient_id=patient_id, now=now)
    return len(found)


@transaction.atomic
def settle_recall(*, by: User | None, entry_id: UUID, patient_id: UUID, now: datetime) -> bool:
    """The plan item of a recall was done, dropped or voided: nobody is called in for it. Returns whether one ended."""
    versions = _versions(entry_id, patient_id)
    if not versions or (versions[0].voided_at is None and versions[0].clinical_status == "active"):
        return False
    rows = Recall.objects.standing().filter(patient_id=patient_id, entry_id__in=[row.pk for row in versions])
    row = rows.select_for_update(of=("self",)).first()
    if row is None:
        return False
    done = versions[0].voided_at is None and versions[0].clinical_status == "completed"
    _end(row, "done" if done else "cancelled", "plan_ended", now)
    record("records.settle_recall", by=by, patient_id=patient_id, target=row)
    return True


@transaction.atomic
def cancel_recalls_of_the_dead(*, by: User | None, patient_id: UUID, now: datetime) -> int:
    """Nobody is called in who has died. Returns how many recalls there were; none where that was taken back."""
    if not Patient.objects.filter(pk=patient_id, deceased=True).exists():
        return 0
    rows = Recall.objects.standing().filter(patient_id=patient_id)
    found = list(rows.select_for_update(of=("self",)).order_by("pk"))
    for row in found:
        _end(row, "cancelled", "died", now)
        record("records.cancel_recall", by=by, patient_id=patient_id, target=row)
    return len(found)


def _end(
    row: Recall, state: str, because: str, now: datetime, *, by: User | None = None, encounter: Encounter | None = None
) -> None:
    if state not in RECALL_MOVES[row.state]:
        raise NotCurrent(_("This recall is over already."))
    row.state, row.ended_at, row.ended_by, row.ended_because = state, now, by, because
    row.encounter, row.next_at = encounter, None
    row.save(update_fields=["state", "ended_at", "ended_by", "ended_because", "encounter", "next_at", "updated_at"])
    publish(RecallEnded(recall_id=row.pk, patient_id=row.patient_id))


def _reopen(row: Recall, now: datetime) -> None:
    row.state, row.ended_at, row.ended_by, row.ended_because, row.encounter = "planned", None, None, "", None
    row.reopened_at, row.next_at = now, _morning_of(row.due_on, row.patient)
    changed = ["state", "ended_at", "ended_by", "ended_because", "encounter", "reopened_at", "next_at", "updated_at"]
    row.save(update_fields=changed)
    publish(RecallReopened(recall_id=row.pk, patient_id=row.patient_id, due_on=row.due_on))


def _morning_of(due_on: date, patient: Patient) -> datetime:
    return datetime.combine(due_on, MORNING, ZoneInfo(patient.site.time_zone))


def _standing_version(entry_id: UUID, patient_id: UUID) -> UUID:
    """The newest version of this entry."""
    later = Entry.objects.filter(patient_id=patient_id, supersedes_id=entry_id).values_list("pk", flat=True)
    found = later.first()
    return entry_id if found is None else _standing_version(found, patient_id)


def _versions(entry_id: UUID, patient_id: UUID) -> list[Entry]:
    """This version of an entry and those before it, the newest first."""
    found: list[Entry] = []
    key: UUID | None = entry_id
    while key is not None and (row := Entry.objects.filter(pk=key, patient_id=patient_id).first()) is not None:
        found.append(row)
        key = row.supersedes_id
    return found
