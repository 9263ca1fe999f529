"""Book, move, cancel and confirm a visit: each one short transaction, with the database's constraints behind it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import Provider, Site, User
from healthcare.audit import in_one_insert, record
from healthcare.events import publish
from patients.actions import close_for_visit
from patients.models import Patient
from scheduling.access import check_can_book, check_can_change, is_patient
from scheduling.actions.claims import NotBookable, NotOpen, PatientBusy, Taken, lock_in_order, release_claims
from scheduling.actions.steps import (
    check_move,
    check_offered,
    check_time,
    claim,
    locked,
    open_chart,
    resource_of,
    set_time,
    where,
)
from scheduling.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentMoved,
    FreeTimeChanged,
)
from scheduling.models import Appointment, Resource, VisitType
from scheduling.queries.times import FreeTime, alternatives_to
from scheduling.rules import source_of

Status = Appointment.Status
MOVED = ["provider", "site", "during", "wall_start", "time_zone", "sequence", "status", "confirmed_at", "updated_at"]


class TimeTaken(Exception):
    """Somebody was quicker. `alternatives` are the nearest times, three at most; the message is a sentence."""

    def __init__(self, message: str, alternatives: list[FreeTime]) -> None:
        super().__init__(message)
        self.alternatives = alternatives


def book_appointment(
    *,
    by: User | None,
    patient: Patient,
    provider: Provider,
    site: Site,
    visit_type: VisitType,
    start: datetime,
    reason: str = "",
    idempotency_key: str | None = None,
    now: datetime,
) -> Appointment:
    """Book a visit that begins at `start`, an instant. The same key of the same person returns the first result.

    Nothing but the database is asked: no cache, no mail, no other service. Raises TimeTaken, NotBookable, NotAllowed,
    NotInScope.
    """
    if by is not None:
        check_can_book(by, patient)
    key = f"{by.pk if by else 'system'}:{idempotency_key}" if idempotency_key else None
    resource = resource_of(provider)
    try:
        locks = lock_in_order([patient.pk, resource.pk, *([key] if key else [])])
        with transaction.atomic(), locks, in_one_insert():
            if key and (earlier := Appointment.objects.filter(idempotency_key=key).first()):
                return _same_request(earlier, patient)
            check_offered(by, patient, provider, site, visit_type)
            visit = Appointment(
                patient=patient, visit_type=visit_type, reason=reason, booked_by=by, idempotency_key=key
            )
            set_time(visit, provider, site, start)
            check_time(visit, resource, by=by, now=now)
            claim(visit, resource)
            open_chart(visit, by=by, now=now)
            record("scheduling.book", by=by, patient_id=patient.pk, target=visit, detail=where(visit))
            publish(
                AppointmentBooked(appointment_id=visit.pk, patient_id=patient.pk, sequence=visit.sequence),
                FreeTimeChanged(resource_ids=(resource.pk,)),
            )
            return visit
    except Taken as taken:
        raise _time_taken(taken, by, patient, provider, site, visit_type, start, now) from None


def move_appointment(
    *,
    by: User | None,
    appointment: Appointment,
    start: datetime,
    provider: Provider | None = None,
    site: Site | None = None,
    seen_sequence: int | None = None,
    now: datetime,
) -> Appointment:
    """Give a visit another time, perhaps another provider or site; where that is not to be had, the old one stays.

    A confirmed visit is booked again: what was confirmed was the old time. `seen_sequence` is the one that the person
    had before their eyes; None skips the comparison. The same time and place: nothing happens. Raises TimeTaken,
    NotBookable, NotAllowed, NotInScope.
    """
    if by is not None:
        check_can_change(by, appointment)
    provider, site = provider or appointment.provider, site or appointment.site
    patient, resource, before = appointment.patient, resource_of(provider), resource_of(appointment.provider)
    with transaction.atomic(), lock_in_order({patient.pk, resource.pk, before.pk}):
        visit = locked(appointment)
        _check_open(visit, seen_sequence, before)
        if (visit.starts_at, visit.provider_id, visit.site_id) == (start, provider.pk, site.pk):
            return visit
        check_offered(by, patient, provider, site, visit.visit_type)
        release_claims(visit=visit)
        set_time(visit, provider, site, start)
        try:
            check_time(visit, resource, by=by, now=now)
            visit.sequence, visit.status, visit.confirmed_at = visit.sequence + 1, Status.BOOKED, None
            visit.save(update_fields=MOVED)
            claim(visit, resource)
        except Taken as taken:  # before the rollback: the time it has now is free to move in
            raise _time_taken(taken, by, patient, provider, site, visit.visit_type, start, now) from None
        open_chart(visit, by=by, now=now)
        record("scheduling.move", by=by, patient_id=patient.pk, target=visit, detail=where(visit))
        publish(
            AppointmentMoved(appointment_id=visit.pk, patient_id=patient.pk, sequence=visit.sequence),
            FreeTimeChanged(resource_ids=tuple({resource.pk, before.pk})),
        )
        return visit


@transaction.atomic
def cancel_appointment(*, by: User | None, appointment: Appointment, reason: str, now: datetime) -> Appointment:
    """Call a visit off: its time is free again, and the access that came with it ends at `now`.

    Cancelled already: nothing happens. Raises NotBookable for a visit that began or was missed, NotAllowed, NotInScope.
    """
    if by is not None:
        check_can_change(by, appointment)
    resource = resource_of(appointment.provider)
    with lock_in_order([appointment.patient_id, resource.pk]):
        visit = locked(appointment)
        if visit.status == Status.CANCELLED:
            return visit
        check_move(visit, Status.CANCELLED)
        release_claims([resource.pk], visit=visit)
        visit.status, visit.cancelled_at, visit.cancelled_by, visit.cancel_reason = Status.CANCELLED, now, by, reason
        visit.save(update_fields=["status", "cancelled_at", "cancelled_by", "cancel_reason", "updated_at"])
        record("scheduling.cancel", by=by, patient_id=visit.patient_id, target=visit)
        publish(AppointmentCancelled(appointment_id=visit.pk, patient_id=visit.patient_id, sequence=visit.sequence))
        publish(FreeTimeChanged(resource_ids=(resource.pk,)))
        close_for_visit(by=by, patient=visit.patient, source=source_of(visit.pk), now=now)
        return visit


@transaction.atomic
def confirm_appointment(*, by: User | None, appointment: Appointment, now: datetime) -> Appointment:
    """The patient means to come. Confirmed already: nothing happens. Raises NotBookable, NotAllowed, NotInScope."""
    if by is not None:
        check_can_change(by, appointment)
    visit = locked(appointment)
    if visit.status != Status.CONFIRMED:
        check_move(visit, Status.CONFIRMED)
        visit.status, visit.confirmed_at = Status.CONFIRMED, now
        visit.save(update_fields=["status", "confirmed_at", "updated_at"])
        record("scheduling.confirm", by=by, patient_id=visit.patient_id, target=visit)
        publish(AppointmentConfirmed(appointment_id=visit.pk, patient_id=visit.patient_id, sequence=visit.sequence))
    return visit


# == Steps ==
def _same_request(earlier: Appointment, patient: Patient) -> Appointment:
    if earlier.patient_id != patient.pk:
        raise NotBookable(_("This form was sent before, for somebody else. Open it anew."))
    return earlier


def _check_open(visit: Appointment, seen_sequence: int | None, before: Resource) -> None:
    """The visit as it is now, under the locks, is the one that was seen."""
    if not visit.is_open:
        raise NotOpen(_("This visit is “%(now)s” and can no longer be moved.") % {"now": visit.get_status_display()})
    if visit.provider_id != before.provider_id or seen_sequence not in (None, visit.sequence):
        raise NotOpen(_("Somebody moved this visit meanwhile. Look at its new time first."))


def _time_taken(
    taken: Taken,
    by: User | None,
    patient: Patient,
    provider: Provider,
    site: Site,
    visit_type: VisitType,
    start: datetime,
    now: datetime,
) -> TimeTaken:
    """What else there is."""
    if isinstance(taken, PatientBusy):
        message = _("There is another visit at this time already.")
    else:
        message = _("Somebody else has just taken this time.")
    found = alternatives_to(
        start=start,
        provider=provider,
        site=site,
        visit_type=visit_type,
        now=now,
        by_patient=is_patient(by),
        patient=patient,
    )
    return TimeTaken(message, found)
