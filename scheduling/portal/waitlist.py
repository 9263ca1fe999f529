"""The patient's own lines on the waitlist, and the times that are kept for them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from healthcare.accounts.models import Site
from healthcare.accounts.permissions import Scope
from patients.doors import portal_page
from patients.models import Patient
from scheduling import actions
from scheduling.doors import answer, wait_of
from scheduling.forms.waitlist import OwnWaitForm
from scheduling.queries import pages
from scheduling.queries.waitlist import waits_of
from scheduling.waits import rows_of

ASKED = ("visit_type", "site", "provider")


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(Scope.SCHEDULE)
def waits(request: HttpRequest, patient: Patient) -> HttpResponse:
    """What one waits for, what is kept now, and one line more."""
    user: Any = request.user
    sites = list(Site.objects.filter(closed_at=None).order_by("name"))
    providers = pages.bookable_providers(sites)
    rows = {"visit_type": pages.visit_types(in_portal=True), "site": sites, "provider": providers}
    chosen = {"site": patient.site_id} | {name: request.GET[name] for name in ASKED if request.GET.get(name)}
    form = OwnWaitForm(request.POST if request.method == "POST" else None, rows=rows, chosen=chosen)
    if form.is_valid():
        try:
            actions.join_waitlist(by=user, patient=patient, **form.asked(), now=timezone.now())
        except actions.NotBookable as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("You are on the waitlist. We write to you when a time that fits becomes free."))
            return redirect("scheduling_portal:waits")
    context = {"patient": patient, "form": form, "rows": rows_of(waits_of(user, patient), timezone.now())}
    return render(request, "scheduling/portal_waits.html", context, status=422 if form.is_bound else 200)


@require_POST
@portal_page(Scope.SCHEDULE)
def leave_waitlist(request: HttpRequest, patient: Patient, wait_id: UUID) -> HttpResponse:
    user: Any = request.user
    actions.leave_waitlist(by=user, wait=wait_of(user, patient, wait_id), now=timezone.now())
    messages.success(request, _("You are off the waitlist."))
    return redirect("scheduling_portal:waits")


@require_POST
@portal_page(Scope.SCHEDULE)
def answer_offer(request: HttpRequest, patient: Patient, wait_id: UUID) -> HttpResponse:
    answered = answer(request, wait_of(request.user, patient, wait_id))
    if answered is not None and answered.appointment is not None:
        return redirect("scheduling_portal:visit", answered.appointment.pk)
    return redirect("scheduling_portal:waits")
