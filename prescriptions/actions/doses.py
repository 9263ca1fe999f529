"""A patient takes a medicine at times of their own, and says of each dose what became of it."""

from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from healthcare.accounts.models import User
from healthcare.audit import record
from healthcare.ui.dates import day_text, moment_text
from prescriptions.access import check_can_keep_doses
from prescriptions.actions.steps import NotPossible, check_lives, locked
from prescriptions.models import DoseMark, DosePlan, Prescription
from prescriptions.queries.doses import Expected, course_of, last_taken, why_no_times
from prescriptions.rules.doses import (
    begins_at,
    days_between,
    local_day,
    may_change,
    why_not_first_day,
    why_not_mark,
    why_not_times,
)


@transaction.atomic
def plan_doses(
    *,
    by: User,
    prescription: Prescription,
    times: Sequence[time],
    time_zone: str,
    first_day: date | None = None,
    now: datetime,
) -> DosePlan:
    """The patient, or who acts for them, takes it at these times on the clock of this zone.

    As many as the directions have on one day. Instead of other times they count from midnight, so that no dose comes
    twice. `first_day` is for what is not taken every day. Raises NotAllowed, NotInScope, and NotPossible.
    """
    check_can_keep_doses(by, prescription)
    found = locked(by, prescription)
    check_lives(found)
    sig = found.directions
    if (why := why_no_times(by, found, now)) or sig is None:
        raise NotPossible(why)
    _check_times(times, sig.frequency, time_zone)
    every = days_between(sig.frequency)
    before = _plans(by, found)
    starts_at = begins_at(now, time_zone, [plan.ends_at or now for plan in before])
    if every > 1:
        first_day = _checked_first_day(by, found, first_day, local_day(now, time_zone), every)
    else:
        first_day = local_day(starts_at, time_zone)
    _end(by, before, starts_at)
    plan = DosePlan(
        prescription=found,
        patient_id=found.patient_id,
        times=sorted(times),
        time_zone=time_zone,
        first_day=first_day,
        every=every,
        starts_at=starts_at,
        set_by=by,
    )
    plan.save(force_insert=True)
    record("prescriptions.plan_doses", by=by, patient_id=found.patient_id, target=plan)
    return plan


@transaction.atomic
def end_doses(*, by: User, prescription: Prescription, now: datetime) -> None:
    """No dose of it is due from now on. Raises NotAllowed, NotInScope, and NotPossible where no times count."""
    check_can_keep_doses(by, prescription)
    found = locked(by, prescription)
    going = [plan for plan in _plans(by, found) if plan.ends_at is None or plan.ends_at > max(now, plan.starts_at)]
    if not going:
        raise NotPossible(_("No times are set for it."))
    _end(by, going, now)
    record("prescriptions.end_doses", by=by, patient_id=found.patient_id, target=going[-1])


@transaction.atomic
def mark_dose(
    *, by: User, prescription: Prescription, day: date, at: time, state: str, reason: str = "", now: datetime
) -> DoseMark:
    """Say that a dose was taken, or skipped and why; which one, its day and time tell.

    One mark a dose: who says the same again gets what stands; otherwise, it is changed on the day it was made. Raises
    NotAllowed, NotInScope, NotPossible, and ValueError for a state or reason that is none.
    """
    check_can_keep_doses(by, prescription)
    state = DoseMark.State(state).value
    skipped = state == DoseMark.State.SKIPPED
    if skipped and not reason:
        raise NotPossible(_("Choose why it was skipped."))
    reason = DoseMark.Reason(reason).value if skipped else ""
    found = locked(by, prescription)
    check_lives(found)
    expected = _expected(by, found, day, at, now)
    mark = expected.mark
    if mark and (mark.state, mark.reason) == (state, reason):
        return mark
    _check_may_mark(expected, now)
    if mark is None:
        mark = DoseMark(plan=expected.plan, patient_id=found.patient_id, day=day, at=at)
    mark.state, mark.reason, mark.marked_at, mark.marked_by = state, reason, now, by
    if expected.mark:
        mark.save(update_fields=["state", "reason", "marked_at", "marked_by", "updated_at"])
    else:
        mark.save(force_insert=True)
    record("prescriptions.mark_dose", by=by, patient_id=found.patient_id, target=mark, detail={"state": state})
    return mark


def _check_times(times: Sequence[time], frequency: str, time_zone: str) -> None:
    if time_zone not in available_timezones():
        raise NotPossible(_("Choose a time zone."))
    why = why_not_times(times, frequency)
    if why == "near":
        raise NotPossible(_("Leave at least an hour between two doses."))
    if why:
        raise NotPossible(_("As many times of day as your directions say, no more and no fewer."))


def _checked_first_day(by: User, found: Prescription, day: date | None, today: date, every: int) -> date:
    last = last_taken(by, found)
    why = why_not_first_day(day, today=today, every=every, last_taken=last) if day else "missing"
    if day and not why:
        return day
    if why == "near" and last:
        told = {"days": every, "last": day_text(last)}
        raise NotPossible(
            ngettext(
                "Leave %(days)s day between two doses: you took the last one on %(last)s.",
                "Leave %(days)s days between two doses: you took the last one on %(last)s.",
                every,
            )
            % told
        )
    raise NotPossible(_("Choose the day of your next dose: today, or one of the next days."))


def _plans(by: User, prescription: Prescription) -> list[DosePlan]:
    """All of them, the oldest first, held."""
    rows = DosePlan.objects.visible_to(by).filter(prescription=prescription).select_for_update(of=("self",))
    return list(rows.order_by("starts_at", "id"))


def _end(by: User, plans: Sequence[DosePlan], moment: datetime) -> None:
    """Those that would count longer, at this moment; what has not begun by then never counts."""
    for plan in plans:
        if plan.ends_at is None or plan.ends_at > moment:
            plan.ends_at, plan.ended_by = max(moment, plan.starts_at), by
            plan.save(update_fields=["ends_at", "ended_by", "updated_at"])


def _expected(by: User, found: Prescription, day: date, at: time, now: datetime) -> Expected:
    course = course_of(by, found, now)
    rows = course.doses(day, day) if course else []
    for one in rows:
        if one.dose.at == at:
            return one
    raise NotPossible(_("No such dose is due. Look again: the medicine or its times were changed."))


def _check_may_mark(expected: Expected, now: datetime) -> None:
    zone = expected.plan.time_zone
    why = why_not_mark(expected.dose, zone, now)
    if why == "late":
        raise NotPossible(_("Only doses of today and of the two days before can be marked."))
    if why:
        raise NotPossible(_("It is too early: this dose can be marked from four hours before its time."))
    if expected.mark and not may_change(expected.mark.marked_at, zone, now):
        told = {"state": expected.mark.get_state_display(), "at": moment_text(expected.mark.marked_at)}
        raise NotPossible(_("It was marked already: %(state)s, %(at)s. That can be changed on the same day.") % told)
