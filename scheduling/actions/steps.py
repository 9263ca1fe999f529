"""Steps of several verbs: what is checked before a time is claimed, and what comes with it."""

import hashlib
import hmac
from collections.abc import Collection
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import ProgrammingError, connection
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from healthcare.accounts.models import Membership, Provider, Site, User
from healthcare.audit import record
from healthcare.db.prepared import prepared
from healthcare.db.uuids import uuid7
from healthcare.events import publish
from patients.actions import close_for_visit, open_for_visit
from patients.models import Patient
from scheduling.access import is_patient
from scheduling.actions.claims import (
    Full,
    NoRoom,
    NotBookable,
    NotOpen,
    PatientBusy,
    Taken,
    claim_times,
    release_claims,
)
from scheduling.actions.refusals import closed_then, none_at, sentence, too_late, why_unlicensed
from scheduling.events import FreeTimeChanged, RequestWithdrawn, TimeFreed
from scheduling.models import BLOCK_LANE, MOST_ON_TOP, MOVES, Appointment, GroupSession, Resource, TimeClaim, VisitType
from scheduling.queries.caps import full_days
from scheduling.queries.closures import closure_at
from scheduling.queries.free import Time, is_closed, lanes_taken, time_is
from scheduling.queries.licences import day_at, is_privileged
from scheduling.queries.rooms import Rooms, all_of, free_rooms
from scheduling.queries.times import length_of, window_of
from scheduling.rules import (
    MOST_ASKED,
    Offer,
    Refusal,
    Span,
    answer_due,
    source_of,
    too_late_to_cancel,
    why_not_offered,
    why_not_then,
)

Status = Appointment.Status
BEHIND_THE_WALL = "42501"  # insufficient_privilege: between the check and the insert the patient went out of reach
Timed = Appointment | GroupSession
NUMBER = """INSERT INTO scheduling_arrivalcount AS known (id, created_at, updated_at, site_id, day, last)
VALUES (%s, statement_timestamp(), statement_timestamp(), %s, %s, 1)
ON CONFLICT (site_id, day) DO UPDATE SET last = known.last + 1, updated_at = statement_timestamp() RETURNING last"""
CALLED_OFF = ("status", "cancelled_at", "cancelled_by", "cancel_reason", "request_end", "updated_at")


def check_move(visit: Appointment, status: str) -> None:
    """Raises NotOpen unless the visit may go there from where it is."""
    if status not in MOVES[visit.status]:
        raise NotOpen(
            _("This visit is “%(now)s”, so it cannot become “%(then)s”.")
            % {"now": visit.get_status_display(), "then": Status(status).label}
        )


def check_in_time(visit: Appointment, *, by: User | None, now: datetime) -> None:
    """Raises NotBookable for a patient who changes their mind too late."""
    if is_patient(by) and (late := why_late(visit, now)):
        raise NotBookable(late)


def why_late(visit: Appointment, now: datetime) -> str:
    """Why a patient has to call the clinic instead; empty while they can change the visit themself, or the request."""
    if visit.is_requested:
        return ""
    late = too_late_to_cancel(visit.starts_at, now, cancel_minutes=visit.visit_type.cancel_minutes)
    return too_late(visit.site.phone) if late else ""


def resource_of(provider: Provider) -> Resource:
    resource: Resource | None = getattr(provider, "resource", None)
    if resource is None:
        raise NotBookable(_("%(provider)s has no hours yet.") % {"provider": provider.name})
    return resource


def locked(appointment: Appointment) -> Appointment:
    rows = Appointment.objects.select_for_update(of=("self",)).select_related(
        "provider__resource", "site", "visit_type", "patient"
    )
    return rows.get(pk=appointment.pk)


def check_offered(
    by: User | None,
    patient: Patient | None,
    provider: Provider,
    site: Site,
    visit_type: VisitType,
    *,
    with_a_seat: bool = False,
) -> None:
    """Whether such a visit is to be had there at all; without a patient, whether a session can be planned."""
    known = provider.accepting or patient is None or _is_known(patient, provider)
    offer = Offer(
        active=visit_type.active,
        in_portal=visit_type.portal_mode != VisitType.PortalMode.OFF,
        type_specialty=visit_type.specialty,
        provider_specialty=provider.specialty,
        provider_left=provider.ended_at is not None,
        accepting=provider.accepting,
        known_patient=known,
        site_closed=site.closed_at is not None,
        at_site=site in provider.sites.all(),
        by_patient=is_patient(by),
        patient_died=bool(patient and patient.deceased),
        in_groups=visit_type.seats is not None,
        with_a_seat=with_a_seat,
    )
    if refusal := why_not_offered(offer):
        raise NotBookable(sentence(refusal))


