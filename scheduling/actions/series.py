"""Several visits of a patient as one: booked, moved and called off together, after a look at what would become of each.

What is shown beforehand is what the booking itself would say: each visit is booked or moved by its own verb, and where
one only wants to know, or one of them fails, the whole transaction goes back.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from healthcare.accounts.models import Provider, Site, User
from healthcare.audit import in_one_insert, record
from healthcare.db.uuids import uuid7
from healthcare.events import publish
from patients.models import Patient
from scheduling.access import check_can_book_series, check_can_change_series
from scheduling.actions.booking import book_appointment, cancel_appointment, move_appointment
from scheduling.actions.claims import Crowded, NotBookable, lock_in_order
from scheduling.actions.steps import resource_of
from scheduling.actions.taken import TimeTaken
from scheduling.events import SeriesBooked, SeriesCancelled, SeriesMoved
from scheduling.models import Appointment, TimeClaim, VisitType
from scheduling.queries.rooms import all_of, rooms_for
from scheduling.queries.series import rest_of_series
from scheduling.queries.times import FreeTime
from scheduling.rules import MOST_IN_SERIES, moved_along


@dataclass(frozen=True)
class SeriesDate:
    """What would become of one visit of a series at `start`, in UTC; `problem` is empty where it can be had.

    `instead` are times to take instead; `visit` is the one that would move.
    """

    start: datetime
    problem: str = ""
    instead: Sequence[FreeTime] = ()
    visit: Appointment | None = None


class SeriesConflict(NotBookable):
    """Not all of them are to be had, so none was changed; `dates` says which, in the order of time."""

    def __init__(self, dates: Sequence[SeriesDate]) -> None:
        super().__init__(_("Not all of these times are to be had any more, so nothing was changed. Choose again."))
        self.dates = dates


# == Booking ==
def check_series(
    *,
    by: User,
    patient: Patient,
    provider: Provider,
    site: Site,
    visit_type: VisitType,
    starts: Collection[datetime],
    now: datetime,
) -> list[SeriesDate]:
    """What would become of visits at these instants; nothing stays booked.

    Raises NotBookable, NotAllowed, NotInScope.
    """
    rooms = all_of(rooms_for(visit_type, site.pk))
    with transaction.atomic(), _locked(by, patient, provider, starts, rooms):
        _visits, dates = _book_each(by, patient, provider, site, visit_type, starts, "", uuid7(), now)
        transaction.set_rollback(True)
    return dates


def book_series(
    *,
    by: User,
    patient: Patient,
    provider: Provider,
    site: Site,
    visit_type: VisitType,
    starts: Collection[datetime],
    reason: str = "",
    series_id: UUID,
    now: datetime,
) -> list[Appointment]:
    """Book a visit at each of these instants, or none. The same `series_id` again returns what was booked by it.

    Raises SeriesConflict, NotBookable, NotAllowed, NotInScope.
    """
    rooms = all_of(rooms_for(visit_type, site.pk))
    with transaction.atomic(), _locked(by, patient, provider, starts, rooms), in_one_insert():
        earlier = Appointment.objects.filter(series_id=series_id).order_by("during")
        if known := list(earlier):
            if known[0].patient_id != patient.pk:
                raise NotBookable(_("This form was sent before, for somebody else. Open it anew."))
            return known
        visits, dates = _book_each(by, patient, provider, site, visit_type, starts, reason, series_id, now)
        if len(visits) < len(dates):
            raise SeriesConflict(dates)
        record("scheduling.book_series", by=by, patient_id=patient.pk, detail={"visits": len(visits)})
        publish(SeriesBooked(series_id, patient.pk, tuple(visit.pk for visit in visits)))
        return visits


@contextmanager
def _locked(
    by: User, patient: Patient, provider: Provider, starts: Collection[datetime], rooms: Collection[UUID]
) -> Iterator[None]:
    """All at once and before anything else, so that no two series wait for each other."""
    check_can_book_series(by, patient)
    if not 1 <= len(set(starts)) <= MOST_IN_SERIES:
        raise NotBookable(_("A series has between 1 and %(most)d visits.") % {"most": MOST_IN_SERIES})
    with lock_in_order([patient.pk, resource_of(provider).pk, *rooms]):
        yield


def _book_each(
    by: User,
    patient: Patient,
    provider: Provider,
    site: Site,
    visit_type: VisitType,
    starts: Collection[datetime],
    reason: str,
    series_id: UUID,
    now: datetime,
) -> tuple[list[Appointment], list[SeriesDate]]:
    visits, dates = [], []
    for start in sorted(set(starts)):
        try:
            visit = book_appointment(
                by=by,
                patient=patient,
                provider=provider,
                site=site,
                visit_type=visit_type,
                start=start,
                reason=reason,
                series_id=series_id,
                now=now,
            )
        except (TimeTaken, NotBookable) as problem:
            dates.append(_failed(start, problem))
        else:
            visits.append(visit)
            dates.append(SeriesDate(start))
    return visits, dates


def _failed(start: datetime, problem: TimeTaken | NotBookable, visit: Appointment | None = None) -> SeriesDate:
    if isinstance(problem, Crowded):
        raise problem
    return SeriesDate(start, str(problem), problem.alternatives if isinstance(problem, TimeTaken) else (), visit)


# == Moving ==
@dataclass(frozen=True)
class Shift:
    """Another weekday or time of day, perhaps another provider or site, for a visit and those that follow it in its
    series: as many days further as the first one, all at the same time of the clock at the site.
    """

    start: datetime
    provider: Provider
    site: Site


def check_series_move(*, by: User, appointment: Appointment, shift: Shift, now: datetime) -> list[SeriesDate]:
    """What would become of the visit and of those after it; nothing stays moved. Raises NotBookable, NotAllowed,
    NotInScope.
    """
    with transaction.atomic():
        _moved, dates = _move_each(by, appointment, shift, None, now)
        transaction.set_rollback(True)
    return dates


def move_series(
    *, by: User, appointment: Appointment, shift: Shift, only: Collection[UUID], now: datetime
) -> list[Appointment]:
    """Move those of the series, from this visit on, whose ids are in `only`: all of them, or none.

    Raises SeriesConflict, NotBookable, NotAllowed, NotInScope.
    """
    with transaction.atomic(), in_one_insert():
        moved, dates = _move_each(by, appointment, shift, only, now)
        if any(date.problem for date in dates):
            raise SeriesConflict(dates)
        changed = tuple(visit.pk for visit, sequence in moved if visit.sequence != sequence)
        if changed and appointment.series_id:
            record("scheduling.move_series", by=by, patient_id=appointment.patient_id, detail={"visits": len(changed)})
            publish(SeriesMoved(appointment.series_id, appointment.patient_id, changed, change_id=uuid7()))
        return [visit for visit, _sequence in moved]


def _move_each(
    by: User, appointment: Appointment, shift: Shift, only: Collection[UUID] | None, now: datetime
) -> tuple[list[tuple[Appointment, int]], list[SeriesDate]]:
    """Those that move later begin with the last, so that none waits for a time that the next one is about to leave."""
    check_can_change_series(by, appointment)
    _series_id, rest = _rest(appointment, now)
    zone, later = ZoneInfo(shift.site.time_zone), shift.start > appointment.starts_at
    old, new = (at.astimezone(zone) for at in (appointment.starts_at, shift.start))
    days, clock = (new.date() - old.date()).days, new.time()
    moved, dates = [], []
    rooms = all_of(rooms_for(appointment.visit_type, shift.site.pk))
    names = {appointment.patient_id, resource_of(shift.provider).pk, *_resources_of(rest), *rooms, *_claimed_by(rest)}
    with lock_in_order(names):
        for visit in sorted(rest, key=lambda visit: visit.starts_at, reverse=later):
            if only is not None and visit.pk not in only:
                continue
            start = moved_along(visit.starts_at, zone, days=days, clock=clock)
            try:
                there = move_appointment(
                    by=by,
                    appointment=visit,
                    start=start,
                    provider=shift.provider,
                    site=shift.site,
                    seen_sequence=visit.sequence,
                    in_series=True,
                    now=now,
                )
            except (TimeTaken, NotBookable) as problem:
                dates.append(_failed(start, problem, visit))
            else:
                moved.append((there, visit.sequence))
                dates.append(SeriesDate(start, visit=visit))
    return moved, sorted(dates, key=lambda date: date.start)


def _rest(appointment: Appointment, now: datetime) -> tuple[UUID, list[Appointment]]:
    """The name of the series, and what of it is still to come from this visit on."""
    if appointment.series_id is None:
        raise NotBookable(_("This visit stands alone: move or cancel it by itself."))
    rest = rest_of_series(appointment, now)
    if not rest:
        raise NotBookable(_("No visit of this series is still to come. Look at them again."))
    return appointment.series_id, rest


def _resources_of(visits: Sequence[Appointment]) -> set[UUID]:
    return {resource_of(visit.provider).pk for visit in visits}


def _claimed_by(visits: Sequence[Appointment]) -> set[UUID]:
    """All that they have now, rooms and devices too."""
    claims = TimeClaim.objects.filter(appointment_id__in=[visit.pk for visit in visits])
    return set(claims.values_list("resource", flat=True))


# == Calling off ==
def cancel_series(*, by: User, appointment: Appointment, reason: str, now: datetime) -> int:
    """Call off this visit and those that follow it in its series; returns how many. Raises NotBookable, NotAllowed,
    NotInScope.
    """
    check_can_change_series(by, appointment)
    with transaction.atomic(), in_one_insert():
        series_id, rest = _rest(appointment, now)
        with lock_in_order({appointment.patient_id, *_resources_of(rest)}):
            for visit in rest:
                cancel_appointment(by=by, appointment=visit, reason=reason, in_series=True, now=now)
        ended = tuple(visit.pk for visit in rest)
        record("scheduling.cancel_series", by=by, patient_id=appointment.patient_id, detail={"visits": len(ended)})
        publish(SeriesCancelled(series_id, appointment.patient_id, ended, change_id=uuid7()))
        return len(ended)
