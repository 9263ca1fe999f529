"""Seats in sessions of several people: one each, never more than there are. Taken back as any visit is cancelled."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from healthcare.audit import in_one_insert, record
from healthcare.events import publish
from patients.models import Patient
from scheduling.access import check_can_book, is_patient
from scheduling.actions.claims import NotBookable, NotOpen, PatientBusy, Taken, lock_in_order
from scheduling.actions.refusals import sentence
from scheduling.actions.steps import booked_before, check_offered, claim, key_of, open_chart, resource_of, where
from scheduling.events import AppointmentBooked
from scheduling.models import Appointment, GroupSession, VisitType
from scheduling.queries.groups import Group, seats_given, sessions_instead
from scheduling.queries.times import window_of
from scheduling.rules import Refusal


class SessionFull(NotBookable):
    """Each seat is given; `instead` are other sessions of this kind with a free one, three at most."""

    def __init__(self, instead: list[Group]) -> None:
        super().__init__(_("Each seat of this session is given."))
        self.instead = instead


def give_seat(
    *,
    by: User,
    patient: Patient,
    session: GroupSession,
    reason: str = "",
    idempotency_key: str | None = None,
    now: datetime,
) -> Appointment:
    """A visit of the patient at the session's time, with the first seat that is free.

    Patients take one themselves where their kind of visit is booked directly. The same key of the same person returns
    the first result. Raises SessionFull, NotOpen for a session that was called off or is over, NotBookable, NotAllowed,
    NotInScope.
    """
    check_can_book(by, patient)
    key = key_of(by, idempotency_key)
    try:
        locks = lock_in_order([patient.pk, session.pk, *([key] if key else [])])
        with transaction.atomic(), locks, in_one_insert():
            if earlier := booked_before(key, patient):
                return earlier
            group = session_now(session)
            _check_takes_people(group, patient, by=by, now=now)
            visit = Appointment(patient=patient, session=group, booked_by=by, reason=reason, idempotency_key=key)
            for name in ("provider", "site", "visit_type", "during", "wall_start", "time_zone"):
                setattr(visit, name, getattr(group, name))
            visit.seat = free_seat(group)
            claim(visit, resource_of(group.provider))
            open_chart(visit, by=by, now=now)
            record("scheduling.book", by=by, patient_id=patient.pk, target=visit, detail=where(visit))
            publish(AppointmentBooked(visit.pk, patient.pk, visit.sequence))
            return visit
    except PatientBusy:
        raise NotBookable(_("There is another visit at this time already.")) from None
    except Taken:
        raise SessionFull(sessions_instead(session, now, by_patient=is_patient(by))) from None


def session_now(session: GroupSession) -> GroupSession:
    """As it is under its lock, with whom, where and what for. Raises NotOpen for one that was called off."""
    group: GroupSession = GroupSession.objects.with_names().get(pk=session.pk)
    if group.is_cancelled:
        raise NotOpen(_("This session was cancelled."))
    return group


def free_seat(session: GroupSession, *, rather: int = 1) -> int:
    """The number of a free seat, this one where it is; under the session's lock. Raises Taken."""
    given = seats_given([session.pk])[session.pk]
    for number in (rather, *range(1, session.seats + 1)):
        if number not in given:
            return number
    raise Taken


def _check_takes_people(group: GroupSession, patient: Patient, *, by: User, now: datetime) -> None:
    """The clinic seats whoever comes until the end; what binds patients who choose for themselves are notice and
    horizon.
    """
    if group.ends_at <= now:
        raise NotOpen(_("This session is over."))
    if Appointment.objects.standing().filter(session=group, patient=patient).exists():
        raise NotBookable(_("There is a seat in this session for this patient already."))
    check_offered(by, patient, group.provider, group.site, group.visit_type, with_a_seat=True)
    if not is_patient(by):
        return
    if group.visit_type.portal_mode != VisitType.PortalMode.DIRECT:
        raise NotBookable(sentence(Refusal.NOT_IN_PORTAL))
    first, last = window_of(group.visit_type, now, by_patient=True)
    if group.starts_at < first:
        raise NotBookable(sentence(Refusal.TOO_SOON, group.visit_type))
    if group.starts_at >= last:
        raise NotBookable(sentence(Refusal.TOO_FAR, group.visit_type))
