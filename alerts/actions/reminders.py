"""The reminder follows its visit: planned, superseded and withdrawn in the booking's transaction, checked when due."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from alerts import queries
from alerts.actions.letters import Envelope, write_letter
from alerts.actions.visits import words_of
from alerts.models import Reminder
from alerts.rules import IN_TIME, LETTERS, USUAL_STAGES, by_day, due_at, why_not_plan, why_not_send
from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.db.inserting import insert_rows
from healthcare.db.prepared import prepared
from patients.queries.profile import quiet_until
from scheduling.models import Appointment
from scheduling.rules import source_of

State = Reminder.State


@transaction.atomic(savepoint=False)
def plan_reminders(*, by: User | None, appointment_id: UUID, sequence: int, now: datetime) -> None:
    """A reminder for each stage of this time of the visit; those of its earlier times are superseded.

    Within the transaction that books or moves it, so that neither stands without the other. A stage that is past
    already has its row too, which says so.
    """
    (visit,) = _visit(appointment_id)
    if sequence:
        _supersede(visit.pk, "visit_moved", now, besides=sequence)
    planned = [_planned(visit, sequence, stage, now) for stage in _stages_of(visit)]
    insert_rows(*planned, ignore_conflicts=True)
    record("alerts.plan_reminders", by=by, patient_id=visit.patient_id, target=visit, detail={"sequence": sequence})


@prepared
def _visit(appointment_id: UUID) -> "QuerySet[Appointment]":
    return Appointment.objects.filter(pk=appointment_id).select_related("visit_type__reminder_plan")


def _stages_of(visit: Appointment) -> Sequence[str]:
    """As was said of its kind, else the usual."""
    plan = getattr(visit.visit_type, "reminder_plan", None)
    return USUAL_STAGES if plan is None else plan.stages


def _planned(visit: Appointment, sequence: int, stage: str, now: datetime) -> Reminder:
    due = by_day(due_at(visit.starts_at, visit.time_zone, stage), visit.starts_at, visit.time_zone)
    why_not = why_not_plan(visit.starts_at, due, now)
    return Reminder(
        patient_id=visit.patient_id,
        appointment=visit,
        sequence=sequence,
        stage=stage,
        due_at=due,
        state=State.SKIPPED if why_not else State.DUE,
        reason=why_not,
        next_at=None if why_not else due,
    )


@transaction.atomic
def withdraw_reminders(*, by: User | None, appointment_id: UUID, patient_id: UUID, now: datetime) -> None:
    """Nothing is called to mind of a visit that was cancelled; within the transaction that cancels it."""
    if _supersede(appointment_id, "visit_not_open", now):
        target = ("scheduling.appointment", appointment_id)
        record("alerts.withdraw_reminders", by=by, patient_id=patient_id, target=target)


def _supersede(appointment_id: UUID, reason: str, now: datetime, besides: int | None = None) -> int:
    planned = Reminder.objects.planned().filter(appointment_id=appointment_id).exclude(sequence=besides)
    return planned.update(state=State.SUPERSEDED, reason=reason, next_at=None, handed_until=None, updated_at=now)


@transaction.atomic
def send_reminder(*, by: User | None, reminder_id: UUID, now: datetime) -> None:
    """Put a due reminder in the post, once; or note why not: the visit changed, has begun, or nobody can be reached.

    In the patient's quiet hours it waits for their end, and is looked at again then. The visit is locked first, as by
    whoever moves it, so that a reminder of an old time cannot slip through.
    """
    due = Reminder.objects.planned().filter(pk=reminder_id, next_at__lte=now)
    visits = Appointment.objects.select_related("patient__site", "provider", "site").select_for_update(of=("self",))
    visit = visits.filter(pk__in=due.values("appointment")).first()
    reminder = due.select_for_update(of=("self",)).first()
    if visit is None or reminder is None:
        return
    to = queries.addressee_of(visit.patient, LETTERS["reminder"])
    why_not = _why_not(reminder, visit, now)
    ends = None if why_not else quiet_until(visit.patient, now, to.channel)
    if ends is not None and ends <= visit.starts_at - IN_TIME:
        reminder.next_at, reminder.handed_until = ends, None
        reminder.save(update_fields=["next_at", "handed_until", "updated_at"])
        return
    if not why_not:
        why_not = "quiet_hours" if ends else _write(by, reminder, visit, to)
    reminder.state = State.SKIPPED if why_not else State.SENT
    reminder.reason, reminder.sent_at = why_not, None if why_not else now
    reminder.next_at = reminder.handed_until = None
    reminder.save(update_fields=["state", "reason", "sent_at", "next_at", "handed_until", "updated_at"])
    detail = {"stage": reminder.stage, "state": why_not or "queued"}
    record("alerts.send_reminder", by=by, patient_id=visit.patient_id, target=reminder, detail=detail)


def _why_not(reminder: Reminder, visit: Appointment, now: datetime) -> str:
    later = Reminder.objects.planned().filter(appointment=visit, sequence=reminder.sequence, due_at__gt=reminder.due_at)
    return why_not_send(
        status=visit.status,
        sequence=visit.sequence,
        planned=reminder.sequence,
        starts_at=visit.starts_at,
        now=now,
        next_due=later.order_by("due_at").values_list("next_at", flat=True).first(),
    )


def _write(by: User | None, reminder: Reminder, visit: Appointment, to: queries.Addressee) -> str:
    """ "" when it is in the post."""
    return write_letter(
        by=by,
        envelope=Envelope(
            letter="reminder",
            patient=visit.patient,
            to=to,
            source=source_of(visit.pk),
            occasion=f"reminder:{visit.pk}:{reminder.sequence}:{reminder.stage}",
            parameters=words_of(visit),
            expires_at=visit.starts_at,
        ),
    ).reason
