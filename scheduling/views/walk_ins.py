"""Somebody stands at the desk without a visit: taken in for this moment, with a number to be called by."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from healthcare.accounts.models import Provider
from healthcare.accounts.permissions import Permission
from patients.doors import chart_context, of_patient
from patients.models import Patient
from patients.queries import own_sites
from scheduling import actions
from scheduling.forms import WalkInForm
from scheduling.queries import pages
from scheduling.queries.free import free_spans
from scheduling.views.visits import TAB
from scheduling.words import choices_of


def at_work_first(providers: Iterable[Provider], now: datetime) -> list[Provider]:
    """Who has hours at this moment stands before the others; by name else."""
    known = list(providers)
    hours = free_spans([one.resource.pk for one in known], (now, now + timedelta(minutes=1)))
    return sorted(known, key=lambda one: not hours[one.resource.pk])


@require_http_methods(["GET", "HEAD", "POST"])
@of_patient(Permission.CHECK_IN)
def walk_in(request: HttpRequest, patient: Patient) -> HttpResponse:
    user: Any = request.user
    now = timezone.now()
    sites = own_sites(user)
    providers = at_work_first(pages.bookable_providers(sites).select_related("resource"), now)
    rows: dict[str, Any] = {"site": sites, "provider": providers, "visit_type": list(pages.visit_types())}
    first = {"site": patient.site_id} if patient.site in sites else {}
    form = WalkInForm(request.POST if request.method == "POST" else None, initial=first, **rows)
    context: dict[str, Any] = {"form": form, "taken": "", "instead": []}
    if form.is_valid():
        try:
            visit = actions.take_walk_in(by=user, patient=patient, **form.cleaned_data, now=now)
        except actions.TimeTaken as taken:
            context |= {"taken": str(taken), "instead": choices_of(taken.alternatives, now)}
        except actions.NotBookable as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, _("Checked in, with the number %(number)s.") % {"number": visit.number})
            return redirect("scheduling:visit", patient.pk, visit.pk)
    context |= chart_context(request, patient, tab=TAB)
    return render(request, "scheduling/walk_in.html", context, status=422 if form.is_bound else 200)
