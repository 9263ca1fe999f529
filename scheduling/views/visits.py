"""One visit, and what becomes of it: moved, cancelled, confirmed, checked in, roomed, missed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.access import can
from healthcare.accounts.guards import safe_next
from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from scheduling import actions
from scheduling.access import can_note
from scheduling.doors import of_visit
from scheduling.forms import CancelForm, MoveForm, NoteForm, RoomForm
from scheduling.models import MOVES, Appointment, Resource
from scheduling.places import directions_url
from scheduling.queries import cards_of_visit, pages, steps_of
from scheduling.queries.ahead import answers_ahead
from scheduling.queries.rooms import rooms_kept
from scheduling.queries.series import series_of
from scheduling.rules import is_fresh
from scheduling.views.offers import Wanted
from scheduling.words import ahead_words, choices_of, row_of, way_of

READ_AND_WRITE = ["GET", "HEAD", "POST"]
TAB = "scheduling:visits"


@require_safe
@of_patient(Permission.VIEW_SCHEDULE)
def visits(request: HttpRequest, patient: Patient) -> HttpResponse:
    """The tab of the chart: visits to come and visits past."""
    user: Any = request.user
    now = timezone.now()
    found = pages.visits_of(user, patient, now)
    context = chart_context(request, patient) | {
        "upcoming": [row_of(visit, now) for visit in found.upcoming],
        "past": [row_of(visit, now) for visit in found.past],
        "may_book": can(user, Permission.BOOK_APPOINTMENT),
    }
    return render(request, "scheduling/visits.html", context)


@require_safe
@of_visit(Permission.VIEW_SCHEDULE)
def visit(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    return visit_page(request, patient, visit)


def visit_page(
    request: HttpRequest, patient: Patient, visit: Appointment, *, status: int = 200, **more: Any
) -> HttpResponse:
    """The visit, with the buttons of what may come next and this person may do."""
    user: Any = request.user
    now = timezone.now()
    kept = rooms_kept(visit.pk)
    first = {"room": next((room.name for room in kept if room.kind == Resource.Kind.ROOM), "")}
    context = chart_context(request, patient, tab=TAB) | {
        "visit": visit,
        "kept": ", ".join(room.name for room in kept),
        "row": row_of(visit, now),
        "next": next_steps(user, visit, now),
        "steps": steps_of(user, visit, now),
        "ahead": ahead_words(answers_ahead(user, visit)),
        "series": [row_of(one, now) for one in series_of(user, visit)],
        "cards": cards_of_visit(user, visit, now),
        "way": way_of(visit),
        "directions": directions_url(visit.site),
        "note_form": NoteForm(initial={"note": visit.note}),
        "room_form": RoomForm(rooms=pages.rooms_of(visit.site), initial=first),
        "form": None,
    }
    return render(request, "scheduling/visit.html", context | more, status=status)


STEPS: dict[str, tuple[str, Permission]] = {
    "confirm": (Appointment.Status.CONFIRMED, Permission.BOOK_APPOINTMENT),
    "check_in": (Appointment.Status.ARRIVED, Permission.CHECK_IN),
    "room": (Appointment.Status.ROOMED, Permission.ROOM_PATIENT),
    "miss": (Appointment.Status.NO_SHOW, Permission.CHECK_IN),
    "leave": (Appointment.Status.LEFT, Permission.CHECK_IN),
    "cancel": (Appointment.Status.CANCELLED, Permission.BOOK_APPOINTMENT),
}


def next_steps(user: Any, visit: Appointment, now: datetime) -> dict[str, bool]:
    """Which buttons the page has; the verbs ask again. What a patient asked for is agreed to or declined."""
    steps = {name: status in MOVES[visit.status] and can(user, held) for name, (status, held) in STEPS.items()}
    may = can(user, Permission.BOOK_APPOINTMENT)
    steps |= {"move": visit.is_open and may and visit.session_id is None, "accept": visit.is_requested and may}
    steps |= {"cancel": steps["cancel"] and not visit.is_requested}
    desk = can(user, Permission.CHECK_IN)
    steps |= {"late": desk and visit.is_open and not visit.late_at}
    steps |= {"on_time": desk and visit.is_open and bool(visit.late_at)}
    steps |= {"not_missed": desk and _just_missed(visit, now)}
    return steps | {"any": any(steps.values()), "note": can_note(user, visit)}


def _just_missed(visit: Appointment, now: datetime) -> bool:
    return visit.missed_at is not None and is_fresh(visit.missed_at, now, zone=ZoneInfo(visit.time_zone))


# == Another time ==
@require_http_methods(READ_AND_WRITE)
@of_visit(Permission.BOOK_APPOINTMENT)
def move(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    """Another time with the same provider or another of those who see this kind of visit."""
    user: Any = request.user
    now = timezone.now()
    known: dict[str, Any] = {"provider": visit.provider, "visit_type": visit.visit_type, "site": visit.site}
    wanted = Wanted.of(request, user, **known, patient=visit.patient, moving=visit.pk, now=now)
    typed = request.POST if request.method == "POST" else None
    form = MoveForm(typed, initial={"seen": visit.sequence}, may_overbook=can(user, Permission.OVERBOOK))
    context = chart_context(request, patient, tab=TAB) | {"visit": visit, "wanted": wanted, "form": form}
    if not form.is_valid():
        return move_page(request, context, status=422 if form.is_bound else 200)
    asked: dict[str, Any] = {"provider": wanted.provider, "site": wanted.site, "overbook": form.why}
    asked |= {"start": form.starts(wanted.day, wanted.zone), "seen_sequence": form.cleaned_data["seen"]}
    try:
        moved = actions.move_appointment(by=user, appointment=visit, **asked, now=now)
    except actions.TimeTaken as taken:
        instead = {"taken": str(taken), "instead": choices_of(taken.alternatives, now)}
        return move_page(request, context | instead, status=409)
    except actions.NotBookable as problem:
        form.add_error(None, str(problem))
        return move_page(request, context, status=422)
    if moved.sequence == visit.sequence:
        messages.info(request, _("The visit has this time already. Nothing was changed, and no message is sent."))
    else:
        messages.success(request, _("Moved. The patient gets a message with the new time."))
    return redirect("scheduling:visit", patient.pk, visit.pk)


def move_page(request: HttpRequest, context: dict[str, Any], *, status: int) -> HttpResponse:
    context = {"taken": "", "instead": [], "days": context["wanted"].days()} | context
    return render(request, "scheduling/move.html", context, status=status)


# == What comes next ==
@require_http_methods(READ_AND_WRITE)
@of_visit(Permission.BOOK_APPOINTMENT)
def cancel(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    form = CancelForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        user: Any = request.user
        try:
            reason = form.cleaned_data["reason"]
            actions.cancel_appointment(by=user, appointment=visit, reason=reason, now=timezone.now())
        except actions.NotBookable as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Cancelled. The patient gets a message, and the time is free again."))
            return redirect("scheduling:visit", patient.pk, visit.pk)
    context = chart_context(request, patient, tab=TAB) | {"visit": visit, "form": form}
    return render(request, "scheduling/cancel.html", context, status=422 if form.is_bound else 200)


@require_POST
@of_visit(Permission.BOOK_APPOINTMENT)
def confirm(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    return stepped(request, visit, actions.confirm_appointment, _("Confirmed."))


@require_POST
@of_visit(Permission.CHECK_IN)
def check_in(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    return stepped(request, visit, actions.check_in, _("Checked in. The flow board shows who waits."))


@require_POST
@of_visit(Permission.CHECK_IN)
def miss(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    return stepped(request, visit, actions.miss_appointment, _("Noted: the visit did not take place."))


@require_POST
@of_visit(Permission.ROOM_PATIENT)
def room(request: HttpRequest, patient: Patient, visit: Appointment) -> HttpResponse:
    form = RoomForm(request.POST, rooms=pages.rooms_of(visit.site))
    if not form.is_valid():
        return visit_page(request, patient, visit, room_form=form, form=form, status=422)
    return stepped(request, visit, actions.room_patient, _("In the room."), room=form.cleaned_data["room"])


def stepped(
    request: HttpRequest, visit: Appointment, verb: Callable[..., object], said: str, **more: str
) -> HttpResponse:
    """One step on the visit's way, then back to where the button was. A step that does not fit is said, not raised."""
    try:
        verb(by=request.user, appointment=visit, now=timezone.now(), **more)
    except actions.NotBookable as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, said)
    here = f"/scheduling/patients/{visit.patient_id}/visits/{visit.pk}"
    return redirect(safe_next(request, request.POST.get("next"), default=here))
