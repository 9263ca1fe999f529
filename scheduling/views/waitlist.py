"""The waitlist of the desk: who waits, one patient's lines, one line with what was offered, and the answers."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from healthcare.accounts.guards import requires
from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from patients.queries import own_sites
from scheduling import actions
from scheduling.doors import answer, wait_of
from scheduling.forms.waitlist import DeskWaitForm, RankForm
from scheduling.queries import pages
from scheduling.queries.waitlist import waiting_for, waits_of
from scheduling.waits import rows_of

READ_AND_WRITE = ["GET", "HEAD", "POST"]
TAB = "scheduling:visits"


@require_safe
@requires(Permission.BOOK_APPOINTMENT)
def waitlist(request: HttpRequest) -> HttpResponse:
    """Who waits at the sites where this person works, in the order in which times are offered."""
    user: Any = request.user
    actions.list_appointments(by=user)
    return render(request, "scheduling/waitlist.html", {"rows": rows_of(waiting_for(user), timezone.now())})


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.BOOK_APPOINTMENT)
def waits(request: HttpRequest, patient: Patient) -> HttpResponse:
    """What one patient waits for, and one line more."""
    user: Any = request.user
    sites = own_sites(user)
    rows = {"visit_type": pages.visit_types(), "site": sites, "provider": pages.bookable_providers(sites)}
    form = DeskWaitForm(request.POST if request.method == "POST" else None, rows=rows, chosen={"site": patient.site_id})
    if form.is_valid():
        try:
            wait = actions.join_waitlist(by=user, patient=patient, **form.asked(), now=timezone.now())
        except actions.NotBookable as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("On the waitlist. Whenever a time that fits becomes free, it is offered."))
            return redirect("scheduling:wait", patient.pk, wait.pk)
    context = chart_context(request, patient, tab=TAB) | {"form": form}
    context["rows"] = rows_of(waits_of(user, patient), timezone.now())
    return render(request, "scheduling/waits.html", context, status=422 if form.is_bound else 200)


@require_http_methods(READ_AND_WRITE)
@of_patient(Permission.BOOK_APPOINTMENT)
def wait(request: HttpRequest, patient: Patient, wait_id: UUID) -> HttpResponse:
    """One line with everything that was offered; who goes before others is said here."""
    user: Any = request.user
    found = wait_of(user, patient, wait_id)
    kept = {"priority": found.priority, "reason": found.priority_reason}
    form = RankForm(request.POST if request.method == "POST" else None, initial=kept)
    if form.is_valid():
        typed = form.cleaned_data
        try:
            actions.rank_waitlist(by=user, wait=found, priority=typed["priority"], reason=typed["reason"])
        except actions.NotBookable as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Saved. The next time that is free goes by the new order."))
            return redirect("scheduling:waitlist")
    (row,) = rows_of([found], timezone.now())
    context = chart_context(request, patient, tab=TAB) | {"wait": found, "row": row, "form": form}
    return render(request, "scheduling/wait.html", context, status=422 if form.is_bound else 200)


@require_POST
@of_patient(Permission.BOOK_APPOINTMENT)
def leave_waitlist(request: HttpRequest, patient: Patient, wait_id: UUID) -> HttpResponse:
    user: Any = request.user
    actions.leave_waitlist(by=user, wait=wait_of(user, patient, wait_id), now=timezone.now())
    messages.success(request, _("Taken off the waitlist."))
    return redirect("scheduling:waitlist")


@require_POST
@of_patient(Permission.BOOK_APPOINTMENT)
def answer_offer(request: HttpRequest, patient: Patient, wait_id: UUID) -> HttpResponse:
    """What the patient said on the telephone about the time that is kept for them."""
    found = wait_of(request.user, patient, wait_id)
    answered = answer(request, found)
    if answered is not None and answered.appointment is not None:
        return redirect("scheduling:visit", patient.pk, answered.appointment.pk)
    return redirect("scheduling:wait", patient.pk, found.pk)
