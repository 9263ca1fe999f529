"""Sessions of several people at once: which are planned, who has a seat, and one planned, moved or called off."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from healthcare.accounts.access import can
from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from healthcare.ui.dates import time_text
from patients.doors import chart_context, of_patient
from patients.models import Patient
from patients.queries import own_sites, sites_of
from scheduling import actions
from scheduling.forms.groups import CancelSessionForm, MoveSessionForm, PlanForm, SeatForm
from scheduling.models import GroupSession
from scheduling.queries import pages
from scheduling.queries.groups import counted, group_kinds, sessions_ahead, visits_in_session
from scheduling.queries.rooms import room_names
from scheduling.queries.times import FreeTime
from scheduling.views.visits import READ_AND_WRITE, TAB
from scheduling.words import GroupRow, group_row_of, row_of, short_when

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Near:
    """A time to take instead, and the query that fills the form with it."""

    text: str
    query: str


def of_session(permission: Permission) -> Callable[[View], View]:
    """A page about one session at a site where this person works: `view(request, session)`; else not found."""

    def decorate(view: View) -> View:
        @wraps(view, updated=())
        @requires(permission)
        def door(request: HttpRequest, session_id: UUID) -> HttpResponseBase:
            user: Any = request.user
            there = GroupSession.objects.with_names().filter(site__in=sites_of(user).order_by())
            session = get_object_or_404(there, pk=session_id)
            with timezone.override(session.time_zone):
                return view(request, session)

        return door

    return decorate


@require_safe
@requires(Permission.VIEW_SCHEDULE)
def sessions(request: HttpRequest) -> HttpResponse:
    """Where this person works, the next first."""
    user: Any = request.user
    now = timezone.now()
    rows = [group_row_of(one, now) for one in sessions_ahead(own_sites(user), now)]
    context = {"rows": rows, "may_plan": can(user, Permission.BOOK_APPOINTMENT)}
    return render(request, "scheduling/sessions.html", context)


@require_safe
@of_session(Permission.VIEW_SCHEDULE)
def session(request: HttpRequest, session: GroupSession) -> HttpResponse:
    """Who has a seat, as far as this person sees; the others are a number. So many at once are noted as read."""
    user: Any = request.user
    now = timezone.now()
    actions.list_appointments(by=user)
    (row,) = counted_rows([session], now)
    visits = visits_in_session(user, session)
    context = {
        "row": row,
        "session": session,
        "visits": [row_of(visit, now) for visit in visits],
        "hidden": row.given - len(visits),
        "rooms": ", ".join(room_names(session.pk)),
        "may_plan": can(user, Permission.BOOK_APPOINTMENT) and not session.is_cancelled,
        "is_over": session.ends_at <= now,
    }
    return render(request, "scheduling/session.html", context)


def counted_rows(found: Sequence[GroupSession], now: datetime) -> list[GroupRow]:
    return [group_row_of(one, now) for one in counted(found)]


# == Planning ==
@require_http_methods(READ_AND_WRITE)
@requires(Permission.BOOK_APPOINTMENT)
def plan_session(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    now = timezone.now()
    sites, kinds = list(own_sites(user)), list(group_kinds())
    rows: dict[str, Any] = {"sites": sites, "kinds": kinds, "providers": list(pages.bookable_providers(sites))}
    first = {"day": timezone.localdate()} | {name: value for name, value in request.GET.items() if value}
    form = PlanForm(request.POST, **rows) if request.method == "POST" else PlanForm(initial=first, **rows)
    context: dict[str, Any] = {"form": form, "kinds": kinds, "taken": "", "instead": []}
    if form.is_valid():
        typed = form.cleaned_data
        asked = {name: typed[name] for name in ("provider", "site", "visit_type", "seats")}
        try:
            planned = actions.plan_session(by=user, start=form.starts(typed["site"].time_zone), **asked, now=now)
        except actions.TimeTaken as taken:
            kept = {name: getattr(value, "pk", value) for name, value in asked.items() if value}
            instead = near_times(taken.alternatives, typed["site"].time_zone, kept, now)
            context |= {"taken": str(taken), "instead": instead}
            return render(request, "scheduling/plan_session.html", context, status=409)
        except actions.NotBookable as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Planned. The provider has no other visit then, and seats can be given."))
            return redirect("scheduling:session", planned.pk)
    return render(request, "scheduling/plan_session.html", context, status=422 if form.is_bound else 200)


def near_times(times: Sequence[FreeTime], zone: str, kept: dict[str, Any], now: datetime) -> list[Near]:
    """Each fills the form with what was typed, but for day and time."""
    with timezone.override(zone):
        return [
            Near(
                short_when(one.start, now),
                urlencode(kept | {"day": timezone.localdate(one.start), "begins": clock_of(one.start)}),
            )
            for one in times
        ]


def clock_of(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M}"


@require_http_methods(READ_AND_WRITE)
@of_session(Permission.BOOK_APPOINTMENT)
def move_session(request: HttpRequest, session: GroupSession) -> HttpResponse:
    user: Any = request.user
    now = timezone.now()
    providers = list(pages.bookable_providers([session.site]))
    first = {"provider": session.provider_id, "seen": session.sequence, "day": timezone.localdate(session.starts_at)}
    first |= {"begins": time_text(session.starts_at, zone=False)}
    first |= {name: value for name, value in request.GET.items() if value}
    typed = request.POST if request.method == "POST" else None
    form = MoveSessionForm(typed, initial=first, providers=providers)
    context: dict[str, Any] = {"form": form, "session": session, "taken": "", "instead": []}
    if form.is_valid():
        provider, seen = form.cleaned_data["provider"], form.cleaned_data["seen"]
        asked: dict[str, Any] = {"start": form.starts(session.time_zone), "provider": provider, "seen_sequence": seen}
        try:
            moved = actions.move_session(by=user, session=session, **asked, now=now)
        except actions.TimeTaken as taken:
            instead = near_times(taken.alternatives, session.time_zone, {"provider": provider.pk}, now)
            context |= {"taken": str(taken), "instead": instead}
            return render(request, "scheduling/move_session.html", context, status=409)
        except actions.NotBookable as problem:
            form.add_error(None, str(problem))
        else:
            _say_moved(request, moved.sequence != session.sequence)
            return redirect("scheduling:session", session.pk)
    return render(request, "scheduling/move_session.html", context, status=422 if form.is_bound else 200)


def _say_moved(request: HttpRequest, changed: bool) -> None:
    if changed:
        messages.success(request, _("Moved, with everybody who has a seat. Each of them gets a message."))
    else:
        messages.info(request, _("The session has this time already. Nothing was changed, and no message is sent."))


@require_http_methods(READ_AND_WRITE)
@of_session(Permission.BOOK_APPOINTMENT)
def cancel_session(request: HttpRequest, session: GroupSession) -> HttpResponse:
    user: Any = request.user
    form = CancelSessionForm(request.POST if request.method == "POST" else None)
    (group,) = counted([session])
    if form.is_valid():
        try:
            actions.cancel_session(by=user, session=session, reason=form.cleaned_data["reason"], now=timezone.now())
        except actions.NotBookable as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Cancelled. Everybody who had a seat gets a message, and the time is free."))
            return redirect("scheduling:session", session.pk)
    context = {"form": form, "session": session, "given": group.given}
    return render(request, "scheduling/cancel_session.html", context, status=422 if form.is_bound else 200)


# == Seats ==
@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.BOOK_APPOINTMENT)
def give_seat(request: HttpRequest, patient: Patient, *, session_id: UUID) -> HttpResponse:
    """In this session; where it is full, others of its kind are offered."""
    user: Any = request.user
    now = timezone.now()
    there = GroupSession.objects.with_names().filter(site__in=sites_of(user).order_by())
    session = get_object_or_404(there, pk=session_id)
    form = SeatForm(request.POST) if request.method == "POST" else SeatForm.fresh()
    context: dict[str, Any] = {"form": form, "full": "", "instead": []}
    status = 422 if form.is_bound else 200
    if form.is_valid():
        asked = {"reason": form.cleaned_data["reason"], "idempotency_key": str(form.cleaned_data["key"])}
        try:
            visit = actions.give_seat(by=user, patient=patient, session=session, **asked, now=now)
        except actions.SessionFull as full:
            instead = [group_row_of(one, now) for one in full.instead]
            context |= {"full": str(full), "instead": instead}
            status = 409
        except actions.NotBookable as problem:
            form.add_error(None, str(problem))
        else:
            said = _("Seat %(seat)d. The patient gets a message with the time and the address.")
            messages.success(request, said % {"seat": visit.seat})
            return redirect("scheduling:session", session.pk)
    (row,) = counted_rows([session], now)
    context |= chart_context(request, patient, tab=TAB) | {"row": row, "session": session}
    return render(request, "scheduling/give_seat.html", context, status=status)