def _is_known(patient: Patient, provider: Provider) -> bool:
    """A patient of theirs already."""
    return Appointment.objects.standing().filter(patient=patient, provider=provider).exists()


def key_of(by: User | None, idempotency_key: str | None) -> str | None:
    """What somebody sends is theirs: the same from another is another."""
    return f"{by.pk if by else 'system'}:{idempotency_key}" if idempotency_key else None


def booked_before(key: str | None, patient: Patient) -> Appointment | None:
    """What the same request made before. Raises NotBookable where that was for somebody else."""
    earlier = Appointment.objects.filter(idempotency_key=key).first() if key else None
    if earlier and earlier.patient_id != patient.pk:
        raise NotBookable(_("This form was sent before, for somebody else. Open it anew."))
    return earlier


def set_time(visit: Timed, provider: Provider, site: Site, start: datetime) -> None:
    zone = ZoneInfo(site.time_zone)
    visit.provider, visit.site, visit.time_zone = provider, site, site.time_zone
    visit.during = TimestamptzRange(*length_of(visit.visit_type).seen(start))
    visit.wall_start = f"{start.astimezone(zone):%Y-%m-%dT%H:%M}"


def check_time(visit: Timed, resource: Resource, *, by: User | None, held: UUID | None = None, now: datetime) -> None:
    """Notice, horizon and grid by rule; hours, closures, blocks, claims and caps by the database, under the locks.

    Where it is taken by the hold of that name, or by the one of the very patient who books, the hold ends. A reason to
    overbook stays where it is needed: on a time that is taken, or past a cap.
    """
    check_privilege(visit, by=by)
    check_start(visit.visit_type, visit.site, visit.starts_at, by=by, now=now)
    blocked = length_of(visit.visit_type).blocked(visit.starts_at)
    state = time_is(resource.pk, visit.site_id, blocked)
    held = held or _own_hold(visit, by)
    if state == Time.TAKEN and held and release_claims(holder=held):
        state = time_is(resource.pk, visit.site_id, blocked)  # it was held for this very patient
    if state == Time.OUTSIDE:
        raise NotBookable(_why_outside(visit, by))
    full = is_full(visit)
    if state == Time.FREE and not full:
        visit.overbook_reason = ""  # there is nothing below it
    elif not visit.overbook_reason:
        raise Full if full else Taken


def check_start(visit_type: VisitType, site: Site, start: datetime, *, by: User | None, now: datetime) -> None:
    """By rule alone, whoever the provider. Raises NotBookable."""
    window = window_of(visit_type, now, by_patient=is_patient(by))
    zone, grid = ZoneInfo(site.time_zone), visit_type.grid_minutes
    if refusal := why_not_then(start, now, window, zone=zone, grid=grid):
        raise NotBookable(sentence(refusal, visit_type))


def is_full(visit: Timed) -> bool:
    """Whether the provider has as many others of this kind as may be on that day or in that week; under their lock."""
    day = day_at(visit.site, visit.starts_at)
    return day in full_days(visit.visit_type, [visit.provider_id], day, day, besides=visit.pk)[visit.provider_id]


def check_open(visit: Appointment) -> None:
    """Of a time that was claimed before. Raises NotBookable where the site was closed since, but for extra hours."""
    blocked = length_of(visit.visit_type).blocked(visit.starts_at)
    closure = closure_at(visit.site_id, blocked)
    if closure and time_is(resource_of(visit.provider).pk, visit.site_id, blocked) == Time.OUTSIDE:
        raise NotBookable(closed_then(visit.site, closure))


def _own_hold(visit: Timed, by: User | None) -> UUID | None:
    return holder_of(visit.patient_id) if isinstance(visit, Appointment) and is_patient(by) else None


