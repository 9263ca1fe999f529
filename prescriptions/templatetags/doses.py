"""`{% load doses %}`: when a dose is due, what was said of it, and a month of it as a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from healthcare.ui.dates import clock_text, day_text
from healthcare.ui.words import tag
from prescriptions.models import DosePlan, Prescription
from prescriptions.queries.doses import Course, Expected
from prescriptions.rules.doses import Tally, is_regular, tally_of

register = template.Library()
Status = Prescription.Status
DOSE_TAGS = {"taken": ("ok", _lazy("Taken")), "skipped": ("warn", _lazy("Skipped"))}


@register.simple_tag
def dose_state(one: Expected) -> SafeString:
    """Taken, skipped, or that nobody has said."""
    if one.mark:
        role, words = DOSE_TAGS[one.mark.state]
        return tag(role, words)
    return tag("off", _("Later")) if one.is_later else tag("wait", _("Not marked"))


@register.filter
def clock(one: Expected) -> str:
    """Its time of day, as the clock of the patient shows it."""
    return clock_text(one.dose.at)


@register.filter
def dose_said(one: Expected) -> str:
    """The time and the day, for who does not see where it stands."""
    return _("%(time)s on %(day)s") % {"time": clock_text(one.dose.at), "day": day_text(one.dose.day)}


@register.filter
def times_said(plan: DosePlan) -> str:
    """When it is taken: "8:00 am, 8:00 pm"."""
    return ", ".join(clock_text(at) for at in plan.times)


@register.filter
def why_none_today(course: Course) -> str:
    """Why no dose is due on this day."""
    row = course.prescription
    if row.is_stopped or row.status == Status.CANCELLED:
        return _("Stopped: do not take it.")
    if row.is_on_hold(course.now):
        return _("On hold: do not take it for now.")
    if course.is_over:
        return _("Your supply is over. Ask for more, or ask the clinic whether you should go on.")
    return _("Nothing more to take today.")


# == A month as a picture ==
CELL, ROOM = 10, 12  # across and down, in units of the picture
SHAPES = {"taken": (1, 10), "skipped": (6, 5), "": (1, 10)}  # from the top, and high: a skipped dose is a low mark


@dataclass(frozen=True)
class Mark:
    x: int
    y: int
    height: int
    role: str


@dataclass(frozen=True)
class Month:
    """Days from left to right, the doses of a day from the top down."""

    marks: Sequence[Mark]
    width: int
    height: int
    days: Sequence[tuple[date, Tally]]


@register.inclusion_tag("prescriptions/adherence.html")
def adherence(course: Course) -> dict[str, Any]:
    """What was taken, skipped and not marked in thirty days: a sentence, a picture, and a table of the days."""
    tally = course.tally()
    return {"course": course, "tally": tally, "said": tally_said(tally), "month": month_of(course)}


def month_of(course: Course) -> Month:
    days = course.days
    marks = []
    for place, (_day, doses) in enumerate(days):
        for row, one in enumerate(doses):
            top, height = SHAPES[one.state]
            marks.append(Mark(place * CELL + 1, row * ROOM + top, height, one.state or "unmarked"))
    rows = max([len(doses) for _day, doses in days] + [1])
    told = [(day, tally_of(one.state for one in doses)) for day, doses in reversed(days) if doses]
    return Month(marks, len(days) * CELL, rows * ROOM, told)


def tally_said(tally: Tally) -> str:
    """In words: "45 of 60 doses taken, that is 75%. Skipped: 5. Not marked: 10."."""
    if not tally.doses:
        return _("No dose was due yet.")
    taken = ngettext(
        "%(taken)s of %(doses)s dose taken, that is %(percent)s%%.",
        "%(taken)s of %(doses)s doses taken, that is %(percent)s%%.",
        tally.doses,
    )
    rest = _("Skipped: %(skipped)s. Not marked: %(unmarked)s.")
    told = {"taken": tally.taken, "doses": tally.doses, "percent": tally.percent}
    return f"{taken % told} {rest % {'skipped': tally.skipped, 'unmarked': tally.unmarked}}"


@register.filter
def plan_of(plans: Mapping[UUID, DosePlan], prescription: Prescription) -> DosePlan | None:
    """When it is taken, among those of the patient; or None."""
    return plans.get(prescription.pk)


@register.filter
def may_have_times(prescription: Prescription) -> bool:
    """Whether a page offers to set times: it is taken at regular times, and not stopped."""
    return prescription.status in Prescription.GOING and not prescription.halt and is_regular(prescription.directions)
