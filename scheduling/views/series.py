"""Several visits at once: a look at what would become of each, and only then the booking, the move or the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from healthcare.accounts.permissions import Permission
from healthcare.ui.calendars import Slot
from patients.doors import chart_context, of_patient
from patients.models import Patient
from scheduling import actions
from scheduling.doors import of_visit
from scheduling.forms import CancelForm, MoveForm
from scheduling.forms.series import SeriesForm, SeriesTimesForm, SeriesVisitsForm
from scheduling.models import Appointment
from scheduling.queries.series import series_of
from scheduling.rules import series_starts
from scheduling.views.offers import Wanted
from scheduling.views.visits import READ_AND_WRITE, TAB
from scheduling.words import choices_of, when_words


@dataclass(frozen=True)
class DateRow:
    """A line of the report: what would become of one time, in words; `ticked` is what the person wants so far."""

    value: str
    when: str
    problem: str
    instead: Sequence[Slot]
    ticked: bool
    before: str = ""


def rows_of(dates: Sequence[actions.SeriesDate], zone: str, now: datetime) -> list[DateRow]:
    with timezone.override(zone):
        return [
            DateRow(
                value=str(date.visit.pk) if date.visit else date.start.isoformat(),
                when=when_words(date.start, now),
                problem=date.problem,
                instead=choices_of(date.instead, now),
                ticked=not date.problem,
                before=when_words(date.visit.starts_at, now) if date.visit else "",
            )
            for date in dates
        ]


# == Booking ==
@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.BOOK_APPOINTMENT)
def book_series(request: HttpRequest, patient: Patient) -> HttpResponse:
    """First how often, then the times one by one with what stands in their way, then all that are ticked, or none."""
    user: Any = request.user
    now = timezone.now()
    wanted = Wanted.of(request, user, patient=patient, now=now)
    form = SeriesForm(request.POST) if request.method == "POST" else SeriesForm.fresh(request.GET.get("start", ""))
    context: dict[str, Any] = {"wanted": wanted, "form": form}
    if not form.is_valid() or not wanted.is_whole:
        return _book_page(request, patient, context, status=422 if form.is_bound else 200)
    typed = form.cleaned_data
    asked = {"by": user, "patient": patient, **wanted.chosen(), "now": now}
    chosen = SeriesTimesForm(request.POST) if "do" in request.POST else None
    try:
        if chosen is None or not chosen.is_valid():
            zone, every = ZoneInfo(wanted.zone), int(typed["every"])
            starts = series_starts(typed["start"], zone, every_days=every, count=typed["count"])
            dates = actions.check_series(starts=starts, **asked)
            context |= {"rows": rows_of(dates, wanted.zone, now), "chosen": chosen}
            return _book_page(request, patient, context, status=422 if chosen else 200)
        times = chosen.cleaned_data["times"]
        visits = actions.book_series(starts=times, reason=typed["reason"], series_id=typed["key"], **asked)
    except actions.SeriesConflict as conflict:
        context |= {"rows": rows_of(conflict.dates, wanted.zone, now), "conflict": str(conflict)}
        return _book_page(request, patient, context, status=409)
    except actions.NotBookable as problem:
        form.add_error(None, str(problem))
        return _book_page(request, patient, context, status=422)
    told = ngettext("%(n)d visit is booked.", "%(n)d visits are booked.", len(visits)) % {"n": len(visits)}
    messages.success(request, f"{told} {_('The patient gets one message with all the times.')}")
    return redirect("scheduling:visit", patient.pk, visits[0].pk)


def _book_page(request: HttpRequest, patient: Patient, context: dict[str, Any], *, status: int) -> HttpResponse:
    with timezone.override(context["wanted"].zone):
        page = {"rows": [], "days": [], "conflict": "", "chosen": None} | context
        if not page["rows"]:
            page |= {"days": context["wanted"].days()}
        page |= chart_context(request, patient, tab=TAB)
        return render(request, "scheduling/series.html", page, status=status)


# == Moving ==
@require_http_methods(READ_AND_WRITE)
@of_visit(Permission.BOOK_APPOINTMENT)
def move_series(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    """This visit and those after it, by as many days and to the same time of day."""
    user: Any = request.user
    now = timezone.now()
    known: dict[str, Any] = {"provider": visit.provider, "visit_type": visit.visit_type, "site": visit.site}
    wanted = Wanted.of(request, user, **known, patient=visit.patient, moving=visit.pk, now=now)
    form = MoveForm(request.POST if request.method == "POST" else None, initial={"seen": visit.sequence})
    context: dict[str, Any] = {"visit": visit, "wanted": wanted, "form": form}
    if not form.is_valid() or wanted.provider is None or wanted.site is None:
        return _move_page(request, patient, context, status=422 if form.is_bound else 200)
    shift = actions.Shift(form.cleaned_data["start"], wanted.provider, wanted.site)
    chosen = SeriesVisitsForm(request.POST) if "do" in request.POST else None
    try:
        if chosen is None or not chosen.is_valid():
            dates = actions.check_series_move(by=user, appointment=visit, shift=shift, now=now)
            context |= {"rows": rows_of(dates, wanted.zone, now), "chosen": chosen}
            return _move_page(request, patient, context, status=422 if chosen else 200)
        only = chosen.cleaned_data["visits"]
        moved = actions.move_series(by=user, appointment=visit, shift=shift, only=only, now=now)
    except actions.SeriesConflict as conflict:
        context |= {"rows": rows_of(conflict.dates, wanted.zone, now), "conflict": str(conflict)}
        return _move_page(request, patient, context, status=409)
    except actions.NotBookable as problem:
        form.add_error(None, str(problem))
        return _move_page(request, patient, context, status=422)
    told = ngettext("%(n)d visit has a new time.", "%(n)d visits have new times.", len(moved)) % {"n": len(moved)}
    messages.success(request, f"{told} {_('The patient gets one message with all of them.')}")
    return redirect("scheduling:visit", patient.pk, visit.pk)


def _move_page(request: HttpRequest, patient: Patient, context: dict[str, Any], *, status: int) -> HttpResponse:
    page = {"rows": [], "days": [], "conflict": "", "chosen": None} | context
    if not page["rows"]:
        page |= {"days": context["wanted"].days()}
    page |= chart_context(request, patient, tab=TAB)
    return render(request, "scheduling/series_move.html", page, status=status)


# == Calling off ==
@require_http_methods(READ_AND_WRITE)
@of_visit(Permission.BOOK_APPOINTMENT)
def cancel_series(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    """This visit and those after it."""
    user: Any = request.user
    now = timezone.now()
    form = CancelForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            reason = form.cleaned_data["reason"]
            ended = actions.cancel_series(by=user, appointment=visit, reason=reason, now=now)
        except actions.NotBookable as problem:
            form.add_error(None, str(problem))
        else:
            told = ngettext("%(n)d visit is cancelled.", "%(n)d visits are cancelled.", ended) % {"n": ended}
            messages.success(request, f"{told} {_('The patient gets one message, and the times are free again.')}")
            return redirect("scheduling:visits", patient.pk)
    rest = [one for one in series_of(user, visit) if one.is_open and one.starts_at >= visit.starts_at]
    context = chart_context(request, patient, tab=TAB) | {"visit": visit, "form": form, "rest": rest}
    return render(request, "scheduling/series_cancel.html", context, status=422 if form.is_bound else 200)
