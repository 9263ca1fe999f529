"""Sessions of several people at once: planned, moved and called off as one time of the provider."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import Provider, Site, User
from healthcare.audit import in_one_insert, record
from healthcare.events import publish
from scheduling.access import check_can_plan
from scheduling.actions.booking import MOVED
from scheduling.actions.claims import (
    NotBookable,
    NotOpen,
    PatientBusy,
    Taken,
    claim_times,
    lock_in_order,
    release_claims,
)
from scheduling.actions.seats import session_now
from scheduling.actions.steps import (
    call_off,
    check_offered,
    check_time,
    claim,
    find_rooms,
    open_chart,
    resource_of,
    set_time,
    time_freed,
    where,
)
from scheduling.actions.taken import session_taken
from scheduling.events import AppointmentCancelled, AppointmentMoved, FreeTimeChanged
from scheduling.models import MOST_SEATS, Appointment, GroupSession, Resource, TimeClaim, VisitType
from scheduling.queries.groups import seats_given
from scheduling.queries.rooms import all_of, rooms_for, rooms_of_session
from scheduling.queries.times import length_of

Status = Appointment.Status
MOVED_SESSION = ("provider", "during", "wall_start", "sequence", "updated_at")
CALLED_OFF = ("cancelled_at", "cancelled_by", "cancel_reason", "updated_at")


def plan_session(
    *,
    by: User,
    provider: Provider,
    site: Site,
    visit_type: VisitType,
    start: datetime,
    seats: int | None = None,
    now: datetime,
) -> GroupSession:
    """Keep one time of the provider, and of the rooms the kind of visit needs, for so many people; without a number,
    for as many as the kind of visit says. Raises TimeTaken, NotBookable, NotAllowed.
    """
    check_can_plan(by, site)
    if visit_type.seats is None:
        raise NotBookable(_("Patients come to this kind of visit one at a time. Choose one that is held in groups."))
    seats = visit_type.seats if seats is None else seats
    if not 1 <= seats <= MOST_SEATS:
        raise NotBookable(_("A session has from 1 to %(most)d seats.") % {"most": MOST_SEATS})
    resource, rooms = resource_of(provider), rooms_for(visit_type, site.pk)
    group = GroupSession(visit_type=visit_type, seats=seats, planned_by=by)
    try:
        with transaction.atomic(), lock_in_order([resource.pk, *all_of(rooms)]):
            check_offered(by, None, provider, site, visit_type, with_a_seat=True)
            set_time(group, provider, site, start)
            check_time(group, resource, by=by, now=now)
            found = find_rooms(group, rooms, by=by)
            group.save(force_insert=True)
            _claim(group, resource, found)
            record("scheduling.plan_session", by=by, target=group, detail=_where(group) | {"seats": seats})
            publish(FreeTimeChanged(resource_ids=(resource.pk,)))
            return group
    except Taken as taken:
        raise session_taken(taken, group, now=now) from None


def move_session(
    *,
    by: User,
    session: GroupSession,
    start: datetime,
    provider: Provider | None = None,
    seen_sequence: int | None = None,
    now: datetime,
) -> GroupSession:
    """Give the session another time, perhaps another provider, and with it each visit that has a seat; all of them, or
    nothing changes. The same time and provider: nothing happens.

    Raises TimeTaken, NotBookable, also where somebody is elsewhere at that time, NotAllowed, NotInScope.
    """
    check_can_plan(by, session.site)
    provider, site = provider or session.provider, session.site
    resource, before = resource_of(provider), resource_of(session.provider)
    rooms, had = rooms_for(session.visit_type, site.pk), rooms_of_session(session.pk)
    names = {session.pk, resource.pk, before.pk, *had, *all_of(rooms), *_patients_of(session)}
    try:
        with transaction.atomic(), lock_in_order(names), in_one_insert():
            group, visits = _whole(session, names)
            if group.provider_id != before.provider_id or seen_sequence not in (None, group.sequence):
                raise NotOpen(_("Somebody moved this session meanwhile. Look at its new time first."))
            if (group.starts_at, group.provider_id) == (start, provider.pk):
                return group
            check_offered(by, None, provider, site, group.visit_type, with_a_seat=True)
            for one in visits:
                release_claims(visit=one)
            release_claims(session=group)
            freed = time_freed(group, before)
            set_time(group, provider, site, start)
            check_time(group, resource, by=by, now=now)
            group.sequence += 1
            group.save(update_fields=MOVED_SESSION)
            _claim(group, resource, find_rooms(group, rooms, by=by, first=had))
            _move_each(group, visits, resource, by=by, now=now)
            record("scheduling.move_session", by=by, target=group, detail=_where(group) | {"visits": len(visits)})
            publish(freed, FreeTimeChanged(resource_ids=tuple({resource.pk, before.pk})))
            return group
    except Taken as taken:
        raise session_taken(taken, session, start=start, provider=provider, now=now) from None


def cancel_session(*, by: User, session: GroupSession, reason: str, now: datetime) -> GroupSession:
    """Call the session off, and with it each visit that has a seat, for the same reason; its time is free again.

    Cancelled already: nothing happens. Raises NotBookable for one that began, NotAllowed, NotInScope.
    """
    check_can_plan(by, session.site)
    if not reason.strip():
        raise NotBookable(_("Say why it is cancelled: everybody who has a seat reads it."))
    resource = resource_of(session.provider)
    names = {session.pk, resource.pk, *_patients_of(session)}
    with transaction.atomic(), lock_in_order(names), in_one_insert():
        known: GroupSession = GroupSession.objects.get(pk=session.pk)
        if known.is_cancelled:
            return known
        group, visits = _whole(session, names)
        for visit in visits:
            call_off(visit, by=by, reason=reason, now=now)
            record("scheduling.cancel", by=by, patient_id=visit.patient_id, target=visit)
            publish(AppointmentCancelled(visit.pk, visit.patient_id, visit.sequence))
        release_claims([resource.pk], session=group)
        group.cancelled_at, group.cancelled_by, group.cancel_reason = now, by, reason
        group.save(update_fields=CALLED_OFF)
        record("scheduling.cancel_session", by=by, target=group, detail=_where(group) | {"visits": len(visits)})
        publish(time_freed(group, resource), FreeTimeChanged(resource_ids=(resource.pk,)))
        return group


# == Steps ==
def _patients_of(session: GroupSession) -> set[UUID]:
    """Of those who have a seat, as far as the actor sees: whose locks are taken."""
    seated = Appointment.objects.standing().filter(session=session)
    return set(seated.values_list("patient_id", flat=True))


def _whole(session: GroupSession, locked: Collection[UUID]) -> tuple[GroupSession, list[Appointment]]:
    """The session as it is now and everybody who has a seat in it, under the locks.

    Raises NotOpen where somebody came already, or took a seat since the locks were chosen, and NotBookable where one
    of them is out of the actor's reach: then nobody is moved or called off.
    """
    group = session_now(session)
    seated = Appointment.objects.select_for_update(of=("self",)).standing().filter(session=group)
    visits = list(seated.select_related("provider__resource", "provider__user", "site", "visit_type", "patient"))
    visits.sort(key=lambda visit: visit.seat or 0)
    if len(visits) < len(seats_given([group.pk])[group.pk]):
        raise NotBookable(_("Somebody in this session is out of your scope. A colleague who sees them has to do this."))
    if not all(visit.is_open for visit in visits):
        raise NotOpen(_("Somebody came to this session already, so it can be neither moved nor cancelled."))
    if not {visit.patient_id for visit in visits} <= set(locked):
        raise NotOpen(_("Somebody took a seat meanwhile. Look at the session again."))
    return group, visits


def _claim(group: GroupSession, resource: Resource, rooms: Collection[UUID]) -> None:
    blocked = length_of(group.visit_type).blocked(group.starts_at)
    claim_times([resource.pk, *rooms], blocked, kind=TimeClaim.Kind.VISIT, session=group)


def _move_each(
    group: GroupSession, visits: Collection[Appointment], resource: Resource, *, by: User, now: datetime
) -> None:
    """What was confirmed was the old time. Raises NotBookable with the names of those who are elsewhere then."""
    elsewhere = []
    for visit in visits:
        set_time(visit, group.provider, group.site, group.starts_at)
        visit.sequence, visit.status, visit.confirmed_at = visit.sequence + 1, Status.BOOKED, None
        visit.save(update_fields=MOVED)
        try:
            claim(visit, resource)
        except PatientBusy:
            elsewhere.append(f"{visit.patient.given_name} {visit.patient.family_name}")
            continue
        open_chart(visit, by=by, now=now)
        record("scheduling.move", by=by, patient_id=visit.patient_id, target=visit, detail=where(visit))
        publish(AppointmentMoved(visit.pk, visit.patient_id, visit.sequence))
    if elsewhere:
        raise NotBookable(
            _("At that time another visit is booked for %(people)s. Nothing was changed.")
            % {"people": ", ".join(elsewhere)}
        )


def _where(group: GroupSession) -> dict[str, object]:
    return {"provider": str(group.provider_id), "site": str(group.site_id), "sequence": group.sequence}
