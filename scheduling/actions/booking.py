"""Book, move, cancel and confirm a visit: each one short transaction, with the database's constraints behind it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import Provider, Site, User
from healthcare.audit import in_one_insert, record
from healthcare.events import publish
from patients.models import Patient
from scheduling.access import check_can_book, check_can_change, check_can_overbook
from scheduling.actions.claims import (
    NotBookable,
    NotOpen,
    Taken,
    lock_in_order,
    release_claims,
)
from scheduling.actions.refusals import sentence
from scheduling.actions.steps import (
    begin_request,
    booked_before,
    call_off,
    check_in_time,
    check_move,
    check_offered,
    check_time,
    claim,
    find_rooms,
    is_asked_for,
    key_of,
    locked,
    open_chart,
    resource_of,
    set_time,
    time_freed,
    where,
    withdraw_request,
)
from scheduling.actions.taken import time_taken
from scheduling.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentMoved,
    AppointmentRequested,
    FreeTimeChanged,
)
from scheduling.models import Appointment, Resource, VisitType
from scheduling.queries.rooms import all_of, rooms_for, rooms_to_move
from scheduling.rules import Refusal

Status = Appointment.Status
MOVED = (
    "provider",
    "site",
    "during",
    "wall_start",
    "time_zone",
    "sequence",
    "status",
    "confirmed_at",
    "overbook_reason",
    "updated_at",
)


def book_appointment(
    *,
    by: User | None,
    patient: Patient,
    provider: Provider,
    site: Site,
    visit_type: VisitType,
    start: datetime,
    reason: str = "",
    overbook: str = "",
    idempotency_key: str | None = None,
    series_id: UUID | None = None,
    held: UUID | None = None,
    now: datetime,
) -> Appointment:
    """Book a visit that begins at `start`, an instant. The same key of the same person returns the first result.

    Of a kind that the clinic agrees to first, a patient asks for it: the time is theirs until somebody answers.
    `overbook` says why it may lie on top of other visits, where the time is taken; never on a block, nor out of hours.
    `held` names the hold of a time that the clinic offered: the visit takes its place, and what binds patients who
    choose for themselves does not bind whoever accepts it. `series_id` is given by `book_series`.
    Nothing but the database is asked: no cache, no mail, no other service. Raises TimeTaken, NotBookable, NotAllowed,
    NotInScope.
    """
    if by is not None:
        check_can_book(by, patient)
    if overbook:
        check_can_overbook(by)
    key = key_of(by, idempotency_key)
    resource, rooms = resource_of(provider), rooms_for(visit_type, site.pk)
    chooses = None if held else by
    visit = Appointment(patient=patient, visit_type=visit_type, reason=reason, booked_by=by, idempotency_key=key)
    visit.overbook_reason, visit.series_id = overbook.strip(), series_id
    try:
        locks = lock_in_order([patient.pk, resource.pk, *all_of(rooms), *([key] if key else [])])
        with transaction.atomic(), locks, in_one_insert():
            if earlier := booked_before(key, patient):
                return earlier
            check_offered(chooses, patient, provider, site, visit_type)
            set_time(visit, provider, site, start)
            check_time(visit, resource, by=chooses, held=held, now=now)
            if is_asked_for(chooses, visit_type):
                begin_request(visit, now)
            claim(visit, resource, find_rooms(visit, rooms, by=chooses, held=held))
            open_chart(visit, by=by, now=now)
            publish(_begun(visit, by), FreeTimeChanged(resource_ids=(resource.pk,)))
            return visit
    except Taken as taken:
        raise time_taken(taken, visit, by=by, now=now) from None


def move_appointment(
    *,
    by: User | None,
    appointment: Appointment,
    start: datetime,
    provider: Provider | None = None,
    site: Site | None = None,
    seen_sequence: int | None = None,
    overbook: str = "",
    in_series: bool = False,
    now: datetime,
) -> Appointment:
    """Give a visit another time, perhaps another provider or site; where that is not to be had, the old one stays.

    A confirmed visit is booked again: what was confirmed was the old time. `seen_sequence` is the one that the person
    had before their eyes; None skips the comparison. `overbook` as in `book_appointment`. The same time and place:
    nothing happens. Raises TimeTaken, NotBookable, NotAllowed, NotInScope.
    """
    if by is not None:
        check_can_change(by, appointment)
    if overbook:
        check_can_overbook(by)
    provider, site = provider or appointment.provider, site or appointment.site
    patient, resource, before = appointment.patient, resource_of(provider), resource_of(appointment.provider)
    rooms, had = rooms_to_move(appointment, site)
    with transaction.atomic(), lock_in_order({patient.pk, resource.pk, before.pk, *had, *all_of(rooms)}):
        visit = locked(appointment)
        _check_open(visit, seen_sequence, before)
        if (visit.starts_at, visit.provider_id, visit.site_id) == (start, provider.pk, site.pk):
            return visit
        check_in_time(visit, by=by, now=now)
        check_offered(by, patient, provider, site, visit.visit_type)
        _check_moves_alone(by, visit)
        release_claims(visit=visit)
        freed, visit.overbook_reason = time_freed(visit, before), overbook.strip()
        set_time(visit, provider, site, start)
        try:
            check_time(visit, resource, by=by, now=now)
            found = find_rooms(visit, rooms, by=by, first=had)
            visit.sequence, visit.status, visit.confirmed_at = visit.sequence + 1, Status.BOOKED, None
            visit.save(update_fields=MOVED)
            claim(visit, resource, found)
        except Taken as taken:  # before the rollback: the time it has now is free to move in
            raise time_taken(taken, visit, by=by, now=now) from None
        open_chart(visit, by=by, now=now)
        record("scheduling.move", by=by, patient_id=patient.pk, target=visit, detail=where(visit))
        fact = AppointmentMoved(visit.pk, patient.pk, visit.sequence, in_series=in_series)
        publish(fact, freed, FreeTimeChanged(resource_ids=tuple({resource.pk, before.pk})))
        return visit


@transaction.atomic
def cancel_appointment(
    *, by: User | None, appointment: Appointment, reason: str, in_series: bool = False, now: datetime
) -> Appointment:
    """Call a visit off: its time is free again, and the access that came with it ends at `now`.

    What a patient asked for is so taken back; staff decline it. Cancelled already: nothing happens. Raises NotBookable
    for a visit that began or was missed, NotAllowed, NotInScope.
    """
    if by is not None:
        check_can_change(by, appointment)
    resource = resource_of(appointment.provider)
    with lock_in_order([appointment.patient_id, resource.pk]):
        visit = locked(appointment)
        if visit.status == Status.CANCELLED:
            return visit
        if visit.is_requested:
            return withdraw_request(visit, by=by, reason=reason, now=now)
        check_move(visit, Status.CANCELLED)
        check_in_time(visit, by=by, now=now)
        call_off(visit, by=by, reason=reason, now=now)
        record("scheduling.cancel", by=by, patient_id=visit.patient_id, target=visit)
        publish(AppointmentCancelled(visit.pk, visit.patient_id, visit.sequence, in_series=in_series))
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
def _begun(visit: Appointment, by: User | None) -> AppointmentBooked | AppointmentRequested:
    """Its line in the audit; returns the fact."""
    if visit.is_requested:
        record("scheduling.request", by=by, patient_id=visit.patient_id, target=visit, detail=where(visit))
        return AppointmentRequested(appointment_id=visit.pk, patient_id=visit.patient_id, sequence=visit.sequence)
    record("scheduling.book", by=by, patient_id=visit.patient_id, target=visit, detail=where(visit))
    return AppointmentBooked(visit.pk, visit.patient_id, visit.sequence, in_series=visit.series_id is not None)


def _check_moves_alone(by: User | None, visit: Appointment) -> None:
    if is_asked_for(by, visit.visit_type):
        raise NotBookable(sentence(Refusal.AGREED_WITH))


def _check_open(visit: Appointment, seen_sequence: int | None, before: Resource) -> None:
    """The visit as it is now, under the locks, is the one that was seen."""
    if not visit.is_open:
        raise NotOpen(_("This visit is “%(now)s” and can no longer be moved.") % {"now": visit.get_status_display()})
    if visit.session_id:
        raise NotBookable(
            _("This is a seat in a group. Take a seat in another session, and give this one back by cancelling it.")
        )
    if visit.provider_id != before.provider_id or seen_sequence not in (None, visit.sequence):
        raise NotOpen(_("Somebody moved this visit meanwhile. Look at its new time first."))
