"""Which doses are due, and what was said of each: as the patient marks them and as the chart counts them."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Count, F, JSONField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _

from healthcare.accounts.models import User
from patients.models import Patient
from prescriptions.models import Dispense, DoseMark, DosePlan, Halt, Prescription
from prescriptions.rules.doses import (
    A_DAY,
    AHEAD,
    CHART_DAYS,
    DAYS_BACK,
    Dose,
    Span,
    Tally,
    days_between,
    doses_of,
    is_due,
    is_regular,
    lasts_until,
    local_day,
    may_change,
    stood_still,
    suggested_times,
    tally_of,
    why_not_mark,
)

Status = Prescription.Status
WEEK = timedelta(days=7)
Key = tuple[UUID, date, time]
KEPT = timedelta(days=CHART_DAYS + 2)  # how far back plans and marks are read; a zone is no two days from another


@dataclass(frozen=True)
class Expected:
    """One dose of one plan, and what the patient said of it."""

    plan: DosePlan
    dose: Dose
    mark: DoseMark | None
    may_mark: bool
    is_later: bool

    @property
    def state(self) -> str:
        return self.mark.state if self.mark else ""


@dataclass(frozen=True)
class Course:
    """A prescription with the plans that its patient made of it, the oldest first, and what came between."""

    prescription: Prescription
    plans: Sequence[DosePlan]
    still: Sequence[Span]
    until: datetime | None
    marks: Mapping[Key, DoseMark]
    now: datetime

    @property
    def current(self) -> DosePlan | None:
        """The times that count, or will from midnight on."""
        return next((plan for plan in self.plans if plan.ends_at is None), None)

    @property
    def is_over(self) -> bool:
        return self.until is not None and self.until <= self.now

    @property
    def is_shown(self) -> bool:
        """Whether the page of today has anything to say of it: for some days, too, that it is over."""
        recent = self.until is None or self.until > self.now - WEEK
        return bool((self.current and recent) or self.doses_of_today() or self.unmarked_before())

    @property
    def zone(self) -> str:
        return self.plans[-1].time_zone

    @property
    def today(self) -> date:
        return local_day(self.now, self.zone)

    def doses(self, first: date, last: date) -> list[Expected]:
        """Those that are to be taken on these days, and those of which something was said."""
        found = [(dose, plan) for plan in self.plans for dose in doses_of(plan.rhythm, first, last)]
        rows = []
        for dose, plan in sorted(found, key=lambda pair: pair[0]):
            mark = self.marks.get((plan.pk, dose.day, dose.at))
            if mark or is_due(dose, still=self.still, until=self.until):
                rows.append(self._expected(plan, dose, mark))
        return rows

    def _expected(self, plan: DosePlan, dose: Dose, mark: DoseMark | None) -> Expected:
        open_ = not why_not_mark(dose, plan.time_zone, self.now)
        if mark:
            open_ = open_ and may_change(mark.marked_at, plan.time_zone, self.now)
        return Expected(plan, dose, mark, open_, dose.due_at > self.now + AHEAD)

    def doses_of_today(self) -> list[Expected]:
        return self.doses(self.today, self.today)

    def unmarked_before(self) -> list[Expected]:
        """Of the days before today that can be marked still, what was not; the oldest first."""
        before = self.doses(self.today - DAYS_BACK * A_DAY, self.today - A_DAY)
        return [one for one in before if one.mark is None or one.may_mark]

    @cached_property
    def days(self) -> list[tuple[date, list[Expected]]]:
        """The days of the chart, today last, each with those of its doses whose time has come or that were marked."""
        first = self.today - (CHART_DAYS - 1) * A_DAY
        by_day: dict[date, list[Expected]] = {first + ahead * A_DAY: [] for ahead in range(CHART_DAYS)}
        for one in self.doses(first, self.today):
            if one.mark or one.dose.due_at <= self.now:
                by_day[one.dose.day].append(one)
        return list(by_day.items())

    def tally(self) -> Tally:
        return tally_of(one.state for _day, doses in self.days for one in doses)

    def reasons(self) -> list[tuple[str, int]]:
        """Why doses of the chart were skipped, and how many, the most first."""
        marks = [one.mark for _day, doses in self.days for one in doses if one.mark]
        return Counter(mark.get_reason_display() for mark in marks if mark.reason).most_common()


def with_given(rows: "QuerySet[Prescription]") -> "QuerySet[Prescription]":
    """`given_at`: when some of it was handed out last. A subquery."""
    given = Dispense.objects.filter(prescription=OuterRef("pk"), patient=OuterRef("patient")).handed_out()
    last = given.order_by().values("prescription").annotate(last=Max("picked_up_at")).values("last")
    return rows.annotate(given_at=Subquery(last))


def with_marked(user: User, rows: "QuerySet[Prescription]", patient: Patient, today: date) -> "QuerySet[Prescription]":
    """`marked`: how many doses of the last thirty days the patient marked as taken and as skipped; None where no dose
    was marked. A subquery.
    """
    since = today - timedelta(days=CHART_DAYS - 1)
    marks = DoseMark.objects.visible_to(user).filter(
        patient=patient.pk, day__gte=since, plan__prescription=OuterRef("pk")
    )
    counts = {state.value: Count("pk", filter=Q(state=state)) for state in DoseMark.State}
    counted = marks.order_by().values("patient").annotate(counts=JSONObject(**counts))
    said = Subquery(counted.values("counts"), output_field=JSONField())
    return rows.annotate(marked=said)  # type: ignore[no-redef]


def ends_by_itself(prescription: Prescription) -> datetime | None:
    """When nothing of it is to be taken any more: the end of its supply, or its cancellation. Ask `with_given`."""
    row, sig = prescription, prescription.directions
    if row.status not in Prescription.GOING or sig is None or row.signed_at is None:
        return row.cancelled_at or row.not_dispensed_at or row.created_at
    if not sig.ongoing:
        return row.ends_at
    to_come = row.repeats_left + (row.status != Status.PICKED_UP)
    given_at = getattr(row, "given_at", None)
    return lasts_until(signed_at=row.signed_at, given_at=given_at, days=sig.days, to_come=to_come)


def why_no_times(user: User, prescription: Prescription, now: datetime) -> str:
    """A sentence for the patient, or nothing where they can set times for it."""
    if prescription.is_stopped or prescription.is_on_hold(now):
        return _("It is on hold or was stopped: it is not to be taken now.")
    if not is_regular(prescription.directions):
        return _("It is taken when it is needed, or one time only: there are no times to set.")
    row = with_given(Prescription.objects.visible_to(user).filter(pk=prescription.pk)).first()
    until = ends_by_itself(row) if row else now
    if until is not None and until <= now:
        return _("Its supply is over: ask for more, or ask the clinic whether you should go on.")
    return ""


@dataclass(frozen=True)
class Proposal:
    """What the form for the times begins with. `first_day` is for what is not taken every day."""

    times: Sequence[time]
    zone: str
    every: int
    first_day: date | None

    @property
    def fields(self) -> dict[str, Any]:
        return {"times": self.times, "zone": self.zone, "every": self.every}


def proposal_of(prescription: Prescription, course: Course | None, zone: str, now: datetime) -> Proposal:
    """As it is, where times are set; else as the directions suggest, in this zone. Nothing where none can be."""
    sig = prescription.directions
    if sig is None or not is_regular(sig):
        return Proposal((), zone, 1, None)
    every, plan = days_between(sig.frequency), course.current if course else None
    if plan is None or course is None:
        today = local_day(now, zone)
        return Proposal(suggested_times(sig.frequency), zone, every, today if every > 1 else None)
    coming = course.doses(course.today, course.today + 2 * every * A_DAY) if every > 1 else []
    first = next((one.dose.day for one in coming if one.mark is None), course.today if every > 1 else None)
    return Proposal(plan.times, plan.time_zone, every, first)


def current_plans(user: User, patient: Patient) -> dict[UUID, DosePlan]:
    """By prescription, where times are set. One query."""
    rows = DosePlan.objects.visible_to(user).filter(patient=patient, ends_at=None)
    return {plan.prescription_id: plan for plan in rows}


def courses_of(user: User, patient: Patient, now: datetime) -> list[Course]:
    """Of every medicine with times in the last days, by name. Four queries, one where there is none."""
    return courses(user, Q(patient=patient), now)


def course_of(user: User, prescription: Prescription, now: datetime) -> Course | None:
    """The same of one prescription; None where nobody set times for it."""
    found = courses(user, Q(patient=prescription.patient_id, prescription=prescription), now)
    return found[0] if found else None


def courses(user: User, wanted: Q, now: datetime) -> list[Course]:
    """Of the plans of this kind that run, or ended in the last days."""
    rows = DosePlan.objects.visible_to(user).filter(wanted, Q(ends_at=None) | Q(ends_at__gt=now - KEPT))
    plans: dict[UUID, list[DosePlan]] = {}
    for plan in rows.order_by("starts_at", "id"):
        plans.setdefault(plan.prescription_id, []).append(plan)
    if not plans:
        return []
    found = with_given(Prescription.objects.visible_to(user).filter(pk__in=plans)).select_related("site")
    still, marks = _still(user, plans), _marks(user, plans, now)
    return [
        Course(row, plans[row.pk], still.get(row.pk, []), ends_by_itself(row), marks, now)
        for row in found.order_by("medicine", "id")
    ]


def _still(user: User, ids: Collection[UUID]) -> dict[UUID, list[Span]]:
    acts: dict[UUID, list[tuple[str, datetime]]] = {}
    rows = Halt.objects.visible_to(user).filter(prescription__in=ids).order_by("said_at", "id")
    for of, act, starts_at in rows.values_list("prescription_id", "act", "starts_at"):
        acts.setdefault(of, []).append((act, starts_at))
    return {of: stood_still(said) for of, said in acts.items()}


def _marks(user: User, plans: Mapping[UUID, Sequence[DosePlan]], now: datetime) -> dict[Key, DoseMark]:
    ids = [plan.pk for some in plans.values() for plan in some]
    rows = DoseMark.objects.visible_to(user).filter(plan__in=ids, day__gte=(now - KEPT).date())
    return {(row.plan_id, row.day, row.at): row for row in rows}


def last_taken(user: User, prescription: Prescription) -> date | None:
    """The day of the last dose that was marked as taken."""
    rows = DoseMark.objects.visible_to(user).filter(plan__prescription=prescription, state=DoseMark.State.TAKEN)
    found: date | None = rows.aggregate(last=Max(F("day")))["last"]
    return found
