"""What the desk notes of a visit in passing: that somebody is late, a word for colleagues, and what was a mistake."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.events import publish
from scheduling.access import check_can_check_in, check_can_note
from scheduling.actions.claims import NotBookable, NotOpen, Taken, lock_in_order
from scheduling.actions.seats import free_seat, session_now
from scheduling.actions.steps import claim, find_rooms, locked, resource_of
from scheduling.events import FreeTimeChanged, MissUndone
from scheduling.models import Appointment
from scheduling.queries.rooms import all_of, rooms_for
from scheduling.rules import is_fresh

Status = Appointment.Status


@transaction.atomic
def mark_late(*, by: User, appointment: Appointment, now: datetime) -> Appointment:
    """They are known to come late, since `now`. Known already: nothing happens.

    Raises NotOpen for a visit that began or ended, NotAllowed, NotInScope.
    """
    check_can_check_in(by, appointment)
    visit = locked(appointment)
    if not visit.is_open:
        raise NotOpen(_("This visit is “%(now)s”: nobody is late for it.") % {"now": visit.get_status_display()})
    if visit.late_at is None:
        visit.late_at = now
        visit.save(update_fields=["late_at", "updated_at"])
        record("scheduling.mark_late", by=by, patient_id=visit.patient_id, target=visit)
    return visit


@transaction.atomic
def undo_late(*, by: User, appointment: Appointment, now: datetime) -> Appointment:
    """They are not late after all. Not marked: nothing happens. Raises NotAllowed, NotInScope."""
    check_can_check_in(by, appointment)
    visit = locked(appointment)
    if visit.late_at is not None:
        visit.late_at = None
        visit.save(update_fields=["late_at", "updated_at"])
        record("scheduling.undo_late", by=by, patient_id=visit.patient_id, target=visit)
    return visit


@transaction.atomic
def undo_miss(*, by: User, appointment: Appointment, now: datetime) -> Appointment:
    """It was a mistake that they did not come, or left: the visit is as it was before, and has its time again.

    Not marked: nothing happens. Raises NotBookable on another day, or where the time was given away; NotAllowed,
    NotInScope.
    """
    check_can_check_in(by, appointment)
    resource = resource_of(appointment.provider)
    rooms = rooms_for(appointment.visit_type, appointment.site_id)
    seat = [appointment.session_id] if appointment.session_id else []
    with lock_in_order([appointment.patient_id, resource.pk, *all_of(rooms), *seat]):
        visit = locked(appointment)
        if visit.missed_at is None:
            return visit
        if not is_fresh(visit.missed_at, now, zone=ZoneInfo(visit.time_zone)):
            raise NotBookable(_("This was noted on another day, and stands. Book a new visit."))
        try:
            if visit.session:
                visit.seat = free_seat(session_now(visit.session), rather=visit.seat or 1)
            visit.status, visit.missed_at = _before_missed(visit), None
            visit.save(update_fields=["status", "missed_at", "seat", "updated_at"])
            claim(visit, resource, [] if visit.session else find_rooms(visit, rooms, by=by))
        except Taken:
            raise NotBookable(_("The time was given to somebody else meanwhile. Book a new visit.")) from None
        record("scheduling.undo_miss", by=by, patient_id=visit.patient_id, target=visit)
        publish(MissUndone(visit.pk, visit.patient_id), FreeTimeChanged(resource_ids=(resource.pk,)))
        return visit


def _before_missed(visit: Appointment) -> str:
    if visit.status == Status.LEFT:
        return Status.ROOMED if visit.roomed_at else Status.ARRIVED
    return Status.CONFIRMED if visit.confirmed_at else Status.BOOKED


@transaction.atomic
def write_note(*, by: User, appointment: Appointment, note: str) -> Appointment:
    """A word for colleagues at the desk, nothing of health; the old one goes. Raises NotAllowed, NotInScope."""
    check_can_note(by, appointment)
    visit = locked(appointment)
    if visit.note != note.strip():
        visit.note = note.strip()
        visit.save(update_fields=["note", "updated_at"])
        record("scheduling.write_note", by=by, patient_id=visit.patient_id, target=visit)
    return visit
