"""Booking for a patient: from the desk, where somebody has to be found first, or from their chart."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from healthcare.accounts.access import can
from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from patients.actions import list_recent_patients, search_patients
from patients.doors import chart_context, of_patient
from patients.models import Patient
from patients.queries import TooManySearches
from scheduling import actions
from scheduling.forms import DeskBookForm
from scheduling.models import Appointment, GroupSession
from scheduling.views.offers import Wanted
from scheduling.words import choices_of

ASKED = ("provider", "visit_type", "site", "day", "start", "now", "session")
SHORTEST_SEARCH = 2


@require_safe
@requires(Permission.BOOK_APPOINTMENT)
def book_whom(request: HttpRequest) -> HttpResponse:
    """For whom; what was chosen on the schedule before goes along in the links, `now` leads to a walk-in, and `session`
    to a seat in it.
    """
    user: Any = request.user
    text = request.GET.get("q", "").strip()
    kept = {name: request.GET[name] for name in ASKED if request.GET.get(name)}
    if "session" in kept:
        kept["session"] = str(session_named(kept["session"]).pk)
    context: dict[str, Any] = {"text": text, "kept": kept, "query": urlencode(kept), "found": [], "refusal": ""}
    try:
        if len(text) >= SHORTEST_SEARCH:
            context["found"] = [row for row in search_patients(by=user, text=text) if row.visible]
        elif not text:
            context["found"] = list_recent_patients(by=user)
    except TooManySearches as problem:
        return render(request, "scheduling/book_whom.html", context | {"refusal": str(problem)}, status=429)
    return render(request, "scheduling/book_whom.html", context)


def session_named(text: str) -> GroupSession:
    """Raises Http404 for what names none."""
    try:
        return get_object_or_404(GroupSession, pk=UUID(text))
    except ValueError as problem:
        raise Http404 from problem


@require_http_methods(["GET", "HEAD", "POST"])
@of_patient(Permission.BOOK_APPOINTMENT)
def book(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    now = timezone.now()
    wanted = Wanted.of(request, user, patient=patient, anyone=True, now=now)
    may = can(user, Permission.OVERBOOK)
    if request.method == "POST":
        form = DeskBookForm(request.POST, may_overbook=may)
    else:
        form = DeskBookForm.fresh(request.GET.get("start", ""), may_overbook=may)
    context = {"wanted": wanted, "form": form}
    if not form.is_valid() or not wanted.is_whole:
        return book_page(request, patient, context, status=422 if form.is_bound else 200)
    typed = form.cleaned_data
    asked: dict[str, Any] = {"patient": patient, "start": form.starts(wanted.day, wanted.zone), "now": now}
    asked |= {"reason": typed["reason"], "idempotency_key": str(typed["key"])}
    try:
        visit = booked(user, wanted, form.why, asked)
    except actions.TimeTaken as taken:
        instead = {"taken": str(taken), "instead": choices_of(taken.alternatives, now)}
        return book_page(request, patient, context | instead, status=409)
    except actions.NotBookable as problem:
        form.add_error(None, str(problem))
        return book_page(request, patient, context, status=422)
    said = _("Booked with %(provider)s. The patient gets a message with the time and the address.")
    messages.success(request, said % {"provider": visit.provider.name})
    return redirect("scheduling:visit", patient.pk, visit.pk)


def booked(user: Any, wanted: Wanted, why: str, asked: dict[str, Any]) -> Appointment:
    """With the provider who was named, or with whoever is next. Raises what the verbs do."""
    if not wanted.anyone:
        return actions.book_appointment(by=user, **wanted.chosen(), **asked, overbook=why)
    if why:
        raise actions.NotBookable(_("Choose with whom the visit is to lie on top of another one."))
    return actions.book_with_anyone(by=user, **wanted.chosen(), **asked)


def book_page(request: HttpRequest, patient: Patient, context: dict[str, Any], *, status: int) -> HttpResponse:
    wanted: Wanted = context["wanted"]
    with timezone.override(wanted.zone):
        page = (
            {"taken": "", "instead": [], "days": wanted.days()}
            | context
            | chart_context(request, patient, tab="scheduling:visits")
        )
        return render(request, "scheduling/book.html", page, status=status)
