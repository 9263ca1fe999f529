"""A patient doubts that somebody was right to open their record, and reads what came of it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from patients import actions, queries
from patients.doors import own_record
from patients.forms import DoubtForm
from patients.models import Patient


@require_http_methods(["GET", "HEAD", "POST"])
@own_record
def doubt(request: HttpRequest, patient: Patient, event_id: UUID) -> HttpResponse:
    user: Any = request.user
    opening = queries.openings_by_id(patient, [event_id]).get(event_id)
    if opening is None or opening.actor_id == user.pk:
        raise Http404
    form = DoubtForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            actions.open_privacy_case(
                by=user, patient=patient, event_id=event_id, now=timezone.now(), **form.cleaned_data
            )
        except actions.NotAccepted as problem:
            form.add_error("doubt", str(problem))
        except actions.AlreadyDone as problem:
            messages.info(request, str(problem))
            return redirect("portal:doubts")
        else:
            messages.success(request, _("The clinic's privacy officer looks into it. The answer will stand here."))
            return redirect("portal:doubts")
    context = {"patient": patient, "opening": opening, "form": form}
    return render(request, "patients/portal_doubt.html", context, status=422 if form.is_bound else 200)


@require_safe
@own_record
def doubts(request: HttpRequest, patient: Patient) -> HttpResponse:
    """What was asked about, and the answers."""
    user: Any = request.user
    cases = queries.own_cases(user, patient)
    openings = queries.openings_by_id(patient, {case.event_id for case in cases})
    lines = [(case, openings.get(case.event_id)) for case in cases]
    return render(request, "patients/portal_doubts.html", {"patient": patient, "lines": lines})