def holder_of(of: UUID) -> UUID:
    """Names the one hold of a patient, or of an offer, to us alone: claims are read by everybody who books."""
    key = hmac.new(settings.SECRET_KEY.encode(), b"holder of a time", hashlib.sha256).digest()
    return UUID(bytes=hmac.new(key, of.bytes, hashlib.sha256).digest()[:16])


def check_privilege(visit: Timed, *, by: User | None) -> None:
    """Of a kind of visit that names a privilege. Raises NotBookable for a provider who does not hold it then."""
    asked = visit.visit_type.privilege
    if not asked or is_privileged(
        visit.provider, asked, visit.site, length_of(visit.visit_type).blocked(visit.starts_at)
    ):
        return
    said = {"provider": visit.provider.name, "privilege": asked}
    if is_patient(by):
        raise NotBookable(_("%(provider)s does not offer this kind of visit on that day.") % said)
    raise NotBookable(
        _("This kind of visit asks for the privilege “%(privilege)s”, which %(provider)s does not hold then.") % said
    )


def _why_outside(visit: Timed, by: User | None) -> str:
    days = () if is_patient(by) else (day_at(visit.site, visit.starts_at), day_at(visit.site, visit.ends_at))
    if closure := closure_at(visit.site_id, (visit.starts_at, visit.ends_at)):
        return closed_then(visit.site, closure)
    unlicensed = next(filter(None, (why_unlicensed(visit.provider, visit.site, day) for day in days)), "")
    return unlicensed or _("%(provider)s does not see patients at that time.") % {"provider": visit.provider.name}


def find_rooms(
    visit: Timed,
    rooms: Rooms,
    *,
    by: User | None,
    held: UUID | None = None,
    first: Collection[UUID] = (),
) -> list[UUID]:
    """One of each that the visit needs, free throughout; `first` those it had before. Under the locks of all.

    A hold as in `check_time` ends where it has the room. Raises NoRoom, and NotBookable where the site has none at all.
    """
    if not rooms:
        return []
    if nowhere := next((what for what, there in rooms.items() if not there), None):
        raise NotBookable(none_at(visit.site, nowhere))
    every = all_of(rooms)
    blocked = length_of(visit.visit_type).blocked(visit.starts_at)
    free = free_rooms(every, blocked)
    held = held or _own_hold(visit, by)
    if held and _lacking(rooms, free) and release_claims(holder=held):
        free = free_rooms(every, blocked)  # it was held for this very patient
    if lacking := _lacking(rooms, free):
        raise NoRoom(lacking)
    by_choice = [sorted(there, key=lambda pk: pk not in first) for there in rooms.values()]
    return [next(pk for pk in there if pk in free) for there in by_choice]


def _lacking(rooms: Rooms, free: set[UUID]) -> str | None:
    return next((what for what, there in rooms.items() if free.isdisjoint(there)), None)


def claim(visit: Appointment, resource: Resource, rooms: Collection[UUID] = ()) -> list[UUID]:
    """The provider's time and the rooms together; in rooms nothing lies on top. With a seat, the patient's time alone:
    the rest is the session's.
    """
    blocked = length_of(visit.visit_type).blocked(visit.starts_at)
    lanes = {resource.pk: _lane_with_room(resource, blocked)} if visit.overbook_reason else None
    wanted = [] if visit.session_id else [resource.pk, *rooms]
    try:
        return claim_times(wanted, blocked, kind=TimeClaim.Kind.VISIT, lanes=lanes, visit=visit)
    except PatientBusy as busy:
        now = Patient.objects.filter(pk=visit.patient_id).first()
        if now is None:
            raise NotBookable(_("This record was made one with another a moment ago. Open it anew.")) from busy
        if now.deceased:
            raise NotBookable(sentence(Refusal.PATIENT_DIED)) from busy
        raise
    except ProgrammingError as refused:
        if getattr(refused.__cause__, "sqlstate", "") != BEHIND_THE_WALL:
            raise
        said = _("This record was made one with another a moment ago, or is not open to you any more. Open it anew.")
        raise NotBookable(said) from refused


