"""The list of those who wait for a time: put on it, put ahead, taken off it, and over when its last day is."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from healthcare.accounts.models import Provider, Site, User
from healthcare.audit import record
from patients.models import Patient
from scheduling.access import check_can_book, check_can_rank, check_can_wait, is_patient
from scheduling.actions.claims import NotBookable, NotOpen, lock_in_order
from scheduling.actions.offers import end_offers_of
from scheduling.actions.steps import check_offered
from scheduling.models import VisitType, Wait
from scheduling.rules.waitlist import MOST_WAITS, Wish

State = Wait.State
LONGEST = timedelta(days=366)
AT_ONCE = 200  # lines that are over, in one go


@transaction.atomic
def join_waitlist(
    *,
    by: User,
    patient: Patient,
    visit_type: VisitType,
    site: Site,
    provider: Provider | None,
    wish: Wish,
    now: datetime,
) -> Wait:
    """Put the patient on the list. The same kind, site and provider once more: what is wished for is written anew, and
    the place in the order stays.

    Raises NotBookable for what could not be booked at all, for days that are over or out of order, and for one line
    too many; NotAllowed, NotInScope.
    """
    check_can_book(by, patient)
    with lock_in_order([patient.pk]):
        _check_days(wish, timezone.localdate(now, timezone=_zone(site)))
        if provider is not None:
            check_offered(by, patient, provider, site, visit_type)
        elif is_patient(by) and visit_type.portal_mode == VisitType.PortalMode.OFF:
            raise NotBookable(_("The clinic books this kind of visit with you. Please call."))
        mine = Wait.objects.waiting().filter(patient=patient)
        again = mine.filter(visit_type=visit_type, site=site, provider=provider).first()
        if again is None and mine.count() >= MOST_WAITS:
            raise NotBookable(_("There are several lines on the waitlist already. Take one off first."))
        new = Wait(patient=patient, visit_type=visit_type, site=site, provider=provider, added_by=by)
        wait: Wait = again or new
        wait.first_day, wait.last_day = wish.first_day, wish.last_day
        wait.isodows, wait.parts = sorted(wish.isodows), sorted(wish.parts)
        if again is None:
            wait.save(force_insert=True)
        else:
            wait.save(update_fields=["first_day", "last_day", "isodows", "parts", "updated_at"])
        record(
            "scheduling.join_waitlist", by=by, patient_id=patient.pk, target=wait, detail={"again": again is not None}
        )
        return wait


@transaction.atomic
def leave_waitlist(*, by: User, wait: Wait, now: datetime) -> Wait:
    """Take a line off the list; what is offered for it goes to the next. Off already: nothing happens.

    Raises NotAllowed, NotInScope.
    """
    check_can_wait(by, wait)
    with lock_in_order([wait.patient_id]):
        row = _locked(wait)
        if row.is_waiting:
            _leave(row, by=by, now=now)
        return row


@transaction.atomic
def rank_waitlist(*, by: User, wait: Wait, priority: int, reason: str) -> Wait:
    """Put somebody ahead of others, and say why; or back in the order of who came first.

    Raises NotBookable without a reason, NotOpen for who does not wait any more, NotAllowed, NotInScope.
    """
    check_can_rank(by, wait)
    reason = reason.strip() if priority else ""
    if priority and not reason:
        raise NotBookable(_("Say why this patient goes before others."))
    row = _locked(wait)
    if not row.is_waiting:
        raise NotOpen(_("This line is “%(now)s” already.") % {"now": row.get_state_display()})
    row.priority, row.priority_reason = Wait.Priority(priority), reason
    row.save(update_fields=["priority", "priority_reason", "updated_at"])
    record("scheduling.rank_waitlist", by=by, patient_id=row.patient_id, target=row, detail={"priority": priority})
    return row


@transaction.atomic
def end_waitlist(*, by: None = None, now: datetime) -> int:
    """Lines whose last day is over, by the clock of their site; returns how many, at most 200 in one go."""
    latest = (now + timedelta(days=1)).date()
    rows = Wait.objects.waiting().filter(last_day__lt=latest).select_related("site").order_by("last_day", "pk")
    count = 0
    for row in rows.select_for_update(of=("self",))[:AT_ONCE]:
        if row.last_day < timezone.localdate(now, timezone=_zone(row.site)):
            _end_line(row, State.OVER, now)
            record("scheduling.end_waitlist", by=by, patient_id=row.patient_id, target=row)
            count += 1
    return count


@transaction.atomic
def take_the_dead_off(*, by: None = None, patient: Patient, now: datetime) -> int:
    """Nobody waits who has died; returns how many lines there were."""
    rows: Sequence[Wait] = list(Wait.objects.waiting().filter(patient=patient).order_by("pk"))
    for row in rows:
        _leave(row, by=by, now=now)
    return len(rows)


# == Steps ==
def _zone(site: Site) -> ZoneInfo:
    return ZoneInfo(site.time_zone)


def _check_days(wish: Wish, today: date) -> None:
    if wish.last_day < today:
        raise NotBookable(_("The last day is over. Choose one from today on."))
    if wish.first_day > wish.last_day:
        raise NotBookable(_("The first day comes after the last one."))
    if wish.last_day > today + LONGEST:
        raise NotBookable(_("Nobody waits longer than a year. Choose an earlier last day."))


def _locked(wait: Wait) -> Wait:
    return Wait.objects.select_for_update(of=("self",)).get(pk=wait.pk)


def _leave(row: Wait, *, by: User | None, now: datetime) -> None:
    _end_line(row, State.LEFT, now, by=by)
    record("scheduling.leave_waitlist", by=by, patient_id=row.patient_id, target=row)
    end_offers_of(wait=row, by=by, now=now)


def _end_line(row: Wait, state: str, now: datetime, *, by: User | None = None) -> None:
    row.state, row.ended_at, row.ended_by = state, now, by
    row.save(update_fields=["state", "ended_at", "ended_by", "updated_at"])
