"""The way of a visit through the day: arrived, in a room, with the provider, finished, or missed."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.access import check_can
from healthcare.accounts.models import User
from healthcare.accounts.permissions import Permission
from healthcare.audit import record, record_now
from healthcare.events import publish
from scheduling.access import check_can_check_in, check_can_room, is_patient
from scheduling.actions.claims import NotBookable, release_claims
from scheduling.actions.steps import check_move, locked, next_number
from scheduling.events import (
    AppointmentMissed,
    FreeTimeChanged,
    PatientArrived,
    PatientRoomed,
    StartUndone,
    VisitFinished,
    VisitStarted,
)
from scheduling.models import OPEN, Appointment, TimeClaim

Status = Appointment.Status


def list_appointments(*, by: User) -> None:
    """Say that this person looks at the visits of many patients, before any is shown.

    Raises NotAllowed and AuditUnavailable: then show nothing.
    """
    if not is_patient(by):
        check_can(by, Permission.VIEW_SCHEDULE)
    record_now("scheduling.list", by=by)


@transaction.atomic
def check_in(*, by: User | None, appointment: Appointment, now: datetime) -> Appointment:
    """The patient is here, from `now`, and has a number to be called by. Here already: nothing happens.

    Raises NotBookable, NotAllowed, NotInScope.
    """
    if by is not None:
        check_can_check_in(by, appointment)
    visit = locked(appointment)
    if visit.status != Status.ARRIVED:
        _advance(visit, Status.ARRIVED, arrived_at=now, number=next_number(visit, now))
        record("scheduling.check_in", by=by, patient_id=visit.patient_id, target=visit)
        publish(PatientArrived(appointment_id=visit.pk, patient_id=visit.patient_id))
    return visit


@transaction.atomic
def room_patient(*, by: User | None, appointment: Appointment, room: str, now: datetime) -> Appointment:
    """The patient waits in this room, or in another one than before.

    Raises NotBookable, also where somebody else is in the room, NotAllowed, NotInScope.
    """
    if by is not None:
        check_can_room(by, appointment)
    visit = locked(appointment)
    inside = Appointment.objects.filter(site=visit.site_id, room=room, status__in=[Status.ROOMED, Status.WITH_PROVIDER])
    if visit.session_id:
        inside = inside.exclude(session=visit.session_id)  # who came to the same session
    if inside.exclude(pk=visit.pk).exists():
        raise NotBookable(_("Somebody else is in %(room)s.") % {"room": room})
    if visit.status == Status.ROOMED:
        visit.room = room
        visit.save(update_fields=["room", "updated_at"])
    else:
        _advance(visit, Status.ROOMED, roomed_at=now, room=room)
        publish(PatientRoomed(appointment_id=visit.pk, patient_id=visit.patient_id))
    record("scheduling.room", by=by, patient_id=visit.patient_id, target=visit)
    return visit


@transaction.atomic
def start_visit(*, by: User | None, appointment: Appointment, now: datetime) -> Appointment:
    """The provider is with the patient, whom nobody may have checked in. Begun already: nothing happens.

    Raises NotBookable, NotAllowed, NotInScope.
    """
    if by is not None:
        check_can_room(by, appointment)
    visit = locked(appointment)
    if visit.status != Status.WITH_PROVIDER:
        _advance(visit, Status.WITH_PROVIDER, started_at=now, arrived_at=visit.arrived_at or now)
        record("scheduling.start_visit", by=by, patient_id=visit.patient_id, target=visit)
        publish(VisitStarted(appointment_id=visit.pk, patient_id=visit.patient_id))
    return visit


@transaction.atomic
def finish_visit(*, by: User | None, appointment: Appointment, now: datetime) -> Appointment:
    """The patient may go. Finished already: nothing happens. Raises NotBookable, NotAllowed, NotInScope."""
    if by is not None:
        check_can_room(by, appointment)
    visit = locked(appointment)
    if visit.status != Status.CHECKED_OUT:
        _advance(visit, Status.CHECKED_OUT, finished_at=now)
        record("scheduling.finish_visit", by=by, patient_id=visit.patient_id, target=visit)
        publish(VisitFinished(appointment_id=visit.pk, patient_id=visit.patient_id))
    return visit


@transaction.atomic
def undo_start(*, by: User | None, appointment: Appointment) -> Appointment:
    """It did not take place, or not yet: the visit waits as it did before it began, and the desk says what becomes of
    it. Not begun, or called off: nothing happens. Raises NotAllowed, NotInScope.
    """
    if by is not None:
        check_can_room(by, appointment)
    visit = locked(appointment)
    if visit.status not in (Status.WITH_PROVIDER, Status.CHECKED_OUT):
        return visit
    before = _before_started(visit)
    visit.started_at = visit.finished_at = None
    if before != Status.ROOMED:
        visit.roomed_at, visit.room = None, ""
    if before in OPEN:
        visit.arrived_at = None
    visit.status = before
    changed = ["status", "started_at", "finished_at", "roomed_at", "room", "arrived_at", "updated_at"]
    visit.save(update_fields=changed)
    record("scheduling.undo_start", by=by, patient_id=visit.patient_id, target=visit)
    publish(StartUndone(appointment_id=visit.pk, patient_id=visit.patient_id))
    return visit


@transaction.atomic
def miss_appointment(*, by: User | None, appointment: Appointment, now: datetime) -> Appointment:
    """The patient did not come, or came and left before being seen; the time, or the seat, is free again.

    Missed already: nothing happens. Raises NotBookable, also before the visit was due, NotAllowed, NotInScope.
    """
    if by is not None:
        check_can_check_in(by, appointment)
    visit = locked(appointment)
    if visit.status in (Status.NO_SHOW, Status.LEFT):
        return visit
    if visit.is_open and now < visit.starts_at:
        raise NotBookable(_("This visit is not due yet. Cancel it if the patient will not come."))
    left = not visit.is_open
    taken = TimeClaim.objects.filter(appointment_id=visit.pk).values_list("resource_id", flat=True)
    resources = tuple(taken)
    _advance(visit, Status.LEFT if left else Status.NO_SHOW, missed_at=now)
    release_claims(visit=visit)
    record("scheduling.miss", by=by, patient_id=visit.patient_id, target=visit)
    publish(AppointmentMissed(appointment_id=visit.pk, patient_id=visit.patient_id, left=left))
    if resources:
        publish(FreeTimeChanged(resource_ids=resources))
    return visit


def _before_started(visit: Appointment) -> str:
    """Whom nobody had checked in arrived with the beginning; who may go again is not in a room any more."""
    if visit.arrived_at is None or visit.arrived_at == visit.started_at:
        return Status.CONFIRMED if visit.confirmed_at else Status.BOOKED
    return Status.ROOMED if visit.roomed_at and visit.status == Status.WITH_PROVIDER else Status.ARRIVED


def _advance(visit: Appointment, status: str, **fields: Any) -> None:
    check_move(visit, status)
    visit.status = status
    for field, value in fields.items():
        setattr(visit, field, value)
    visit.save(update_fields=["status", *fields, "updated_at"])