def _lane_with_room(resource: Resource, blocked: Span) -> int:
    """The first lane that nobody is in, under the resource's lock; the lowest, where a cap alone is passed."""
    taken = lanes_taken(resource.pk, blocked)
    if BLOCK_LANE in taken or is_closed(resource.pk, blocked):
        raise NotBookable(_("This time is blocked or closed. A visit can only be on top of another visit."))
    for lane in range(MOST_ON_TOP + 1):
        if lane not in taken:
            return lane
    raise NotBookable(_("So many visits lie on top of each other at this time that no other one fits."))


def open_chart(visit: Appointment, *, by: User | None, now: datetime) -> None:
    user = None if visit.is_requested else visit.provider.user
    role = "doctor"
    if user is not None:
        roles = set(_roles_at(user, visit.site_id))
        role = next((known for known in ("doctor", "nurse") if known in roles), role)
    open_for_visit(
        by=by,
        patient=visit.patient,
        user=user,
        role=role,
        site=visit.site,
        source=source_of(visit.pk),
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        care=not visit.is_requested,
        now=now,
    )


def call_off(visit: Appointment, *, by: User | None, reason: str, ended: str = "", now: datetime) -> None:
    """The visit has no claims any more, and the access that came with it ends; under its locks."""
    resource = resource_of(visit.provider)
    release_claims([resource.pk], visit=visit)
    visit.status, visit.cancelled_at, visit.cancelled_by, visit.cancel_reason = Status.CANCELLED, now, by, reason
    visit.request_end = ended
    visit.save(update_fields=CALLED_OFF)
    if visit.session_id is None:
        publish(FreeTimeChanged(resource_ids=(resource.pk,)), time_freed(visit, resource))
    close_for_visit(by=by, patient=visit.patient, source=source_of(visit.pk), now=now)


def next_number(visit: Appointment, now: datetime) -> int:
    """By which a patient is called today: a step of checking in. Two at once wait for each other, and none is twice."""
    day = now.astimezone(ZoneInfo(visit.time_zone)).date()
    with connection.cursor() as cursor:
        cursor.execute(NUMBER, [uuid7(), visit.site_id, day])
        number: int = cursor.fetchone()[0]
        return number


def time_freed(visit: Timed, resource: Resource) -> TimeFreed:
    """The fact that the time which the visit has, or had, is taken no more."""
    begins, ends = length_of(visit.visit_type).blocked(visit.starts_at)
    return TimeFreed(resource_id=resource.pk, begins=begins, ends=ends)


# == What is asked for first ==
def is_asked_for(by: User | None, visit_type: VisitType) -> bool:
    """Whether this person asks for such a visit, where others book it."""
    return visit_type.portal_mode == VisitType.PortalMode.REQUEST and is_patient(by)


def begin_request(visit: Appointment, now: datetime) -> None:
    """Under the patient's lock. Raises NotBookable for who waits for several answers already."""
    if Appointment.objects.requested().filter(patient=visit.patient_id).count() >= MOST_ASKED:
        raise NotBookable(_("You have asked for several times already. Wait for an answer, or take one back."))
    visit.status = Status.REQUESTED
    visit.answer_by = answer_due(now, visit.starts_at, visit.visit_type.answer_hours)


def withdraw_request(visit: Appointment, *, by: User | None, reason: str, now: datetime) -> Appointment:
    """The patient's side takes it back, or the system does; staff decline."""
    if by is not None and not is_patient(by):
        raise NotOpen(_("The patient waits for an answer to this. Agree to it, or decline it and say why."))
    call_off(visit, by=by, reason=reason, ended=Appointment.RequestEnd.WITHDRAWN, now=now)
    record("scheduling.withdraw_request", by=by, patient_id=visit.patient_id, target=visit)
    publish(RequestWithdrawn(appointment_id=visit.pk, patient_id=visit.patient_id, sequence=visit.sequence))
    return visit


@prepared
def _roles_at(user: User, site_id: UUID) -> "QuerySet[Membership, str]":
    held = Membership.objects.filter(user=user, site=site_id, validity__contains=Now())
    return held.values_list("role", flat=True)


def where(visit: Appointment) -> dict[str, object]:
    detail: dict[str, object] = {"provider": str(visit.provider_id), "site": str(visit.site_id)}
    return detail | {"sequence": visit.sequence, "on_top": bool(visit.overbook_reason)}
